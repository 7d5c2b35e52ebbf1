import type {Segment} from './segments.js'
import type {KeySpace, SpaceName} from '../hashing/key-space.js'

/** A consumer, compared by identity, so that two of the same name remain distinct. */
export interface Member {
  readonly name: string
}

/** The assignment of one dispatcher's slots, and its change when consumers join or leave. */
export interface Selector<S extends SpaceName, M extends Member> {
  readonly space: KeySpace<S>
  /** In the order of joining. */
  readonly members: readonly M[]
  /** @throws Blocked E_NO_RANGE_LEFT when auto-split has no range wide enough to split. */
  join(member: M): void
  leave(member: M): void
  /** Sorted, with adjacent segments of one owner joined. Slots without an owner are omitted. */
  segments(): Array<Segment<S, M>>
}

/** The broker's order of consumers: by UTF-16 code unit, as Java compares strings. */
export function byName(one: {readonly name: string}, other: {readonly name: string}): number {
  return one.name < other.name ? -1 : one.name > other.name ? 1 : 0
}
