import type {InternalStats} from '../../clients/pulsar-admin/types.js'
import {countEntries, type EntryRange} from '../topic-stats/unacked-entries.js'

/** Which part of a backlog to sample. */
export type SamplePart = 'head' | 'spread' | 'tail'

/** The number of separate places that `spread` samples on each partition. */
const SPREAD = 64

/** Numbers the entries of a topic; the oldest is 1. */
export interface LedgerIndex {
  /** null for an entry that is no longer on the topic */
  readonly numberOf: (place: {readonly ledgerId: number; readonly entryId: number}) => number | null
}

export function ledgerIndex(stats: InternalStats): LedgerIndex {
  const before = new Map<number, number>()
  let sum = 0
  for (const {entries, ledgerId} of stats.ledgers ?? []) {
    before.set(ledgerId, sum)
    sum += entries
  }
  return {
    numberOf: ({entryId, ledgerId}) => {
      const earlier = before.get(ledgerId)
      return earlier === undefined ? null : earlier + entryId + 1
    },
  }
}

/**
 * Chooses the part of each partition's backlog to read: at most `max` entries in total, in proportion to the backlogs.
 *
 * @param where the oldest entries, the newest entries, or up to 64 evenly spread places.
 */
export function chooseEntries(
  backlogs: ReadonlyArray<readonly EntryRange[]>,
  where: SamplePart,
  max: number,
): EntryRange[] {
  const total = backlogs.reduce((sum, backlog) => sum + countEntries(backlog), 0)
  if (total <= max) return backlogs.flat()
  const limits = shareOut(backlogs.map(countEntries), max)
  return backlogs.flatMap((backlog, at) => cut(backlog, where, limits[at] ?? 0))
}

/** Shares in proportion whose sum is exactly `max`: the largest remainders are rounded up. */
function shareOut(sizes: readonly number[], max: number): number[] {
  const total = sizes.reduce((sum, size) => sum + size, 0)
  const exact = sizes.map((size) => (size * max) / total)
  const floors = exact.map(Math.floor)
  const left = max - floors.reduce((sum, floor) => sum + floor, 0)
  const order = exact.map((value, at) => ({at, rest: value % 1})).toSorted((a, b) => b.rest - a.rest)
  const roundedUp = new Set(order.slice(0, left).map(({at}) => at))
  return floors.map((floor, at) => (roundedUp.has(at) ? floor + 1 : floor))
}

function cut(backlog: readonly EntryRange[], where: SamplePart, limit: number): EntryRange[] {
  const size = countEntries(backlog)
  if (where === 'head') return slice(backlog, 0, limit)
  if (where === 'tail') return slice(backlog, size - limit, size)
  const places = Math.min(SPREAD, limit)
  let taken = 0
  let end = 0
  return Array.from({length: places}, (_, place) => {
    // Starts are even, but never before the end of the previous place, and early enough for the remaining entries.
    const even = Math.floor((place * size) / places)
    const start = Math.min(Math.max(even, end), size - (limit - taken))
    const entries = Math.floor(((place + 1) * limit) / places) - taken
    taken += entries
    end = start + entries
    return slice(backlog, start, end)
  }).flat()
}

/** The entries from number `from` (inclusive) to `to` (exclusive) of a list of ranges. */
function slice(ranges: readonly EntryRange[], from: number, to: number): EntryRange[] {
  let passed = 0
  return ranges.flatMap((range) => {
    const size = range.last - range.first + 1
    const first = range.first + Math.max(0, from - passed)
    const last = range.first + Math.min(size, to - passed) - 1
    passed += size
    return first <= last && last >= range.first ? [{...range, first, last}] : []
  })
}
