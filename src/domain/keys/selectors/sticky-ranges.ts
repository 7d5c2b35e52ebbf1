import {Blocked} from '../../../errors.js'
import type {Segment} from './segments.js'
import type {Member, Selector} from './selector.js'
import type {KeySpace, SpaceName} from '../hashing/key-space.js'

/**
 * STICKY: consumers choose their ranges; the remaining slots have no owner.
 *
 * @see apache/pulsar HashRangeExclusiveStickyKeyConsumerSelector (4.2.4)
 */
export class StickyRanges<S extends SpaceName, M extends Member> implements Selector<S, M> {
  readonly space: KeySpace<S>
  private owned: ReadonlyArray<Segment<S, M>>
  private present: readonly M[]

  constructor(space: KeySpace<S>, members: readonly M[], owned: ReadonlyArray<Segment<S, M>>) {
    this.space = space
    this.present = members
    this.owned = owned
  }

  get members(): readonly M[] {
    return this.present
  }

  join(member: M): void {
    throw new Blocked(
      'E_STICKY_JOIN',
      `cannot predict a join to a STICKY subscription: ${member.name} would choose its own ranges`,
      {data: {consumer: member.name}},
    )
  }

  leave(member: M): void {
    this.present = this.present.filter((other) => other !== member)
    this.owned = this.owned.filter(({owners}) => !owners.includes(member))
  }

  segments(): Array<Segment<S, M>> {
    return [...this.owned]
  }
}
