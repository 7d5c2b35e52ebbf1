/** A range of slots, both ends inclusive. */
export interface SlotRange {
  start: number
  end: number
}

/**
 * The slots that a key can have in every space: the smallest one ends here, and from 4.0 on slot 0 means that there is none
 * (StickyKeyConsumerSelector).
 */
export const KEY_SLOTS: SlotRange = {start: 1, end: 65_535}

/** Slots that nobody owns, and slots that more than one consumer claims. Both empty on a healthy subscription. */
export interface Coverage {
  missing: SlotRange[]
  overlapping: SlotRange[]
}

/** How many slots a list of ranges holds. */
export function countSlots(ranges: readonly SlotRange[]): number {
  return ranges.reduce((sum, {start, end}) => sum + end - start + 1, 0)
}

/**
 * Compares what is claimed with the space that has to be covered. One walk over the sorted ranges; what lies outside the
 * space counts for nothing.
 */
export function coverageOf(claimed: readonly SlotRange[], space: SlotRange): Coverage {
  const coverage: Coverage = {missing: [], overlapping: []}
  let covered = space.start - 1
  for (const range of claimed.toSorted((a, b) => a.start - b.start)) {
    const start = Math.max(range.start, space.start)
    const end = Math.min(range.end, space.end)
    if (start > end) continue
    if (start > covered + 1) coverage.missing.push({start: covered + 1, end: start - 1})
    if (start <= covered) coverage.overlapping.push({start, end: Math.min(end, covered)})
    covered = Math.max(covered, end)
  }
  if (covered < space.end) coverage.missing.push({start: covered + 1, end: space.end})
  return coverage
}
