import type {ConsumerStats, SubscriptionStats} from '../../clients/pulsar-admin/types.js'
import type {KeyDestination, LiveConsumer} from '../locks/consumers/lock-correlation.js'
import {consumerId} from '../topic-stats/consumers.js'
import {displayName, nameOf} from '../doctor/facts/subscription-facts.js'

/** What moved on a key's partition while it was looked at. */
export interface ConsumerChanges {
  /** consumers that are there now and were not there at every earlier reading */
  readonly joined: readonly string[]
  /** consumers that were there at some earlier reading and are not there now */
  readonly left: readonly string[]
  /** who got the key's messages at first, and does no more; null where nothing changed, or nobody got them */
  readonly ownerBefore: string | null
}

/**
 * Compares the newest reading with earlier ones, which may be in any order: some are taken at the same time.
 *
 * @param before where the key's messages went at first, and `now` by the newest reading.
 */
export function consumerChangesOf(
  earlier: readonly SubscriptionStats[],
  newest: SubscriptionStats,
  {before, now}: {readonly before: KeyDestination; readonly now: KeyDestination},
): ConsumerChanges {
  const present = consumersById(newest)
  const maps = earlier.map(consumersById)
  const joined = [...present].filter(([id]) => maps.some((byId) => !byId.has(id)))
  const left = maps.flatMap((byId) => [...byId].filter(([id]) => !present.has(id)))
  return {
    joined: namesOf(joined),
    left: namesOf(left),
    ownerBefore: before.consumer && !isSame(before.consumer, now.consumer) ? displayName(before.consumer) : null,
  }
}

/** Whether the key's owner may be another by now. */
export function hasChanged({joined, left, ownerBefore}: ConsumerChanges): boolean {
  return joined.length > 0 || left.length > 0 || ownerBefore !== null
}

function consumersById({consumers = []}: SubscriptionStats): Map<string, ConsumerStats> {
  return new Map(consumers.map((one) => [consumerId(one), one]))
}

function namesOf(entries: ReadonlyArray<readonly [id: string, consumer: ConsumerStats]>): string[] {
  const names = new Map(entries.map(([id, consumer]) => [id, nameOf(consumer)]))
  return [...names.values()].toSorted()
}

function isSame(one: LiveConsumer, other: LiveConsumer | null): boolean {
  return (
    other !== null &&
    one.name === other.name &&
    one.address === other.address &&
    one.connectedSinceMs === other.connectedSinceMs
  )
}
