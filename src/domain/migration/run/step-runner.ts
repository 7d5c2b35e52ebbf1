import {setTimeout as delay} from 'node:timers/promises'

import type {Direction, JournalEntry} from '../../../clients/journal/journal-store.js'
import {Conflict} from '../../../errors.js'
import {contextOf} from '../steps/step-context.js'
import {RunControl, type RunOptions} from '../control/run-control.js'
import {Stopped} from '../control/run-events.js'
import {
  type CloseState,
  find,
  hasSwitched,
  isOpen,
  isPostponed,
  isRollingBackBeforeSwitch,
  isVerified,
  pauseStepOf,
  postponeStepOf,
  type StepData,
} from '../journal/history.js'
import {HOOKS} from '../control/hooks.js'
import {isTransient, unlessUnavailable} from '../control/transient-errors.js'
import {durationText, messageOf} from '../../../wording.js'
import {PlaceholderSubscription} from '../broker/placeholder.js'
import {stepsOfDirection} from '../plan/direction.js'
import {measure, soak} from '../soak/soak.js'
import type {MigrationStep, StepCheck, StepContext} from '../steps/step.js'
import {STEP_BY_ID} from './all-steps.js'
import type {StepId} from '../strategy.js'

export interface RunOutcome {
  readonly state: Exclude<CloseState, 'finished'>
  /** why it was rolled back; null when it was not */
  readonly reason: string | null
}

/**
 * Interval between checks of a waiting step. 1 ms during the first 2 s, because the next check may end the delivery pause;
 * 50 ms after that, because the step then waits for a consumer or an operator.
 */
const POLL_EVERY_MS = {first: 1, later: 50}
const POLL_OFTEN_FOR_MS = 2000
const POLICY_MS = 15_000
const NOTE_EVERY_MS = 5000
/** Clients that were refused several times retry up to a minute later. */
const RECONNECT_MS = 120_000

/**
 * Runs a migration from the state of its journal to its end, or rolls it back. Before the switch a failed run is undone and
 * delivery is restored; after the switch a rollback takes the same steps with old and new exchanged.
 *
 * @throws Stopped, or the error of a step, when the run had to stop: the journal stays open, and the run can be resumed.
 */
export async function runMigration(options: RunOptions): Promise<RunOutcome> {
  const runner = new StepRunner(options)
  try {
    return await runner.run()
  } finally {
    await runner.close()
  }
}

class StepRunner {
  private readonly options: RunOptions
  private readonly control: RunControl
  private readonly isResumed: boolean
  private readonly placeholder: PlaceholderSubscription

  constructor(options: RunOptions) {
    this.options = options
    this.control = new RunControl(options)
    this.placeholder = new PlaceholderSubscription(options.openPlaceholder)
    this.isResumed = options.journal.history.some(({step}) => step !== 'run')
  }

  async run(): Promise<RunOutcome> {
    const {journal} = this.options
    if (journal.direction === 'rollback') return this.rollBack(reasonOf(this.history))
    try {
      if (isRollingBackBeforeSwitch(this.history)) throw new Stopped(reasonOf(this.history))
      await this.runSteps('forward')
      await soak(this.control, this.context('forward'))
    } catch (error) {
      return this.handleFailure(error)
    }
    await journal.addDurably('run', 'closed', {state: 'done'})
    return {state: 'done', reason: null}
  }

  close(): Promise<void> {
    return this.placeholder.release()
  }

  private get history(): readonly JournalEntry[] {
    return this.options.journal.history
  }

  private async runSteps(name: Direction): Promise<void> {
    const {journal} = this.options
    const context = this.context(name)
    // What an earlier process has verified may have changed since: before the switch, verify it again.
    const provesAgain = this.isResumed && name === 'forward' && !hasSwitched(this.history)
    for (const id of stepsOfDirection(journal.plan, context.direction)) {
      if (!provesAgain && isVerified(this.history, name, id)) continue
      if (id === postponeStepOf(this.history) && name === 'forward') await measure(this.control, context)
      const {after = [], before} = HOOKS[journal.plan.strategy][id] ?? {}
      await this.control.runHook(before, context, id)
      while (!(await this.runStep(stepOf(id), context))) await this.control.waitWhilePostponed()
      for (const name of after) await this.control.runHook(name, context, id)
    }
  }

