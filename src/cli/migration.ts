import {hostname, userInfo} from 'node:os'
import {join, resolve} from 'node:path'
import {createInterface} from 'node:readline/promises'

import {Flags} from '@oclif/core'

import {FileJournal} from '../clients/journal/file-journal.js'
import type {Actor, JournalStore} from '../clients/journal/journal.js'
import type {RunSettings} from '../domain/migration/migrate.js'
import type {RunEvent} from '../domain/migration/runner.js'
import {Interrupted, Usage} from '../errors.js'
import type {Progress} from './progress.js'

const UNITS = {ms: 1, s: 1000, m: 60_000, h: 3_600_000} as const

/** A duration flag: a number with its unit, as 500ms, 5s, 2m, 1h; in ms. */
const durationFlag = Flags.custom<number>({
  helpValue: '5s',
  parse: (text) => {
    const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? []
    if (amount === undefined) throw new Usage('E_USAGE', `${text} is not a duration; write 500ms, 5s, 2m or 1h`)
    return Promise.resolve(Number(amount) * UNITS[unit as keyof typeof UNITS])
  },
})

export const journalFlag = Flags.string({
  description: 'where migrations are written down, as file:DIRECTORY',
  env: 'KEYSHIFT_JOURNAL',
  helpGroup: 'MIGRATION',
  helpValue: 'file:DIRECTORY',
})

/** Flags of the verbs that run a migration. */
export const runFlags = {
  'attach-timeout': durationFlag({
    default: 60_000,
    defaultHelp: () => Promise.resolve('1m'),
    description: 'how long to wait for the new consumers',
    helpGroup: 'MIGRATION',
    noCacheDefault: true,
  }),
  'drain-timeout': durationFlag({
    default: 60_000,
    defaultHelp: () => Promise.resolve('1m'),
    description: 'how long the old consumers may take to acknowledge what they have',
    helpGroup: 'MIGRATION',
    noCacheDefault: true,
  }),
  journal: journalFlag,
  'max-gap': durationFlag({
    description: 'go back when delivery would be held for longer before the switch',
    helpGroup: 'MIGRATION',
  }),
  yes: Flags.boolean({char: 'y', description: 'do not ask'}),
}

/** @throws Usage E_JOURNAL for a place that this version can't write to. */
export function openJournal(config: {dataDir: string}, place: string | undefined): JournalStore {
  if (place === undefined) return new FileJournal(join(config.dataDir, 'migrations'))
  if (!place.startsWith('file:') || place.length <= 'file:'.length) {
    throw new Usage('E_JOURNAL', `--journal ${place}: write file:DIRECTORY`)
  }
  return new FileJournal(resolve(place.slice('file:'.length)))
}

export function currentActor(): Actor {
  return {user: userInfo().username, host: hostname(), pid: process.pid}
}

/**
 * Asks before anything is changed.
 *
 * @throws Usage E_CONFIRM where nobody can be asked; Interrupted E_DECLINED when the answer is not yes.
 */
export async function confirm(question: string, isJson: boolean): Promise<void> {
  if (isJson || !process.stdin.isTTY || !process.stderr.isTTY) {
    throw new Usage(
      'E_CONFIRM',
      'this changes the cluster and nobody is there to be asked; read the plan and add --yes',
    )
  }
  const terminal = createInterface({input: process.stdin, output: process.stderr})
  try {
    const answer = await terminal.question(`${question} Type yes to go on: `)
    if (answer.trim() !== 'yes') throw new Interrupted('E_DECLINED', 'not confirmed; nothing was changed')
  } finally {
    terminal.close()
  }
}

interface RunFlags {
  readonly 'attach-timeout': number
  readonly 'drain-timeout': number
  readonly 'max-gap'?: number | undefined
}

export interface RunControls extends RunSettings {
  close(): Promise<void>
}

/**
 * What a running migration is controlled by: its budgets, its voice, and Ctrl-C. Once asks the run to go back or to
 * finish; twice stops it where it stands.
 */
export function runControls(flags: RunFlags, progress: Progress): RunControls {
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
    interrupt: interrupt.signal,
    stop: stop.signal,
    report: narrate(progress),
    close() {
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
      return Promise.resolve()
    },
  }
}

/** Turns the run's events into lines: each step once, and what it waits for and how long in one that moves. */
function narrate(progress: Progress): (event: RunEvent) => void {
  return (event) => {
    if (event.kind === 'step') progress.say(`${event.step}: ${event.title}`)
    else if (event.kind === 'undo') progress.say(`going back: ${event.step}`)
    else progress.busy(`  ${event.step} waits for`, `${event.waitingFor}, ${(event.forMs / 1000).toFixed(1)} s so far`)
  }
}
