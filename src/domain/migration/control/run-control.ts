import {setTimeout as delay} from 'node:timers/promises'

import type {Direction, JournalEntry} from '../../../clients/journal/journal-store.js'
import type {PulsarAdmin} from '../../../clients/pulsar-admin/admin.js'
import {causesRollback, requestOutcome} from '../journal/allowed-requests.js'
import {type RunEvent, Stopped} from './run-events.js'
import {hasSwitched, isPostponed, openRequests, postponeStepOf} from '../journal/history.js'
import type {HookName, HookRunner, HookVariables} from './hooks.js'
import type {MigrationJournal} from '../journal/migration-journal.js'
import {directionPlanOf} from '../plan/direction.js'
import {isTransient} from './transient-errors.js'
import type {OpenPlaceholder} from '../broker/placeholder.js'
import type {StepContext} from '../steps/step.js'

export interface Budgets {
  /** how long the consumers may take to acknowledge what they have */
  readonly drainMs: number
  /** how long the new fleet may take to arrive */
  readonly attachMs: number
  /** how long delivery may be held in all; null: as long as the others allow */
  readonly gapMs: number | null
}

export interface SoakOptions {
  /** how long the new fleet is watched after the switch; 0 for not at all */
  readonly forMs: number
  /** whether it goes back by itself when the new fleet does worse than the old one */
  readonly rollsBack: boolean
}

export interface RunOptions {
  readonly admin: PulsarAdmin
  readonly journal: MigrationJournal
  readonly budgets: Budgets
  readonly soak: SoakOptions
  readonly openPlaceholder: OpenPlaceholder
  /** null where none were given */
  readonly hooks: HookRunner | null
  /** Asked to stop: before the switch the run goes back, after it the run finishes. */
  readonly interrupt: AbortSignal
  /** Asked twice: stop where it stands, with delivery held, to be resumed. */
  readonly stop: AbortSignal
  readonly report: (event: RunEvent) => void
}

const POLL_REQUESTS_EVERY_MS = 300
const STATUS_EVERY_MS = 10_000

/** What a run answers to while it goes on: requests of others, interruptions, hooks. */
export class RunControl {
  readonly options: RunOptions
  private polledAt = 0
  private statusAt = Date.now()

  constructor(options: RunOptions) {
    this.options = options
  }

  get history(): readonly JournalEntry[] {
    return this.options.journal.history
  }

  /** Waits while the cut-over is postponed; nothing is held meanwhile. */
  async waitWhilePostponed(): Promise<void> {
    const startedAt = Date.now()
    for (;;) {
      await this.pollRequests(true)
      if (!isPostponed(this.history)) return
      this.throwIfStopped(postponeStepOf(this.history))
      this.reportWaiting(postponeStepOf(this.history), 'cutover: it is postponed', Date.now() - startedAt)
      await delay(POLL_REQUESTS_EVERY_MS)
    }
  }

  /** Looks whether others ask something of this migration, now and then or now. */
  async pollRequests(isNow = false): Promise<void> {
    if (!isNow && Date.now() - this.polledAt < POLL_REQUESTS_EVERY_MS) return
    this.polledAt = Date.now()
    const {journal} = this.options
    await journal.flush()
    try {
      await journal.refresh()
    } catch (error) {
      // Nobody can ask while the broker is away; who waits for it goes on to wait.
      if (isTransient(error)) return
      throw error
    }
    await this.answerRequests()
  }

  /** Answers what others asked. @throws Stopped when they ask it to go back. */
  async answerRequests(): Promise<void> {
    const {journal, report} = this.options
    for (const request of openRequests(this.history, journal.requests)) {
      const {requestId, verb, who} = request
      const answer = requestOutcome(verb, this.history)
      const reason = answer.isAccepted ? null : answer.reason
      await journal.addDurably('run', 'taken', {requestId, verb, isAccepted: answer.isAccepted, reason})
      report({kind: 'request', verb, isAccepted: answer.isAccepted, reason})
      if (answer.isAccepted && causesRollback(request)) {
        throw new Stopped(`${verb} asked by ${who.user}@${who.host}`, {isRequested: true})
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
    const how = outcome.isTimedOut ? 'ran out of its time' : `ended with ${String(outcome.exitCode ?? 'a signal')}`
    throw new Stopped(`the hook ${name} ${how}: ${outcome.output.trim().split('\n').at(-1) ?? ''}`)
  }

  /** Tells what is waited for: to who looks on, and now and then to the hook `status`. */
  reportWaiting(step: string, waitingFor: string, forMs: number): void {
    const {hooks, journal, report} = this.options
    report({kind: 'waiting', step, waitingFor, forMs})
    if (!hooks || Date.now() - this.statusAt < STATUS_EVERY_MS) return
    this.statusAt = Date.now()
    // Nobody waits for it, and nothing depends on it.
    hooks.run('status', hookVariables(journal, journal.direction, step, waitingFor)).catch(() => undefined)
  }

  /** @throws Stopped when it was interrupted, and stopping is still right. */
  throwIfStopped(step: string): void {
    const {interrupt, stop} = this.options
    if (stop.aborted || (interrupt.aborted && !hasSwitched(this.history))) throw new Stopped(`interrupted at ${step}`)
  }
}

/** What a hook is told of a migration. */
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
