import type {ConsumerStats, SubscriptionStats} from '../../clients/pulsar-admin/types.js'
import type {KeyDestination, LiveConsumer} from '../locks/consumers/lock-correlation.js'
import {clientNameOf, consumerId} from '../topic-stats/consumers.js'
import {clientText} from '../doctor/facts/client-facts.js'

/** Changes of the consumers on a key's partition between the readings. */
export interface ConsumerChanges {
  /** consumers in the last reading that an earlier one does not contain */
  readonly joined: readonly string[]
  /** consumers in an earlier reading that the last one does not contain */
  readonly left: readonly string[]
  /** the first consumer of the key, if it is not the current one; null if nothing changed, or if the key had no consumer */
  readonly ownerBefore: string | null
}

/**
 * Compares the last reading with earlier ones, which may be in any order, because some are taken concurrently.
 *
 * @param before the key's consumer by the first reading; `now`: by the last one.
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
    ownerBefore: before.consumer && !isSame(before.consumer, now.consumer) ? clientText(before.consumer) : null,
  }
}

/** Whether the key's owner may have changed since the last reading. */
export function hasChanged({joined, left, ownerBefore}: ConsumerChanges): boolean {
  return joined.length > 0 || left.length > 0 || ownerBefore !== null
}

function consumersById({consumers = []}: SubscriptionStats): Map<string, ConsumerStats> {
  return new Map(consumers.map((one) => [consumerId(one), one]))
}

function namesOf(entries: ReadonlyArray<readonly [id: string, consumer: ConsumerStats]>): string[] {
  const names = new Map(entries.map(([id, consumer]) => [id, clientText(clientNameOf(consumer))]))
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
