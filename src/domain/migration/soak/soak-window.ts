import {rise} from '../../progress/counters.js'

/** One partition of the subscription that flows, at one moment. */
export interface SoakPartition {
  readonly partition: number | null
  readonly type: string | null
  /** messages published to it since the topic was loaded; null when the broker does not say, so the others */
  readonly inMessages: number | null
  readonly outMessages: number | null
  readonly backlogEntries: number | null
  readonly unackedMessages: number | null
  /** by the broker's clock; 0 when nothing waits, null when unknown */
  readonly oldestPublishedMs: number | null
  /** key-hash slots without an owner; 0 where slots don't matter */
  readonly slotsWithoutOwner: number
  readonly consumers: ReadonlyArray<{readonly name: string; readonly unackedMessages: number}>
  /** batches make entries and messages two things, and redeliveries can't be counted then */
  readonly hasBatches: boolean
}

export interface SoakSample {
  readonly atMs: number
  readonly partitions: readonly SoakPartition[]
  /** consumers of the side that was left: none should be connected */
  readonly oldConsumers: readonly string[]
}

/** What happened on one partition between two looks. */
export interface PartitionWindow {
  readonly partition: number | null
  readonly type: string | null
  readonly consumers: number
  readonly slotsWithoutOwner: number
  readonly inMessages: number | null
  readonly outMessages: number | null
  /** delivered a second time or more; null when it can't be counted */
  readonly redeliveredMessages: number | null
  readonly backlogEntries: number | null
  readonly oldestAgeMs: number | null
  /** who holds the most that is not acknowledged */
  readonly heaviest: {readonly name: string; readonly unackedMessages: number} | null
}

export interface SoakWindow {
  readonly atMs: number
  readonly partitions: readonly PartitionWindow[]
  readonly oldConsumers: readonly string[]
}

/** A topic that was loaded afresh between the looks begins its counters at 0: then nothing is known of the window. */
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
 * Deliveries beyond the first: all that went out, less what came in and did not stay undelivered. The two sides are not
 * read at one instant, so a little is noise; see judge.
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

/** Failover does not count what is unacknowledged, so there what is undelivered is not known. */
function undelivered({backlogEntries, type, unackedMessages}: SoakPartition): number | null {
  return type === 'Failover' || backlogEntries === null || unackedMessages === null
    ? null
    : Math.max(0, backlogEntries - unackedMessages)
}

/** The broker lets the age grow also where nothing waits (#24915): then there is none. */
function ageOf({backlogEntries, oldestPublishedMs}: SoakPartition, atMs: number): number | null {
  if (backlogEntries === 0) return 0
  return oldestPublishedMs === null || oldestPublishedMs <= 0 ? null : Math.max(0, atMs - oldestPublishedMs)
}
