import {resolve} from 'node:path'

import {Args, Flags} from '@oclif/core'

import {HookFolder} from '../clients/hooks/hook-folder.js'
import {ClusterJournal} from '../clients/journal/cluster-journal.js'
import {FileJournal} from '../clients/journal/file-journal.js'
import type {JournalStore} from '../clients/journal/journal.js'
import type {PulsarAdmin} from '../clients/pulsar-admin/admin.js'
import type {MessageTransport} from '../clients/pulsar-messages/transport.js'
import type {RunEvent} from '../domain/migration/events.js'
import type {RunSettings} from '../domain/migration/migrate.js'
import {Unreachable, Usage} from '../errors.js'
import type {Access} from './access.js'
import {defaultDuration, durationFlag} from './duration.js'
import {confirmFlags, messageFlags, pulsarFlags} from './flags.js'
import {requireNamespace} from './namespace.js'
import type {Progress} from './progress.js'
import {SECRET_VARIABLES} from './settings.js'

/** Flags of every verb that reads or writes the journal. */
export const journalFlags = {
  journal: Flags.string({
    default: 'cluster',
    description: 'where migrations are written down: beside the topic in the cluster, or file:DIRECTORY',
    env: 'KEYSHIFT_JOURNAL',
    helpGroup: 'MIGRATION',
    helpValue: 'cluster|file:DIRECTORY',
  }),
  namespace: Flags.string({
    description: 'look for migrations in this namespace alone, as tenant/namespace',
    helpGroup: 'MIGRATION',
    helpValue: 'TENANT/NAMESPACE',
  }),
}

export const migrationArg = Args.string({description: 'migration, as migrate list shows it', required: true})

/** Flags of the verbs that ask something of a migration which another process runs. */
export const askFlags = {
  ...pulsarFlags,
  ...journalFlags,
  cancel: Flags.boolean({description: 'take back what was asked and not answered yet'}),
  ...confirmFlags,
}

export const takeOverFlag = Flags.boolean({
  description: 'take it from a process on another host that shows no sign of life for 10 s',
})

/** Flags of the verbs that run a migration. */
export const runFlags = {
  'attach-timeout': durationFlag({
    ...defaultDuration('1m'),
    description: 'how long to wait for the new consumers',
    helpGroup: 'MIGRATION',
  }),
  'drain-timeout': durationFlag({
    ...defaultDuration('1m'),
    description: 'how long the old consumers may take to acknowledge what they have',
    helpGroup: 'MIGRATION',
  }),
  'hook-timeout': durationFlag({
    ...defaultDuration('30s'),
    description: 'how long one hook may run',
    helpGroup: 'MIGRATION',
  }),
  hooks: Flags.string({
    description: 'a folder of programs to run between the steps',
    helpGroup: 'MIGRATION',
    helpValue: 'DIR',
  }),
  ...messageFlags,
  ...journalFlags,
  'max-gap': durationFlag({
    description: 'go back when delivery would be held for longer before the switch',
    helpGroup: 'MIGRATION',
  }),
  ...confirmFlags,
}

/** Flags of the verb that begins one; who goes on with it goes by what was said then. */
export const soakFlags = {
  'no-auto-rollback': Flags.boolean({
    description: 'when the new fleet does worse than the old one, say so and stay',
    helpGroup: 'MIGRATION',
  }),
  soak: durationFlag({
    ...defaultDuration('30s'),
    description: 'how long to watch the new fleet, and go back when it does worse; 0s for not at all',
    helpGroup: 'MIGRATION',
    helpValue: '60s',
  }),
}

/** @throws Usage E_JOURNAL for a place that can't be written to, E_NAMESPACE for what is no namespace. */
export function openJournal(
  admin: PulsarAdmin,
  flags: {journal: string; namespace?: string | undefined},
): JournalStore {
  const {journal, namespace} = flags
  requireNamespace(namespace)
  if (journal === 'cluster') return new ClusterJournal(admin, namespace ?? null)
  if (!journal.startsWith('file:') || journal.length <= 'file:'.length) {
    throw new Usage('E_JOURNAL', `--journal ${journal}: write cluster or file:DIRECTORY`)
  }
  return new FileJournal(resolve(journal.slice('file:'.length)))
}

interface RunFlags {
  readonly 'attach-timeout': number
  readonly 'drain-timeout': number
  readonly 'hook-timeout': number
  readonly hooks?: string | undefined
  readonly 'max-gap'?: number | undefined
  readonly 'no-auto-rollback'?: boolean
  readonly soak?: number
}

export interface RunControls extends RunSettings {
  close(): Promise<void>
}

/**
 * What a running migration is controlled by: its budgets, its voice, and Ctrl-C. Once asks the run to go back or to
 * finish; twice stops it where it stands.
 */
export async function runControls(flags: RunFlags, progress: Progress, access: Access): Promise<RunControls> {
  let transport: MessageTransport | null = null
  const hooks =
    flags.hooks === undefined ? null : new HookFolder(resolve(flags.hooks), flags['hook-timeout'], hookEnvironment())
  await hooks?.requireReadable()
  const interrupt = new AbortController()
  const stop = new AbortController()
  const onSignal = (): void => {
    if (interrupt.signal.aborted) stop.abort()
    else
      progress.say(
        'interrupted: before the switch delivery goes back as it was, after it the run finishes; once more stops it',
      )
    interrupt.abort()
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  return {
    budgets: {attachMs: flags['attach-timeout'], drainMs: flags['drain-timeout'], gapMs: flags['max-gap'] ?? null},
    async openSeat(topic, subscription) {
      try {
        transport ??= await access.transport('websocket')
        return await transport.occupy(topic, subscription)
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error
        progress.say(`without a seat for the new subscription, C++ clients may come late: ${error.message}`)
        return null
      }
    },
    soak: {forMs: flags.soak ?? 0, goesBack: flags['no-auto-rollback'] !== true},
    hooks: hooks && {run: (name, facts) => hooks.run(name, {...facts})},
    interrupt: interrupt.signal,
    stop: stop.signal,
    report: narrate(progress),
    close() {
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
      return Promise.resolve()
    },
  }
}

/** Ours, without our login: a hook has its own. */
function hookEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !SECRET_VARIABLES.has(name)))
}

/** Turns the run's events into lines: each step once, and what it waits for and how long in one that moves. */
function narrate(progress: Progress): (event: RunEvent) => void {
  return (event) => {
    switch (event.kind) {
      case 'step':
        progress.say(`${event.leg === 'back' ? 'back: ' : ''}${event.step}: ${event.title}`)
        break
      case 'undo':
        progress.say(`going back: ${event.step}`)
        break
      case 'back':
        progress.say(`going back: ${event.reason}`)
        break
      case 'hook':
        progress.say(
          `hook ${event.name}: ${String(event.outcome.exitCode ?? 'ended by force')} after ${(event.outcome.ranMs / 1000).toFixed(1)} s`,
        )
        break
      case 'request':
        progress.say(`${event.verb}: ${event.isAccepted ? 'taken' : `not taken, ${event.reason ?? ''}`}`)
        break
      case 'waiting':
        progress.busy(`  ${event.step} waits for`, `${event.waitingFor}, ${(event.forMs / 1000).toFixed(1)} s so far`)
    }
  }
}
