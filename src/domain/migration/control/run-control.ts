import {setTimeout as delay} from 'node:timers/promises'

import type {Direction, JournalEntry} from '../../../clients/journal/journal-store.js'
import type {PulsarAdmin} from '../../../clients/pulsar-admin/admin.js'
import {suggestedCommand} from '../../../suggested-command.js'
import {durationText} from '../../../wording.js'
import {causesRollback, requestOutcome} from '../journal/allowed-requests.js'
import {type RunEvent, Stopped} from './run-events.js'
import {hasSwitched, isPostponed, openRequests, postponeStepOf} from '../journal/history.js'
import type {HookName} from '../hook-names.js'
import type {HookRunner, HookVariables} from './hooks.js'
import type {MigrationJournal} from '../journal/migration-journal.js'
import {directionPlanOf} from '../plan/direction.js'
import {isTransient} from './transient-errors.js'
import type {OpenPlaceholder} from '../broker/placeholder.js'
import type {StepContext} from '../steps/step.js'

export interface Budgets {
  /** how long the consumers may take to acknowledge their messages */
  readonly drainMs: number
  /** how long the new consumers may take to connect */
  readonly attachMs: number
  /** the limit of the delivery pause before the switch; null: only the other timeouts apply */
  readonly gapMs: number | null
}

export interface SoakOptions {
  /** how long the new consumers are watched after the switch; 0 disables the watch */
  readonly forMs: number
  /** whether the run rolls back automatically when the new consumers perform worse than the old ones */
  readonly rollsBack: boolean
}

export interface RunOptions {
  readonly admin: PulsarAdmin
  readonly journal: MigrationJournal
  readonly budgets: Budgets
  readonly soak: SoakOptions
  readonly openPlaceholder: OpenPlaceholder
  /** null without --hooks */
  readonly hooks: HookRunner | null
  /** The first Ctrl-C: before the switch the run is undone, after it the run finishes. */
  readonly interrupt: AbortSignal
  /** The second Ctrl-C: stop immediately, even with delivery paused; the migration can be resumed. */
  readonly stop: AbortSignal
  readonly report: (event: RunEvent) => void
}

const POLL_REQUESTS_EVERY_MS = 300
const STATUS_EVERY_MS = 10_000

/** Requests of other processes, interruptions, hooks and progress of one run. */
export class RunControl {
  private readonly options: RunOptions
  private polledAt = 0
  private statusAt = Date.now()

  constructor(options: RunOptions) {
    this.options = options
  }

  get history(): readonly JournalEntry[] {
    return this.options.journal.history
  }

  /** Waits while the cutover is postponed; delivery goes on in the meantime. */
  async waitWhilePostponed(): Promise<void> {
    const startedAt = Date.now()
    for (;;) {
      await this.pollRequests(true)
      if (!isPostponed(this.history)) return
      this.throwIfStopped(postponeStepOf(this.history))
      this.reportWaiting(
        postponeStepOf(this.history),
        suggestedCommand('migrate', 'cutover', this.options.journal.id),
        Date.now() - startedAt,
      )
      await delay(POLL_REQUESTS_EVERY_MS)
    }
  }

  /** Reads new requests of other processes, at most once per interval unless `isNow`. */
  async pollRequests(isNow = false): Promise<void> {
    if (!isNow && Date.now() - this.polledAt < POLL_REQUESTS_EVERY_MS) return
    this.polledAt = Date.now()
    const {journal} = this.options
    await journal.flush()
    try {
      await journal.refresh()
    } catch (error) {
      // While the broker is unavailable no request can arrive, and the step goes on waiting.
      if (isTransient(error)) return
      throw error
    }
    await this.answerRequests()
  }

  /** Answers open requests. @throws Stopped when one asks for a rollback. */
  async answerRequests(): Promise<void> {
    const {journal, report} = this.options
    for (const request of openRequests(this.history, journal.requests)) {
      const {requestId, verb, who} = request
      const answer = requestOutcome(verb, this.history)
      const reason = answer.isAccepted ? null : answer.reason
      await journal.addDurably('run', 'taken', {requestId, verb, isAccepted: answer.isAccepted, reason})
      report({kind: 'request', verb, isAccepted: answer.isAccepted, reason})
      if (answer.isAccepted && causesRollback(request)) {
        throw new Stopped(`${verb} requested by ${who.user}@${who.host}`, {isRequested: true})
      }
    }
  }

  /** Runs a hook unless it has run. @throws Stopped when it fails. */
  async runHook(name: HookName | undefined, context: StepContext, step: string): Promise<void> {
    const {hooks, journal, report} = this.options
    if (!hooks || !name) return
    const {direction} = context
    const isDone = this.history.some(
      (entry) =>
        entry.direction === direction.name &&
        entry.phase === 'hook' &&
        entry.step === name &&
        entry.data['exitCode'] === 0,
    )
    if (isDone) return
    await journal.flush()
    const outcome = await hooks.run(name, hookVariables(journal, direction.name, step, null))
    if (!outcome) return
    report({kind: 'hook', name, outcome})
    await journal.addDurably(name, 'hook', {...outcome})
    if (outcome.exitCode === 0) return
    const how = outcome.isTimedOut
      ? `timed out after ${durationText(outcome.ranMs)}`
      : outcome.exitCode === null
        ? 'was killed by a signal'
        : `exited with ${String(outcome.exitCode)}`
    const lastLine = outcome.output.trim().split('\n').at(-1) ?? ''
    throw new Stopped(`the hook ${name} ${how}${lastLine === '' ? '' : `: ${lastLine}`}`)
  }

  /** Reports what the run waits for, and every 10 s runs the hook `status` with it. */
  reportWaiting(step: string, waitingFor: string, forMs: number): void {
    const {hooks, journal, report} = this.options
    report({kind: 'waiting', step, waitingFor, forMs})
    if (!hooks || Date.now() - this.statusAt < STATUS_EVERY_MS) return
    this.statusAt = Date.now()
    // The run does not wait for this hook and does not depend on it.
    hooks.run('status', hookVariables(journal, journal.direction, step, waitingFor)).catch(() => undefined)
  }

  /** @throws Stopped when the run was interrupted and may stop in this state. */
  throwIfStopped(step: string): void {
    const {interrupt, stop} = this.options
    if (stop.aborted || (interrupt.aborted && !hasSwitched(this.history))) throw new Stopped(`interrupted at ${step}`)
  }
}

/** What a hook receives about a migration. */
export function hookVariables(
  {id, plan}: MigrationJournal,
  name: Direction,
  step: string,
  waitingFor: string | null,
): HookVariables {
  const {from, source, target, to} = directionPlanOf(plan, name)
  return {
    migrationId: id,
    topic: plan.topic,
    subscription: source,
    newSubscription: target,
    step,
    direction: name,
    from,
    to,
    strategy: plan.strategy,
    waitingFor,
  }
}
