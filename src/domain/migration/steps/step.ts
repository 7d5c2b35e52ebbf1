import type {BrokerContext} from '../broker/broker-context.js'
import type {Captured} from '../journal/history.js'
import type {TargetSeat} from '../broker/placeholder.js'
import type {HeldPolicies} from '../broker/paused-policies.js'
import type {StepId} from '../strategy.js'

export interface StepContext extends BrokerContext {
  /** The one way to change a policy of the topic. */
  readonly policies: HeldPolicies
  readonly seat: TargetSeat
  /** Whether a process that is gone took the first steps. */
  readonly isResumed: boolean
  /** What an earlier step of this leg captured; throws when it has not run. */
  captured(step: StepId): Captured
  /** What proved an earlier step of this leg done; throws when it was not. */
  verified(step: StepId): Captured
  /** What was there before the migration: captured by the first leg that took the step; null when none did. */
  original(step: StepId): Captured | null
}

/** What verify() found: done with its facts, or what it waits for, in words that name who blocks. */
export type Verdict =
  {readonly isDone: true; readonly facts: Captured} | {readonly isDone: false; readonly waitingFor: string}

/**
 * One step of a leg. The runner makes capture()'s answer durable before it calls apply(), polls verify() to a deadline,
 * and on resume verifies before it applies again; so apply() may run twice.
 */
export interface MigrationStep<C extends Captured = Captured> {
  readonly id: StepId
  /** Whether apply() leaves all as it is, so that nothing has to be written down before. */
  readonly isWatching?: true
  capture(context: StepContext): Promise<C>
  /**
   * @param isAgain whether a try before may have changed something.
   * @returns what it saw at the moment of the change, for verify() and the journal.
   */
  apply(context: StepContext, captured: C, isAgain: boolean): Promise<Captured>
  /**
   * A fresh verifier for one run of the step: it may remember earlier looks.
   *
   * @param applied what apply() returned; null when the run died before that was written down.
   */
  verifier(context: StepContext, captured: C, applied: Captured | null): () => Promise<Verdict>
  /** Puts back what was there; only steps before the switch have it, and only they are undone. */
  undo?(context: StepContext, captured: C): Promise<void>
}

export function done(facts: Captured = {}): Verdict {
  return {isDone: true, facts}
}

export function waiting(waitingFor: string): Verdict {
  return {isDone: false, waitingFor}
}
