import type {ConsumerStats, SubscriptionStats} from '../../../clients/pulsar-admin/types.js'
import {coverageOf, KEY_SLOTS, type SlotRange} from '../selectors/slot-ranges.js'
import {mergeSegments, type Segment} from '../selectors/segments.js'
import {byName, type Member} from '../selectors/selector.js'
import type {KeySpace, Slot, SpaceName} from '../hashing/key-space.js'

/** A connected consumer with the ranges that the broker reports for it. */
export interface ReportedConsumer extends Member {
  /** '' when the broker reports no name */
  readonly name: string
  readonly address: string | null
  /** null when the broker does not report it */
  readonly unackedMessages: number | null
  readonly stats: ConsumerStats
  /** Sorted by start, as reported: they may include slots that no key reaches. */
  readonly ranges: readonly SlotRange[]
}

/** In order of connection by the broker's clock; with equal times in the broker's order. */
export function reportedConsumers(stats: SubscriptionStats): ReportedConsumer[] {
  return (stats.consumers ?? [])
    .map((consumer) => ({
      name: consumer.consumerName ?? '',
      address: consumer.address ?? null,
      unackedMessages: consumer.unackedMessages ?? null,
      stats: consumer,
      ranges: reportedRanges(consumer),
    }))
    .toSorted((a, b) => connectedAt(a.stats) - connectedAt(b.stats))
}

/** Reads both formats: arrays since 4.0, text before 4.0 and from the classic dispatcher. */
function reportedRanges(consumer: ConsumerStats): SlotRange[] {
  const arrays = consumer.keyHashRangeArrays ?? (consumer.keyHashRanges ?? []).map((text) => parseRange(text))
  return arrays.map(([start, end]) => ({start, end})).toSorted((a, b) => a.start - b.start)
}

function parseRange(text: string): [number, number] {
  const [start = Number.NaN, end = Number.NaN] = text
    .replace(/[[\]\s]/g, '')
    .split(',')
    .map(Number)
  return [start, end]
}

function connectedAt({connectedSince}: ConsumerStats): number {
  const time = Date.parse(connectedSince ?? '')
  return Number.isNaN(time) ? 0 : time
}

/**
 * Converts the report into owners of the slots that a key can reach. Consumers that report the same range share it.
 * Before 4.0 the range after the last point is missing or ends one slot early; it belongs to the owner of the first point.
 */
export function reportedSegments<S extends SpaceName>(
  consumers: readonly ReportedConsumer[],
  space: KeySpace<S>,
): Array<Segment<S, ReportedConsumer>> {
  const byRange = new Map<string, {start: number; end: number; owners: ReportedConsumer[]}>()
  for (const consumer of consumers) {
    for (const {end, start} of consumer.ranges) {
      const range = byRange.get(`${String(start)}-${String(end)}`) ?? {start, end, owners: []}
      range.owners.push(consumer)
      byRange.set(`${String(start)}-${String(end)}`, range)
    }
  }
  const sorted = [...byRange.values()].toSorted((a, b) => a.start - b.start)
  if (space.name === 'ring-2.4') closeRing(sorted, space.last)
  const clipped = sorted.map(({end, owners, start}) => ({
    start: Math.max(start, space.first) as Slot<S>,
    end: Math.min(end, space.last) as Slot<S>,
    owners: owners.toSorted(byName),
  }))
  return mergeSegments(clipped.filter(({end, start}) => start <= end))
}

function closeRing(sorted: Array<{start: number; end: number; owners: ReportedConsumer[]}>, last: number): void {
  const [first, tail] = [sorted.at(0), sorted.at(-1)]
  if (!first || !tail || tail.end === last) return
  if (tail.end === last - 1 && tail.owners[0] === first.owners[0]) tail.end = last
  else sorted.push({start: tail.end + 1, end: last, owners: first.owners})
}

/**
 * Whether the statistics contain slots without an owner, although AUTO_SPLIT assigns every slot. The broker lists consumers
 * and their ranges one after the other; a consumer that disconnects in between is missing with its ranges.
 */
export function hasUnownedSlots(stats: SubscriptionStats): boolean {
  if (stats.type !== 'Key_Shared' || stats.keySharedMode === 'STICKY') return false
  const consumers = reportedConsumers(stats)
  const claimed = consumers.flatMap(({ranges}) => ranges)
  // Consistent hashing before 4.0 has a larger space than the others, so the end is the last reported slot.
  const end = claimed.reduce((most, range) => Math.max(most, range.end), KEY_SLOTS.end)
  return consumers.length > 0 && coverageOf(claimed, {...KEY_SLOTS, end}).missing.length > 0
}
