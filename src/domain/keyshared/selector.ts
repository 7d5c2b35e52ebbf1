import type {ConsumerStats, SubscriptionStats} from '../../clients/pulsar-admin/types.js'
import type {SlotRange} from './ranges.js'

/** How a broker turns a sticky key into a consumer. `classic` is the dispatcher of 3.x, also behind a flag in 4.x. */
export type SelectorName = 'auto-split' | 'classic' | 'consistent-hashing' | 'sticky'

export interface Selector {
  name: SelectorName
  /** The slots that have to be covered; null where keyshift does not know them. */
  slotSpace: SlotRange | null
}

const CONSISTENT_HASHING_END = 65_535
const AUTO_SPLIT_END = 65_536

/**
 * Tells the selector from the statistics alone, so it needs no superuser. Consistent hashing covers 1…65535, auto-split
 * prints its last range up to 65536 (a number that no key reaches), and a 3.x or classic dispatcher reports its ranges
 * as text.
 *
 * @returns null when no consumer reports a range: unknown, not a guess.
 */
export function selectorOf(stats: SubscriptionStats): Selector | null {
  const consumers = stats.consumers ?? []
  if (stats.keySharedMode === 'STICKY') return {name: 'sticky', slotSpace: {start: 1, end: CONSISTENT_HASHING_END}}
  const ends = consumers.flatMap((consumer) => (consumer.keyHashRangeArrays ?? []).map(([, end]) => end))
  if (ends.length === 0) {
    const reportsText = consumers.some((consumer) => (consumer.keyHashRanges ?? []).length > 0)
    return reportsText ? {name: 'classic', slotSpace: null} : null
  }
  const last = Math.max(...ends)
  if (last === AUTO_SPLIT_END) return {name: 'auto-split', slotSpace: {start: 0, end: CONSISTENT_HASHING_END}}
  if (last > AUTO_SPLIT_END) return {name: 'classic', slotSpace: null}
  return {name: 'consistent-hashing', slotSpace: {start: 1, end: CONSISTENT_HASHING_END}}
}

/** The ranges that a consumer reports, in either spelling, sorted by start. */
export function reportedRanges(consumer: ConsumerStats): SlotRange[] {
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
