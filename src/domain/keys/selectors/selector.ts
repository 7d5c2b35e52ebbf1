import type {Segment} from './segments.js'
import type {KeySpace, SpaceName} from '../hashing/key-space.js'

/** A consumer as a selector knows it: by identity, so that two of one name stay two. */
export interface Member {
  readonly name: string
}

/** Who owns which slot of one dispatcher, and what happens to that when consumers come and go. */
export interface Selector<S extends SpaceName, M extends Member> {
  readonly space: KeySpace<S>
  /** In the order of joining. */
  readonly members: readonly M[]
  /** @throws Blocked E_NO_RANGE_LEFT when auto-split has no range that is wide enough to be split. */
  join(member: M): void
  leave(member: M): void
  /** Sorted, neighbours of one owner joined; what is not in it nobody owns. */
  segments(): Array<Segment<S, M>>
}

/** The order in which brokers sort consumers: as Java compares strings, by UTF-16 code unit. */
export function byName(one: {readonly name: string}, other: {readonly name: string}): number {
  return one.name < other.name ? -1 : one.name > other.name ? 1 : 0
}
