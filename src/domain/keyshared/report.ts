import type {ConsumerStats} from '../../clients/pulsar-admin/types.js'
import {Blocked, Unreachable} from '../../errors.js'
import type {CollectedSubscription, SubscriptionPartition} from '../subscriptions/collect.js'
import {type Coverage, countSlots, coverageOf, includesSlot, type SlotRange} from './ranges.js'
import {reportedRanges, selectorOf, type SelectorName} from './selector.js'
import {consistentHashingSlot, partitionOfKey} from './slots.js'

export interface RangeConsumer {
  name: string | null
  address: string | null
  slots: number
  /** part of the key space, from 0 to 1; null where its size is not known */
  share: number | null
  ranges: SlotRange[]
}

/** A slot whose new messages wait until `consumer` has acknowledged its old ones. */
export interface DrainingSlot {
  slot: number
  consumer: string | null
  unackedMessages: number
  blockedAttempts: number
}

export interface RangePartition {
  /** null on a plain topic */
  partition: number | null
  /** null when no consumer reports a range */
  selector: SelectorName | null
  mode: string | null
  slotSpace: SlotRange | null
  consumers: RangeConsumer[]
  draining: DrainingSlot[]
  /** null where the key space is not known */
  coverage: Coverage | null
}

export interface KeyRanges {
  topic: string
  subscription: string
  partitions: RangePartition[]
}

export interface KeyOwner {
  key: string
  /** null on a plain topic */
  partition: number | null
  slot: number
  /** null when nobody owns the slot */
  consumer: {name: string | null; address: string | null} | null
  draining: boolean
}

export interface KeyOwners {
  topic: string
  subscription: string
  /** how the partition was found; what a Java or WebSocket producer does by default */
  hashingScheme: 'JavaStringHash'
  owners: KeyOwner[]
}

/**
 * The key-hash assignment that the broker reports, checked for gaps and overlaps.
 *
 * @throws Blocked E_NOT_KEY_SHARED when a partition is of another type.
 */
export function keyRanges(collected: CollectedSubscription): KeyRanges {
  requireKeyShared(collected)
  return {
    topic: collected.topic.full,
    subscription: collected.subscription,
    partitions: collected.partitions.map(rangesOfPartition),
  }
}

/**
 * Which partition, slot and consumer each key goes to: the partition by the producer's routing, the slot by the
 * broker's hash, the consumer by the ranges that the broker reports now.
 *
 * @throws Blocked E_NOT_KEY_SHARED; E_SELECTOR_UNKNOWN where the slots are not those of 4.x consistent hashing.
 */
export function keyOwners(collected: CollectedSubscription, keys: readonly string[]): KeyOwners {
  const {partitions} = keyRanges(collected)
  return {
    topic: collected.topic.full,
    subscription: collected.subscription,
    hashingScheme: 'JavaStringHash',
    owners: keys.map((key) => ownerOf(key, partitions, collected.partitionCount)),
  }
}

function ownerOf(key: string, partitions: readonly RangePartition[], partitionCount: number | null): KeyOwner {
  const index = partitionCount === null ? 0 : partitionOfKey(key, partitionCount)
  const row = partitions[index]
  if (!row) throw new Unreachable('E_PARTITIONS_MISSING', `partition ${String(index)} is missing from the answer`)
  if (row.selector !== 'consistent-hashing' && row.selector !== null) {
    throw new Blocked(
      'E_SELECTOR_UNKNOWN',
      `this version predicts owners for 4.x consistent hashing only; the broker uses ${row.selector}`,
      {data: {selector: row.selector, partition: row.partition}},
    )
  }
  const slot = consistentHashingSlot(Buffer.from(key, 'utf8'))
  const owner = row.consumers.find(({ranges}) => includesSlot(ranges, slot))
  return {
    key,
    partition: row.partition,
    slot,
    consumer: owner ? {name: owner.name, address: owner.address} : null,
    draining: row.draining.some((draining) => draining.slot === slot),
  }
}

function requireKeyShared(collected: CollectedSubscription): void {
  const other = collected.partitions.find(({subscription}) => subscription.type !== 'Key_Shared')
  if (!other) return
  const type = other.subscription.type ?? 'None'
  const where = other.partition === null ? '' : ` on partition ${String(other.partition)}`
  const {subscription, topic} = collected
  throw new Blocked(
    'E_NOT_KEY_SHARED',
    `${topic.full} ${subscription} is ${type}${where}; only a Key_Shared subscription assigns key ranges`,
    {
      data: {topic: topic.full, subscription, type, partition: other.partition},
      next: [
        `keyshift subscriptions inspect ${topic.full} ${subscription}`,
        ...(type === 'Shared' ? [`keyshift migrate plan ${topic.full} ${subscription} --to Key_Shared`] : []),
      ],
    },
  )
}

function rangesOfPartition({partition, subscription}: SubscriptionPartition): RangePartition {
  const selector = selectorOf(subscription)
  const space = selector?.slotSpace ?? null
  const consumers = (subscription.consumers ?? [])
    .map((consumer) => rangesOfConsumer(consumer, space))
    .toSorted((a, b) => (a.ranges[0]?.start ?? Infinity) - (b.ranges[0]?.start ?? Infinity))
  return {
    partition,
    selector: selector?.name ?? null,
    mode: subscription.keySharedMode ?? null,
    slotSpace: space,
    consumers,
    draining: (subscription.consumers ?? []).flatMap(drainingOf).toSorted((a, b) => a.slot - b.slot),
    coverage:
      space &&
      coverageOf(
        consumers.flatMap(({ranges}) => ranges),
        space,
      ),
  }
}

function rangesOfConsumer(consumer: ConsumerStats, space: SlotRange | null): RangeConsumer {
  // Auto-split prints its last range up to 65536, which no key reaches: cut it to the space.
  const ranges = reportedRanges(consumer).map(({end, start}) => ({start, end: space ? Math.min(end, space.end) : end}))
  const slots = countSlots(ranges)
  return {
    name: consumer.consumerName ?? null,
    address: consumer.address ?? null,
    slots,
    share: space && slots / countSlots([space]),
    ranges,
  }
}

function drainingOf(consumer: ConsumerStats): DrainingSlot[] {
  return (consumer.drainingHashes ?? []).map(({blockedAttempts, hash, unackMsgs}) => ({
    slot: hash,
    consumer: consumer.consumerName ?? null,
    unackedMessages: unackMsgs,
    blockedAttempts,
  }))
}
