import {resolve} from 'node:path'
import {HookFolder} from '../clients/hooks/hook-folder.js'
import type {MessageTransport} from '../clients/pulsar-messages/transport.js'
import type {RunEvent} from '../domain/migration/control/run-events.js'
import {Unreachable} from '../errors.js'
import type {Connections} from './connection/connections.js'
import type {RunControls, RunFlags} from './flags/migration-flags.js'
import type {Progress} from './output/progress.js'
import {SECRET_VARIABLES} from './connection/settings.js'

/**
 * What a running migration is controlled by: its budgets, its voice, and Ctrl-C. Once asks the run to go back or to
 * finish; twice stops it where it stands.
 */
export async function runControls(flags: RunFlags, progress: Progress, connections: Connections): Promise<RunControls> {
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
    async openPlaceholder(topic, subscription) {
      try {
        transport ??= await connections.transport('websocket')
        return await transport.reserveSubscription(topic, subscription)
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error
        progress.say(`without a seat for the new subscription, C++ clients may come late: ${error.message}`)
        return null
      }
    },
    soak: {forMs: flags.soak ?? 0, rollsBack: flags['no-auto-rollback'] !== true},
    hooks: hooks && {run: (name, facts) => hooks.run(name, {...facts})},
    interrupt: interrupt.signal,
    stop: stop.signal,
    report: reportEvents(progress),
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
function reportEvents(progress: Progress): (event: RunEvent) => void {
  return (event) => {
    switch (event.kind) {
      case 'step':
        progress.say(`${event.direction === 'rollback' ? 'back: ' : ''}${event.step}: ${event.title}`)
        break
      case 'undo':
        progress.say(`going back: ${event.step}`)
        break
      case 'rollback':
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
