import type {BrokerContext} from '../broker/broker-context.js'
import type {StepData} from '../journal/history.js'
import type {PlaceholderSubscription} from '../broker/placeholder.js'
import type {TopicPolicyWriter} from '../broker/paused-policies.js'
import type {StepId} from '../strategy.js'

export interface StepContext extends BrokerContext {
  /** The one way to change a policy of the topic. */
  readonly policies: TopicPolicyWriter
  readonly placeholder: PlaceholderSubscription
  /** Whether a process that is gone took the first steps. */
  readonly isResumed: boolean
  /** What an earlier step of this leg captured; throws when it has not run. */
  captured(step: StepId): StepData
  /** What proved an earlier step of this leg done; throws when it was not. */
  verified(step: StepId): StepData
  /** What was there before the migration: captured by the first leg that took the step; null when none did. */
  original(step: StepId): StepData | null
}

/** What verify() found: done with its facts, or what it waits for, in words that name who blocks. */
export type StepCheck =
  {readonly isDone: true; readonly facts: StepData} | {readonly isDone: false; readonly waitingFor: string}

/**
 * One step of a leg. The runner makes capture()'s answer durable before it calls apply(), polls verify() to a deadline,
 * and on resume verifies before it applies again; so apply() may run twice.
 */
export interface MigrationStep<C extends StepData = StepData> {
  readonly id: StepId
  /** Whether apply() leaves all as it is, so that nothing has to be written down before. */
  readonly changesNothing?: true
  capture(context: StepContext): Promise<C>
  /**
   * @param isAgain whether a try before may have changed something.
   * @returns what it saw at the moment of the change, for verify() and the journal.
   */
  apply(context: StepContext, captured: C, isAgain: boolean): Promise<StepData>
  /**
   * A fresh verifier for one run of the step: it may remember earlier looks.
   *
   * @param applied what apply() returned; null when the run died before that was written down.
   */
  verifier(context: StepContext, captured: C, applied: StepData | null): () => Promise<StepCheck>
  /** Puts back what was there; only steps before the switch have it, and only they are undone. */
  undo?(context: StepContext, captured: C): Promise<void>
}

export function passed(facts: StepData = {}): StepCheck {
  return {isDone: true, facts}
}

export function waitingFor(what: string): StepCheck {
  return {isDone: false, waitingFor: what}
}
