import type {BrokerContext} from '../broker/broker-context.js'
import type {StepData} from '../journal/history.js'
import type {PlaceholderSubscription} from '../broker/placeholder.js'
import type {TopicPolicyWriter} from '../broker/paused-policies.js'
import type {StepId} from '../strategy.js'

export interface StepContext extends BrokerContext {
  /** The one way to change a policy of the topic. */
  readonly policies: TopicPolicyWriter
  readonly placeholder: PlaceholderSubscription
  /** Whether another process ran the first steps. */
  readonly isResumed: boolean
  /** What an earlier step of this direction captured; throws when it has not run. */
  captured(step: StepId): StepData
  /** What an earlier step of this direction verified; throws when it was not verified. */
  verified(step: StepId): StepData
  /** What the step found before the migration changed anything, in either direction; null when it has not run. */
  original(step: StepId): StepData | null
}

/** The result of a check: done, with its facts, or what the step waits for, with the names of the blocking consumers. */
export type StepCheck =
  {readonly isDone: true; readonly facts: StepData} | {readonly isDone: false; readonly waitingFor: string}

/**
 * One step of a direction. The runner makes the result of capture() durable before it calls apply(), polls the verifier
 * until the timeout, and on resume verifies before it applies again; so apply() may run twice.
 */
export interface MigrationStep<C extends StepData = StepData> {
  readonly id: StepId
  /** Whether apply() changes nothing, so that nothing has to be durable before it. */
  readonly changesNothing?: true
  capture(context: StepContext): Promise<C>
  /**
   * @param isAgain whether an earlier attempt may have changed something.
   * @returns what it observed at the moment of the change, for the verifier and the journal.
   */
  apply(context: StepContext, captured: C, isAgain: boolean): Promise<StepData>
  /**
   * A new verifier for one run of the step: it may remember earlier samples.
   *
   * @param applied what apply() returned; null when the run died before that was recorded.
   */
  verifier(context: StepContext, captured: C, applied: StepData | null): () => Promise<StepCheck>
  /** Restores the original state; only steps before the switch have it. */
  undo?(context: StepContext, captured: C): Promise<void>
}

export function passed(facts: StepData = {}): StepCheck {
  return {isDone: true, facts}
}

export function waitingFor(what: string): StepCheck {
  return {isDone: false, waitingFor: what}
}
