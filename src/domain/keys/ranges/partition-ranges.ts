import {skewOf} from '../selectors/skew.js'
import type {SubscriptionPartition} from '../../topic-stats/collect-topic-stats.js'
import type {Algorithm, SelectorName} from '../selectors/algorithms.js'
import type {Assignment} from '../assignment/detect-selector.js'
import {type Coverage, coverageOf, type SlotRange} from '../selectors/slot-ranges.js'
import type {ReportedConsumer} from '../assignment/reported-consumers.js'
import {slotsByOwner} from '../selectors/segments.js'
import {sizeOf} from '../hashing/key-space.js'

export interface RangeConsumer {
  name: string | null
  address: string | null
  /** ISO 8601 */
  connectedSince: string | null
  /** null when the key space is unknown */
  slots: number | null
  /** share of the key space, from 0 to 1; null when its size is unknown */
  share: number | null
  ranges: SlotRange[]
  /** permits: messages that the broker may still send to it; may be negative with batches */
  availablePermits: number | null
  unackedMessages: number | null
}

/** A slot whose new messages are blocked until `consumer` has acknowledged its old ones. */
export interface DrainingSlot {
  slot: number
  /** the consumer that must acknowledge */
  consumer: string | null
  unackedMessages: number
  /** number of deliveries that it blocked */
  blockedAttempts: number
}

export interface RangePartition {
  /** null on a plain topic */
  partition: number | null
  /** null when unknown */
  selector: SelectorName | null
  /** the first Pulsar version with this algorithm; null when unknown */
  algorithmSince: Algorithm['since'] | null
  selectorSource: 'configuration' | 'statistics' | null
  /** points per consumer on the hash ring; null without a ring and when they cannot be detected */
  points: number | null
  mode: string | null
  /** whether the order of messages of one key is guaranteed; null when the broker does not report it */
  isOrderGuaranteed: boolean | null
  /** the slots that a key can reach */
  slotSpace: SlotRange | null
  consumers: RangeConsumer[]
  draining: DrainingSlot[]
  /** messages in the replay queue: blocked or to be redelivered */
  replayMessages: number | null
  /** null when the key space is unknown */
  coverage: Coverage | null
  /** the largest share as a multiple of the mean; null when shares are unknown */
  skew: number | null
}

/** One partition's assignment as the broker reports it. */
export function rangesOfPartition(
  {partition, subscription}: SubscriptionPartition,
  assignment: Assignment,
): RangePartition {
  const {algorithm, consumers, mode, restored, segments, source} = assignment
  const space = algorithm?.space
  const counts = slotsByOwner(segments)
  const shares = consumers.map((consumer) => (space ? (counts.get(consumer) ?? 0) / sizeOf(space) : null))
  return {
    partition,
    selector: algorithm?.selector ?? null,
    algorithmSince: algorithm?.since ?? null,
    selectorSource: source,
    points: restored?.points ?? null,
    mode,
    isOrderGuaranteed:
      subscription.allowOutOfOrderDelivery === undefined ? null : !subscription.allowOutOfOrderDelivery,
    slotSpace: space ? {start: space.first, end: space.last} : null,
    consumers: consumers
      .map((consumer, at) => ({
        ...consumerRow(consumer, space ? {start: space.first, end: space.last} : null),
        slots: space ? (counts.get(consumer) ?? 0) : null,
        share: shares[at] ?? null,
      }))
      .toSorted((a, b) => (a.ranges[0]?.start ?? Infinity) - (b.ranges[0]?.start ?? Infinity)),
    draining: consumers.flatMap(drainingOf).toSorted((a, b) => a.slot - b.slot),
    replayMessages: subscription.msgInReplay ?? null,
    coverage: space ? coverageOf(segments, {start: space.first, end: space.last}) : null,
    skew: skewOf(shares),
  }
}

function consumerRow(consumer: ReportedConsumer, space: SlotRange | null): Omit<RangeConsumer, 'share' | 'slots'> {
  const {connectedSince, availablePermits, unackedMessages} = consumer.stats
  return {
    name: consumer.name === '' ? null : consumer.name,
    address: consumer.address,
    connectedSince: connectedSince === undefined ? null : new Date(connectedSince).toISOString(),
    ranges: clip(consumer.ranges, space),
    availablePermits: availablePermits ?? null,
    unackedMessages: unackedMessages ?? null,
  }
}

/** Brokers report range ends that no key reaches, such as 65536. */
function clip(ranges: readonly SlotRange[], space: SlotRange | null): SlotRange[] {
  if (!space) return [...ranges]
  return ranges
    .map(({end, start}) => ({start: Math.max(start, space.start), end: Math.min(end, space.end)}))
    .filter(({end, start}) => start <= end)
}

function drainingOf(consumer: ReportedConsumer): DrainingSlot[] {
  return (consumer.stats.drainingHashes ?? []).map(({blockedAttempts, hash, unackMsgs}) => ({
    slot: hash,
    consumer: consumer.name === '' ? null : consumer.name,
    unackedMessages: unackMsgs,
    blockedAttempts,
  }))
}
