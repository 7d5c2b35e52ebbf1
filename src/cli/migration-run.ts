import {resolve} from 'node:path'
import {HookFolder} from '../clients/hooks/hook-folder.js'
import type {MessageTransport} from '../clients/pulsar-messages/transport.js'
import type {HookOutcome} from '../domain/migration/control/hooks.js'
import type {RunEvent} from '../domain/migration/control/run-events.js'
import {Unreachable} from '../errors.js'
import {durationText} from '../wording.js'
import type {Connections} from './connection/connections.js'
import type {RunControls, RunFlags} from './flags/migration-flags.js'
import {onStopSignal} from './interrupt-signal.js'
import type {Progress} from './output/progress.js'
import {SECRET_VARIABLES} from './connection/settings.js'

/**
 * What controls a running migration: its time limits, hooks, progress output and Ctrl-C. The first Ctrl-C rolls back, or
 * completes the run after the switch; the second stops it immediately.
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
    else {
      progress.event(
        'Interrupted. Restoring delivery, or completing the run if it has already switched … (press Ctrl-C again to stop immediately)',
      )
    }
    interrupt.abort()
  }
  onStopSignal(onSignal)
  return {
    budgets: {attachMs: flags['attach-timeout'], drainMs: flags['drain-timeout'], gapMs: flags['max-gap'] ?? null},
    async openPlaceholder(topic, subscription) {
      try {
        transport ??= await connections.transport('websocket')
        return await transport.reserveSubscription(topic, subscription)
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error
        progress.event(
          `cannot reserve the new subscription, so C++ clients may connect up to 30 s late: ${error.message}`,
        )
        return null
      }
    },
    soak: {forMs: flags.soak ?? 0, rollsBack: flags['no-auto-rollback'] !== true},
    hooks: hooks && {run: (name, facts) => hooks.run(name, {...facts})},
    interrupt: interrupt.signal,
    stop: stop.signal,
    report: reportEvents(progress),
    close() {
      // The handlers stay: a further Ctrl-C while the process ends must not replace its exit code and its answer.
      return Promise.resolve()
    },
  }
}

/** The environment of this process without its credentials: hooks use their own. */
function hookEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !SECRET_VARIABLES.has(name)))
}

/** Prints one line per event; what a step waits for is a moving line on a terminal. */
function reportEvents(progress: Progress): (event: RunEvent) => void {
  return (event) => {
    switch (event.kind) {
      case 'step':
        progress.event(`${event.direction === 'rollback' ? 'rollback: ' : ''}${event.step}: ${event.title}`)
        break
      case 'undo':
        progress.event(`undoing: ${event.step}`)
        break
      case 'rollback':
        progress.event(`rolling back: ${event.reason}`)
        break
      case 'hook':
        progress.event(`hook ${event.name}: ${outcomeText(event.outcome)} after ${durationText(event.outcome.ranMs)}`)
        break
      case 'request':
        progress.event(`${event.verb}: ${event.isAccepted ? 'accepted' : `rejected, ${event.reason ?? ''}`}`)
        break
      case 'waiting': {
        const status = `waiting for ${event.waitingFor} (${durationText(event.forMs)})`
        // Before the claim is taken nothing has begun: a log then gets the answer only.
        if (event.step === 'take-over') progress.liveStatus(`  ${event.step}`, status)
        else progress.status(`  ${event.step}`, status)
      }
    }
  }
}

function outcomeText({exitCode, isTimedOut}: HookOutcome): string {
  if (isTimedOut) return 'killed by its timeout'
  return exitCode === null ? 'killed by a signal' : `exit code ${String(exitCode)}`
}