  /** After a failure in the forward direction: undo or roll back where that is right, otherwise stop. */
  private async handleFailure(cause: unknown): Promise<RunOutcome> {
    const {journal, stop} = this.options
    if (stop.aborted || wasTakenOver(cause)) throw cause
    const reason = messageOf(cause)
    if (!hasSwitched(this.history)) return this.undoAll(reason)
    if (!(cause instanceof Stopped && cause.rollsBack)) throw cause
    await journal.addDurably('run', 'intent', {reason}, 'rollback')
    return this.rollBack(reason)
  }

  private async undoAll(reason: string): Promise<RunOutcome> {
    const {journal} = this.options
    const context = this.context('forward', true)
    if (!isRollingBackBeforeSwitch(this.history)) await journal.addDurably('run', 'undone', {reason})
    await this.undoSteps(context)
    await this.control.runHook('rolled-back', context, 'run')
    await journal.addDurably('run', 'closed', {state: 'rolled-back', reason})
    return {state: 'rolled-back', reason}
  }

  private async rollBack(reason: string): Promise<RunOutcome> {
    const {journal, report} = this.options
    report({kind: 'rollback', reason})
    try {
      await this.runSteps('rollback')
    } catch (error) {
      await this.resumeNewConsumers(error)
      throw error
    }
    await this.control.runHook('rolled-back', this.context('rollback'), 'run')
    await journal.addDurably('run', 'closed', {state: 'rolled-back', reason})
    return {state: 'rolled-back', reason}
  }

  /** A rollback that fails before its switch must not leave delivery paused for new consumers that received messages. */
  private async resumeNewConsumers(cause: unknown): Promise<void> {
    const isServed = find(this.history, 'forward', 'verify-delivery', 'verified') !== undefined
    const isStopped = this.options.stop.aborted || wasTakenOver(cause)
    if (isStopped || !isServed || hasSwitched(this.history, 'rollback')) return
    await this.undoSteps(this.context('rollback', true))
  }

  private async undoSteps(context: StepContext): Promise<void> {
    const {journal, report} = this.options
    const {name} = context.direction
    const open = stepsOfDirection(journal.plan, context.direction).filter((id) => isOpen(this.history, name, id))
    for (const id of open.toReversed()) {
      const step = stepOf(id)
      if (!step.undo) continue
      report({kind: 'undo', step: id})
      await this.change(id, async () => step.undo?.(context, context.captured(id)))
      await journal.addDurably(id, 'undone')
    }
  }

  /** @returns false when it was postponed at the last moment and nothing was changed. */
  private async runStep(step: MigrationStep, context: StepContext): Promise<boolean> {
    const {journal, report} = this.options
    const {name} = context.direction
    const mayWait = step.id === postponeStepOf(this.history) && name === 'forward'
    if (mayWait) await this.control.waitWhilePostponed()
    this.control.throwIfStopped(step.id)
    const title = journal.plan.steps.find(({id}) => id === step.id)?.title ?? step.id
    report({kind: 'step', step: step.id, direction: name, title})
    // Without an intent nothing was changed, and an earlier capture may be outdated: capture again.
    const isBegun = isOpen(this.history, name, step.id)
    const captured = isBegun ? context.captured(step.id) : await this.change(step.id, () => this.capture(step, context))
    // After a crash the change may be done already: verify before applying it again.
    const before = find(this.history, name, step.id, 'applied')?.data ?? null
    const early = isBegun ? await unlessUnavailable(step.verifier(context, captured, before)) : null
    if (early?.isDone) journal.add(step.id, 'verified', early.facts)
    else {
      journal.add(step.id, 'intent')
      if (step.changesNothing !== true) await journal.flush()
      await this.control.answerRequests() // requests that were written before the intent became durable were read with it
      if (mayWait && isPostponed(this.history)) {
        await journal.addDurably(step.id, 'undone')
        return false
      }
      const applied = await this.change(step.id, (isAgain) => step.apply(context, captured, isBegun || isAgain))
      journal.add(step.id, 'applied', applied)
      journal.add(step.id, 'verified', await this.poll(step.id, step.verifier(context, captured, applied)))
    }
    return true
  }

