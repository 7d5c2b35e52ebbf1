import {Blocked} from '../../../errors.js'
import {mergeSegments, type Segment} from './segments.js'
import type {Member, Selector} from './selector.js'
import type {KeySpace, Slot} from '../hashing/key-space.js'

/** The upper bound of the last range, which no key reaches. */
const LAST_BOUND = 65_536

/**
 * Range splitting: a joining consumer takes the lower half of the widest range. The result depends on the order of joining,
 * not on names.
 *
 * @see apache/pulsar HashRangeAutoSplitStickyKeyConsumerSelector, the same results on 3.0.0 and 4.0.8
 */
export class AutoSplit<S extends 'ranges-2.4' | 'ranges-4.0', M extends Member> implements Selector<S, M> {
  readonly space: KeySpace<S>
  /** Sorted by upper bound; each range starts after the previous one. */
  private ranges: Array<{readonly upper: number; readonly member: M}>

  /** @param ranges upper bounds and consumers as the broker reports them; empty without consumers. */
  constructor(space: KeySpace<S>, ranges: ReadonlyArray<{readonly upper: number; readonly member: M}> = []) {
    this.space = space
    this.ranges = ranges.toSorted((a, b) => a.upper - b.upper)
  }

  get members(): M[] {
    return this.ranges.map(({member}) => member)
  }

  join(member: M): void {
    if (this.ranges.length === 0) {
      this.ranges = [{upper: LAST_BOUND, member}]
      return
    }
    const widths = this.ranges.map(({upper}, at) => upper - (this.ranges[at - 1]?.upper ?? 0))
    const width = Math.max(...widths)
    const widest = widths.indexOf(width)
    if (width <= 1) {
      throw new Blocked('E_NO_RANGE_LEFT', `the broker would refuse ${member.name}: no range is left to split`, {
        data: {consumer: member.name, consumers: this.ranges.length},
      })
    }
    const upper = (this.ranges[widest]?.upper ?? 0) - (width >> 1)
    this.ranges = this.ranges.toSpliced(widest, 0, {upper, member})
  }

  leave(member: M): void {
    const at = this.ranges.findIndex((range) => range.member === member)
    const below = this.ranges[at - 1]
    if (at > 0 && at === this.ranges.length - 1 && below) {
      // The last bound is fixed, so the range below grows up to it. Any other range goes to the range above it.
      this.ranges = [...this.ranges.slice(0, at - 1), {upper: LAST_BOUND, member: below.member}]
    } else if (at !== -1) this.ranges = this.ranges.toSpliced(at, 1)
  }

  segments(): Array<Segment<S, M>> {
    const {first, last} = this.space
    const segments = this.ranges.map(({member, upper}, at) => ({
      start: Math.max((this.ranges[at - 1]?.upper ?? -1) + 1, first) as Slot<S>,
      end: Math.min(upper, last) as Slot<S>,
      owners: [member],
    }))
    return mergeSegments(segments.filter(({end, start}) => start <= end))
  }
}
