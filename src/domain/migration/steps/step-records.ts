import type {Direction, JournalEntry} from '../../../clients/journal/journal-store.js'
import type {AutoSubscriptionCreation, DispatchRate, SubscriptionType} from '../../../clients/pulsar-admin/types.js'
import type {SubscriptionIdentity} from '../broker/subscription-placement.js'
import type {ProvenSwitchPosition, SwitchPosition} from '../broker/switch-position.js'
import {find, originalOf} from '../journal/history.js'

/** Reads of a partition that the broker throttled; null when the broker does not count them. */
export interface ThrottledReads {
  readonly partition: number | null
  readonly count: number | null
}

/**
 * What the steps write to the journal: what they found before their change (`captured`), what they observed while making it
 * (`applied`), and what proves it (`verified`). null stands for a policy that was not set.
 */
export interface StepRecords {
  'block-auto-create': {captured: {autoCreation: AutoSubscriptionCreation | null}}
  'restrict-types': {captured: {types: SubscriptionType[] | null}; verified: {types: SubscriptionType[] | null}}
  'pause-new': {captured: {rate: DispatchRate | null}}
  'create-new': {captured: {identity: SubscriptionIdentity}}
  pause: {
    /** The drain detects by `throttledReads` that the pause is in effect. */
    captured: {rate: DispatchRate | null; throttledReads: ThrottledReads[]; identity: SubscriptionIdentity}
  }
  drain: {verified: {partitions: ProvenSwitchPosition[]}}
  disconnect: {
    captured: {partitions: SwitchPosition[]; identity: SubscriptionIdentity}
    applied: {partitions: SwitchPosition[]}
    verified: {atRisk: Array<number | null>}
  }
  'switch-type': {captured: {rate: DispatchRate | null}; verified: {types: SubscriptionType[] | null}}
  'switch-subscription': {
    captured: {partitions: SwitchPosition[]; types: SubscriptionType[] | null; rate: DispatchRate | null}
    applied: {partitions: SwitchPosition[]; atRisk: Array<number | null>}
    verified: {partitions: SwitchPosition[]; atRisk: Array<number | null>}
  }
  'record-positions': {verified: {partitions: SwitchPosition[]}}
  'await-stop': {verified: {partitions: SwitchPosition[]}}
  'await-consumers': {verified: {consumers: number}}
  resume: {captured: {rate: DispatchRate | null}}
  'verify-delivery': {
    verified: {
      partitions: Array<{partition: number | null; consumers: number}>
      /** ISO times */
      arrivedAt: string
      flowsSince: string
      notDelivering: Array<number | null>
    }
  }
  'restore-types': {captured: {types: SubscriptionType[] | null}}
}

export type RecordedStep = keyof StepRecords
type Phase = 'captured' | 'applied' | 'verified'
/** What a step writes in a phase; nothing where it has no facts. */
export type Recorded<S extends RecordedStep, P extends Phase> = S extends RecordedStep
  ? StepRecords[S] extends Record<P, infer R>
    ? R
    : Record<string, never>
  : never

/** What a step of a direction wrote last in a phase. The journal is a chain of digests, so its shape is trusted. */
export function recorded<S extends RecordedStep, P extends Phase>(
  entries: readonly JournalEntry[],
  direction: Direction,
  step: S,
  phase: P,
): Recorded<S, P> | undefined {
  return find(entries, direction, step, phase)?.data as Recorded<S, P> | undefined
}

/** What a step captured before the migration changed anything, in either direction. */
export function originalCapture<S extends RecordedStep>(
  entries: readonly JournalEntry[],
  step: S,
): Recorded<S, 'captured'> | null {
  return originalOf(entries, step) as Recorded<S, 'captured'> | null
}
