import type {BrokerContext} from '../broker/broker-context.js'
import type {TopicPolicyWriter} from '../broker/paused-policies.js'
import type {PlaceholderSubscription} from '../broker/placeholder.js'
import type {StepHooks} from '../hook-names.js'
import type {DirectionPlan} from '../plan/direction.js'
import type {Recorded, RecordedStep} from './step-records.js'

export interface StepContext extends BrokerContext {
  /** The one way to change a policy of the topic. */
  readonly policies: TopicPolicyWriter
  readonly placeholder: PlaceholderSubscription
  /** Whether another process ran the first steps. */
  readonly isResumed: boolean
  /** What an earlier step of this direction captured; throws when it has not run. */
  captured<S extends RecordedStep>(step: S): Recorded<S, 'captured'>
  /** What an earlier step of this direction verified; throws when it was not verified. */
  verified<S extends RecordedStep>(step: S): Recorded<S, 'verified'>
  /** What the step found before the migration changed anything, in either direction; null when it has not run. */
  original<S extends RecordedStep>(step: S): Recorded<S, 'captured'> | null
}

/** The result of a check: done, with its facts, or what the step waits for, with the names of the blocking consumers. */
export type StepCheck<Facts = object> =
  {readonly isDone: true; readonly facts: Facts} | {readonly isDone: false; readonly waitingFor: string}

/** Which limit ends the wait for a step: --drain-timeout, --attach-timeout, or that of a policy change. */
export type StepTimeout = 'drain' | 'attach' | 'policy'

interface StepFacts<S extends RecordedStep> {
  readonly id: S
  readonly timeout: StepTimeout
  readonly hooks?: StepHooks
  /** What the step does in a direction, as the user sees it. */
  title(direction: DirectionPlan): string
}

/**
 * A step that changes something. The runner makes the result of capture() durable before it calls apply(), polls the verifier
 * until the timeout, and on resume verifies before it applies again; so apply() may run twice.
 */
export interface ChangeStep<S extends RecordedStep = RecordedStep> extends StepFacts<S> {
  readonly kind: 'change'
  capture(context: StepContext): Promise<Recorded<S, 'captured'>>
  /**
   * @param isAgain whether an earlier attempt may have changed something.
   * @returns what it observed at the moment of the change, for the verifier and the journal.
   */
  apply(context: StepContext, captured: Recorded<S, 'captured'>, isAgain: boolean): Promise<Recorded<S, 'applied'>>
  /**
   * A new verifier for one run of the step: it may remember earlier samples.
   *
   * @param applied what apply() returned; null when the run died before that was recorded.
   */
  verifier(
    context: StepContext,
    captured: Recorded<S, 'captured'>,
    applied: Recorded<S, 'applied'> | null,
  ): () => Promise<StepCheck<Recorded<S, 'verified'>>>
  /** Restores the original state; only steps before the switch have it. */
  undo?(context: StepContext, captured: Recorded<S, 'captured'>): Promise<void>
}

/** A step that changes nothing: it waits until consumers, or the operator, have done their part. Undoing it is nothing. */
export interface WaitStep<S extends RecordedStep = RecordedStep> extends StepFacts<S> {
  readonly kind: 'wait'
  /** A new verifier for one run of the step: it may remember earlier samples. */
  verifier(context: StepContext): () => Promise<StepCheck<Recorded<S, 'verified'>>>
}

/** Any step, as the runner executes it. The journal stores records by step, so each step is given only records of its own type. */
export type MigrationStep = ChangeStep | WaitStep

export function passed(): StepCheck<Record<string, never>>
export function passed<Facts>(facts: Facts): StepCheck<Facts>
export function passed(facts: object = {}): StepCheck {
  return {isDone: true, facts}
}

export function waitingFor(what: string): {readonly isDone: false; readonly waitingFor: string} {
  return {isDone: false, waitingFor: what}
}
