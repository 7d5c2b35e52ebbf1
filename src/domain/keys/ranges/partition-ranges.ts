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
  /** null where the key space is not known */
  slots: number | null
  /** part of the key space, from 0 to 1; null where its size is not known */
  share: number | null
  ranges: SlotRange[]
  /** messages it can still be sent; may be negative with batches */
  availablePermits: number | null
  unackedMessages: number | null
}

/** A slot whose new messages wait until `consumer` has acknowledged its old ones. */
export interface DrainingSlot {
  slot: number
  /** who has to acknowledge */
  consumer: string | null
  unackedMessages: number
  /** how often the broker could not deliver because of it */
  blockedAttempts: number
}

export interface RangePartition {
  /** null on a plain topic */
  partition: number | null
  /** null when it can't be told */
  selector: SelectorName | null
  /** the first Pulsar version whose algorithm this is; null when it can't be told */
  algorithmSince: Algorithm['since'] | null
  selectorSource: 'configuration' | 'statistics' | null
  /** points per consumer on the hash ring; null where there is none or they don't show */
  points: number | null
  mode: string | null
  /** whether messages of a key keep their order; null where the broker does not say */
  isOrderGuaranteed: boolean | null
  /** the slots that a key can reach */
  slotSpace: SlotRange | null
  consumers: RangeConsumer[]
  draining: DrainingSlot[]
  /** messages in the replay queue, held back or to be delivered again */
  replayMessages: number | null
  /** null where the key space is not known */
  coverage: Coverage | null
  /** the largest share as a multiple of the mean; null where shares are not known */
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

/** Brokers report ends that no key reaches, such as 65536. */
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
