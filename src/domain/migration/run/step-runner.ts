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
  isRollingBackBeforeSwitch,
  isVerified,
  postponeStepOf,
} from '../journal/history.js'
import {executeStep, type StepTools, undoStep} from './execute-step.js'
import {messageOf} from '../../../wording.js'
import {PlaceholderSubscription} from '../broker/placeholder.js'
import {stepsOfDirection} from '../plan/direction.js'
import {measure, soak} from '../soak/soak.js'
import type {StepContext} from '../steps/step.js'
import {stepOf} from './all-steps.js'

export interface RunOutcome {
  readonly state: Exclude<CloseState, 'finished'>
  /** why it was rolled back; null when it was not */
  readonly reason: string | null
}

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
  private readonly tools: StepTools

  constructor(options: RunOptions) {
    this.options = options
    this.control = new RunControl(options)
    this.tools = {...options, control: this.control}
    this.placeholder = new PlaceholderSubscription(options.openPlaceholder)
    this.isResumed = options.journal.history.some(({step}) => step !== 'run')
  }

  async run(): Promise<RunOutcome> {
    const {journal} = this.options
    if (journal.direction === 'rollback') return this.rollBack(reasonOf(this.history))
    try {
      if (isRollingBackBeforeSwitch(this.history)) throw new Stopped(reasonOf(this.history))
      await this.runSteps('forward')
      await soak(this.control, this.context('forward'), this.options)
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
      if (id === postponeStepOf(this.history) && name === 'forward') await measure(this.control, context, this.options)
      const step = stepOf(id)
      const {after = [], before} = step.hooks?.[journal.plan.strategy] ?? {}
      await this.control.runHook(before, context, id)
      while (!(await executeStep(step, context, this.tools))) await this.control.waitWhilePostponed()
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
    const {journal} = this.options
    const {name} = context.direction
    const open = stepsOfDirection(journal.plan, context.direction).filter((id) => isOpen(this.history, name, id))
    for (const id of open.toReversed()) await undoStep(stepOf(id), context, this.tools)
  }

  private context(name: Direction, acceptsGrowth = false): StepContext {
    const {admin, journal} = this.options
    const {history, isResumed, placeholder} = this
    return contextOf({admin, plan: journal.plan, history, direction: name, isResumed, placeholder, acceptsGrowth})
  }
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
