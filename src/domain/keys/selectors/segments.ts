import type {Slot, SpaceName} from '../hashing/key-space.js'

/**
 * Consecutive slots with the same owner. Before 3.0.7 several consumers can own them together; then the owner of a slot is
 * `owners[slot % owners.length]`.
 */
export interface Segment<S extends SpaceName, M> {
  readonly start: Slot<S>
  /** inclusive */
  readonly end: Slot<S>
  readonly owners: readonly M[]
}

/** The number of slots that move from one consumer to another. */
export interface Move<M> {
  readonly from: M | null
  readonly to: M | null
  readonly slots: number
}

/** Joins adjacent segments of the same owners. The list must be sorted by start and have no overlaps. */
export function mergeSegments<S extends SpaceName, M>(segments: ReadonlyArray<Segment<S, M>>): Array<Segment<S, M>> {
  const merged: Array<Segment<S, M>> = []
  for (const {end, owners, start} of segments) pushSegment(merged, start, end, owners)
  return merged
}

/** Appends slots, by extending the last segment when it is adjacent and has the same owners. */
export function pushSegment<S extends SpaceName, M>(
  segments: Array<Segment<S, M>>,
  start: number,
  end: number,
  owners: readonly M[],
): void {
  const last = segments.at(-1)
  if (last?.end === start - 1 && sameOwners(last.owners, owners)) {
    segments[segments.length - 1] = {start: last.start, end: end as Slot<S>, owners: last.owners}
  } else segments.push({start: start as Slot<S>, end: end as Slot<S>, owners})
}

/** The owner of a slot, or null without an owner. Binary search over sorted segments. */
export function ownerAt<S extends SpaceName, M>(segments: ReadonlyArray<Segment<S, M>>, slot: Slot<S>): M | null {
  let low = 0
  let high = segments.length - 1
  while (low <= high) {
    const middle = (low + high) >>> 1
    const segment = segments[middle]
    if (!segment || slot < segment.start) high = middle - 1
    else if (slot > segment.end) low = middle + 1
    else return segment.owners[slot % segment.owners.length] ?? null
  }
  return null
}

/** The number of slots of each owner. Owners without slots are omitted. */
export function slotsByOwner<S extends SpaceName, M>(segments: ReadonlyArray<Segment<S, M>>): Map<M, number> {
  const counts = new Map<M, number>()
  for (const {end, owners, start} of segments) {
    for (const [remainder, owner] of owners.entries()) {
      const slots = countWithRemainder(start, end, owners.length, remainder)
      if (slots > 0) counts.set(owner, (counts.get(owner) ?? 0) + slots)
    }
  }
  return counts
}

/**
 * Counts the slots whose owner differs between two assignments of one space. For shared segments it counts remainders, which
 * is exact and avoids iterating over two billion slots.
 */
export function movesBetween<S extends SpaceName, M>(
  before: ReadonlyArray<Segment<S, M>>,
  after: ReadonlyArray<Segment<S, M>>,
): Array<Move<M>> {
  const moves = new Map<M | null, Map<M | null, number>>()
  for (const {end, left, right, start} of overlaps(before, after)) {
    const period = leastCommonMultiple(left.length || 1, right.length || 1)
    for (let remainder = 0; remainder < period; remainder++) {
      const from = left[remainder % left.length] ?? null
      const to = right[remainder % right.length] ?? null
      if (from === to) continue
      const slots = countWithRemainder(start, end, period, remainder)
      const row = moves.get(from) ?? new Map<M | null, number>()
      moves.set(from, row.set(to, (row.get(to) ?? 0) + slots))
    }
  }
  return [...moves].flatMap(([from, row]) =>
    [...row].filter(([, slots]) => slots > 0).map(([to, slots]) => ({from, to, slots})),
  )
}

/** Whether every slot has the same owner in both. */
export function sameAssignment<S extends SpaceName, M>(
  one: ReadonlyArray<Segment<S, M>>,
  other: ReadonlyArray<Segment<S, M>>,
): boolean {
  return movesBetween(one, other).length === 0
}

interface Overlap<M> {
  start: number
  end: number
  left: readonly M[]
  right: readonly M[]
}

/** Both lists, split at the boundaries of either. A list without a segment there has no owners. */
function overlaps<S extends SpaceName, M>(
  before: ReadonlyArray<Segment<S, M>>,
  after: ReadonlyArray<Segment<S, M>>,
): Array<Overlap<M>> {
  const cuts = new Set([...before, ...after].flatMap(({end, start}) => [start as number, end + 1]))
  const starts = Float64Array.from(cuts).sort()
  const cursors = [new Walk(before), new Walk(after)] as const
  return [...starts.subarray(0, -1)].map((start, at) => ({
    start,
    end: (starts[at + 1] ?? 0) - 1,
    left: cursors[0].ownersAt(start),
    right: cursors[1].ownersAt(start),
  }))
}

/** Finds the owners of slots in ascending order, without searching from the start each time. */
class Walk<S extends SpaceName, M> {
  private at = 0
  private readonly segments: ReadonlyArray<Segment<S, M>>

  constructor(segments: ReadonlyArray<Segment<S, M>>) {
    this.segments = segments
  }

  ownersAt(slot: number): readonly M[] {
    for (;;) {
      const segment = this.segments[this.at]
      if (!segment || slot < segment.start) return []
      if (slot <= segment.end) return segment.owners
      this.at++
    }
  }
}

/** The count of numbers from start to end, both inclusive, with this remainder. */
function countWithRemainder(start: number, end: number, divisor: number, remainder: number): number {
  return countUpTo(end, divisor, remainder) - countUpTo(start - 1, divisor, remainder)
}

function countUpTo(end: number, divisor: number, remainder: number): number {
  return end < remainder ? 0 : Math.floor((end - remainder) / divisor) + 1
}

function leastCommonMultiple(a: number, b: number): number {
  let [large, small] = [a, b]
  while (small > 0) [large, small] = [small, large % small]
  return (a / large) * b
}

function sameOwners<M>(one: readonly M[], other: readonly M[]): boolean {
  if (one.length !== other.length) return false
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false
  return true
}
