/** A range of slots, both ends inclusive. */
export interface SlotRange {
  start: number
  end: number
}

/**
 * The slots that a key can have in every space: the smallest space ends here, and since 4.0 slot 0 means "no hash"
 * (StickyKeyConsumerSelector).
 */
export const KEY_SLOTS: SlotRange = {start: 1, end: 65_535}

/** Slots without an owner, and slots with more than one. Both are empty on a healthy subscription. */
export interface Coverage {
  missing: SlotRange[]
  overlapping: SlotRange[]
}

/** The number of slots in a list of ranges. */
export function countSlots(ranges: readonly SlotRange[]): number {
  return ranges.reduce((sum, {start, end}) => sum + end - start + 1, 0)
}

/**
 * Compares the owned ranges with the space to cover, in one pass over the sorted ranges. Slots outside the space are
 * ignored.
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
