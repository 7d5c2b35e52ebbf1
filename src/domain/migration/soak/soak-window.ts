import {rise} from '../../progress/counters.js'

/** One partition of the subscription that delivers, at one moment. */
export interface SoakPartition {
  readonly partition: number | null
  readonly type: string | null
  /** messages published since the topic was loaded; null when the broker does not report it, as for the next fields */
  readonly inMessages: number | null
  readonly outMessages: number | null
  readonly backlogEntries: number | null
  readonly unackedMessages: number | null
  /** by the broker's clock; 0 when no message is waiting, null when unknown */
  readonly oldestPublishedMs: number | null
  /** key-hash slots without an owner; 0 on types that have no slots */
  readonly slotsWithoutOwner: number
  readonly consumers: ReadonlyArray<{readonly name: string; readonly unackedMessages: number}>
  /** with batches an entry holds several messages, so redeliveries cannot be counted */
  readonly hasBatches: boolean
}

export interface SoakSample {
  readonly atMs: number
  readonly partitions: readonly SoakPartition[]
  /** consumers of the old subscription: none should be connected */
  readonly oldConsumers: readonly string[]
}

/** What happened on one partition between two samples. */
export interface PartitionWindow {
  readonly partition: number | null
  readonly type: string | null
  readonly consumers: number
  readonly slotsWithoutOwner: number
  readonly inMessages: number | null
  readonly outMessages: number | null
  /** deliveries beyond the first; null when they cannot be counted */
  readonly redeliveredMessages: number | null
  readonly backlogEntries: number | null
  readonly oldestAgeMs: number | null
  /** the consumer with the most unacked messages */
  readonly heaviest: {readonly name: string; readonly unackedMessages: number} | null
}

export interface SoakWindow {
  readonly atMs: number
  readonly partitions: readonly PartitionWindow[]
  readonly oldConsumers: readonly string[]
}

/** A topic that was reloaded between the samples starts its counters at 0: then nothing is known about the window. */
export function windowBetween(before: SoakSample, after: SoakSample): SoakWindow {
  return {
    atMs: after.atMs,
    oldConsumers: after.oldConsumers,
    partitions: after.partitions.map((now) => {
      const then = before.partitions.find(({partition}) => partition === now.partition)
      const inMessages = rise(then?.inMessages, now.inMessages)
      const outMessages = rise(then?.outMessages, now.outMessages)
      return {
        partition: now.partition,
        type: now.type,
        consumers: now.consumers.length,
        slotsWithoutOwner: now.slotsWithoutOwner,
        inMessages,
        outMessages,
        redeliveredMessages: then ? redelivered(then, now, inMessages, outMessages) : null,
        backlogEntries: now.backlogEntries,
        oldestAgeMs: ageOf(now, after.atMs),
        heaviest: now.consumers.toSorted((a, b) => b.unackedMessages - a.unackedMessages)[0] ?? null,
      }
    }),
  }
}

/**
 * Deliveries beyond the first: the delivered messages minus those that were published and did not stay undelivered. The
 * counters are not read at the same instant, so a small count is noise; see regressionsOf.
 */
function redelivered(
  then: SoakPartition,
  now: SoakPartition,
  inMessages: number | null,
  outMessages: number | null,
): number | null {
  const [before, after] = [undelivered(then), undelivered(now)]
  if (now.hasBatches || inMessages === null || outMessages === null || before === null || after === null) return null
  return Math.max(0, outMessages - (inMessages + before - after))
}

/** The messages that were not delivered yet. Failover does not count unacked messages, so there it is unknown. */
function undelivered({backlogEntries, type, unackedMessages}: SoakPartition): number | null {
  return type === 'Failover' || backlogEntries === null || unackedMessages === null
    ? null
    : Math.max(0, backlogEntries - unackedMessages)
}

/** The broker reports a growing age also without a backlog (#24915): then the age is 0. */
function ageOf({backlogEntries, oldestPublishedMs}: SoakPartition, atMs: number): number | null {
  if (backlogEntries === 0) return 0
  return oldestPublishedMs === null || oldestPublishedMs <= 0 ? null : Math.max(0, atMs - oldestPublishedMs)
}