  private async capture(step: MigrationStep, context: StepContext): Promise<StepData> {
    const captured = await step.capture(context)
    this.options.journal.add(step.id, 'captured', captured)
    return captured
  }

  /** Makes a change. If the connection breaks, it is made again: every change may be repeated. */
  private async change<T>(step: StepId, change: (isAgain: boolean) => Promise<T>): Promise<T> {
    const startedAt = Date.now()
    for (let isAgain = false; ; isAgain = true) {
      try {
        return await change(isAgain)
      } catch (error) {
        if (!isTransient(error) || Date.now() - startedAt > POLICY_MS) throw error
        if (this.options.stop.aborted) throw error
        this.control.reportWaiting(step, `the broker (${messageOf(error)})`, Date.now() - startedAt)
        await delay(200)
      }
    }
  }

  private async poll(id: StepId, verify: () => Promise<StepCheck>): Promise<StepData> {
    const startedAt = Date.now()
    const deadline = startedAt + this.timeoutOf(id)
    let notedAt = startedAt
    for (;;) {
      const check = await unlessUnavailable(verify)
      if (check.isDone) return check.facts
      await this.control.pollRequests()
      this.control.throwIfStopped(id)
      const forMs = Date.now() - startedAt
      this.control.reportWaiting(id, check.waitingFor, forMs)
      if (Date.now() > deadline) {
        throw new Stopped(`${id} timed out after ${durationText(forMs)} while waiting for ${check.waitingFor}`, {
          rollsBack: true,
        })
      }
      if (Date.now() - notedAt > NOTE_EVERY_MS) {
        notedAt = Date.now()
        await this.options.journal.addDurably(id, 'waiting', {waitingFor: check.waitingFor, forMs})
      }
      await delay(forMs < POLL_OFTEN_FOR_MS ? POLL_EVERY_MS.first : POLL_EVERY_MS.later)
    }
  }

  private timeoutOf(step: StepId): number {
    const {budgets, journal} = this.options
    if (journal.direction === 'rollback' && (step === 'verify-delivery' || step === 'await-consumers'))
      return Math.max(budgets.attachMs, RECONNECT_MS)
    const own =
      {
        drain: budgets.drainMs,
        'await-stop': budgets.drainMs,
        'await-consumers': budgets.attachMs,
        'verify-delivery': budgets.attachMs,
      }[step as string] ?? POLICY_MS
    const pausedAt = find(this.history, 'forward', pauseStepOf(this.history), 'intent')?.at
    if (budgets.gapMs === null || pausedAt === undefined || journal.direction === 'rollback') return own
    return Math.min(own, Math.max(0, Date.parse(pausedAt) + budgets.gapMs - Date.now()))
  }

  private context(name: Direction, acceptsGrowth = false): StepContext {
    const {admin, journal} = this.options
    const {history, isResumed, placeholder} = this
    return contextOf({admin, plan: journal.plan, history, direction: name, isResumed, placeholder, acceptsGrowth})
  }
}

function stepOf(id: StepId): MigrationStep {
  const step = STEP_BY_ID.get(id)
  if (!step) throw new Error(`no step ${id}`)
  return step
}

/** Whether another process owns the migration now: this one must change nothing more. */
function wasTakenOver(error: unknown): boolean {
  return error instanceof Conflict && error.code === 'E_TAKEN_OVER'
}

/** Why it is rolled back, as recorded when the rollback began. */
function reasonOf(entries: readonly JournalEntry[]): string {
  const turn = entries.find(({data, step}) => step === 'run' && typeof data['reason'] === 'string' && !data['verb'])
  return (turn?.data['reason'] as string | undefined) ?? 'the run was stopped during its rollback'
}
