import {murmur3} from '../hashing/murmur3.js'
import {pushSegment, type Segment} from './segments.js'
import {byName, type Member, type Selector} from './selector.js'
import {type KeySpace, type Slot, type SpaceName, SPACES} from '../hashing/key-space.js'

/** The differences in consistent hashing between broker versions. */
export interface RingRules<S extends SpaceName> {
  readonly space: KeySpace<S>
  /** The text that is hashed for a point, without the point's number at the end. */
  readonly pointText: (name: string, index: number) => string
  /** Whether consumers of the same name get an index each, and therefore different points. */
  readonly hasNameIndex: boolean
  /**
   * What the broker does when two consumers hash to the same point. `first-stays`: the earlier one keeps the point and the
   * later one gets it when the earlier one leaves. `later-takes`: the later one replaces the earlier one, which never gets
   * the point back. `shared`: both stay at the point, ordered by name.
   */
  readonly onCollision: 'first-stays' | 'later-takes' | 'shared'
}

const NUL = '\u0000'

/** @see apache/pulsar ConsistentHashingStickyKeyConsumerSelector 4.0.0 to 4.2.4 (PIP-379), identical in all of them */
export const RING_4_0: RingRules<'ring-4.0'> = {
  space: SPACES['ring-4.0'],
  pointText: (name, index) => name + NUL + String(index) + NUL,
  hasNameIndex: true,
  onCollision: 'first-stays',
}

/** The same with `subscriptionKeySharedUseClassicPersistentImplementation`, on a larger ring. */
export const RING_CLASSIC: RingRules<'ring-classic'> = {...RING_4_0, space: SPACES['ring-classic']}

/** 3.0.7 and later, 3.3.2 and later. @see apache/pulsar#23327 */
export const RING_3_0_7: RingRules<'ring-2.4'> = {
  ...RING_4_0,
  space: SPACES['ring-2.4'],
  onCollision: 'later-takes',
}

/** 3.0.3 to 3.0.6, 3.2.1 and later, 3.3.0 and 3.3.1: consumers of the same name share every point. @see apache/pulsar#22053 */
export const RING_3_0_3: RingRules<'ring-2.4'> = {
  space: SPACES['ring-2.4'],
  pointText: (name) => name + NUL,
  hasNameIndex: false,
  onCollision: 'shared',
}

/** Earlier versions: `consumer1` with point 11 and `consumer11` with point 1 hash the same text. @see apache/pulsar#22050 */
export const RING_2_4: RingRules<'ring-2.4'> = {
  ...RING_3_0_3,
  pointText: (name) => name,
}

interface RingPoints {
  readonly index: number
  readonly points: readonly number[]
}

/**
 * Consistent hashing: each consumer has points on a ring of slots, and owns the slots from the previous point up to its own.
 * The slots after the last point belong to the owner of the first point.
 */
export class HashRing<S extends SpaceName, M extends Member> implements Selector<S, M> {
  readonly rules: RingRules<S>
  readonly pointsPerMember: number
  private readonly pointsOfMember = new Map<M, RingPoints>()
  /** name → the indexes of its consumers */
  private readonly indexes = new Map<string, Set<number>>()
  /** slot → the consumers with a point there; the first one owns it, unless they share it */
  private readonly ring = new Map<number, readonly M[]>()

  constructor(rules: RingRules<S>, pointsPerMember: number) {
    this.rules = rules
    this.pointsPerMember = pointsPerMember
  }

  get space(): KeySpace<S> {
    return this.rules.space
  }

  get members(): M[] {
    return [...this.pointsOfMember.keys()]
  }

  /** @param index of the consumer among those of the same name, when the broker's report shows it. */
  join(member: M, index = this.freeIndex(member.name)): void {
    const points = pointsOf(this.rules, member.name, index, this.pointsPerMember)
    this.pointsOfMember.set(member, {index, points})
    this.reserveIndex(member.name, index)
    // Most points have one consumer, so all points of a consumer share this list.
    const alone: readonly [M] = [member]
    for (const point of points) this.addPoint(point, alone)
  }

  leave(member: M): void {
    const memberPoints = this.pointsOfMember.get(member)
    if (!memberPoints) return
    for (const point of memberPoints.points) {
      const left = (this.ring.get(point) ?? []).filter((other) => other !== member)
      if (left.length > 0) this.ring.set(point, left)
      else this.ring.delete(point)
    }
    this.pointsOfMember.delete(member)
    // Without points it has already released its index, which another consumer may have now.
    if (memberPoints.points.length > 0) this.indexes.get(member.name)?.delete(memberPoints.index)
  }

  /** Puts a consumer first at a point with several consumers, because the broker reports the first one as the owner. */
  prefer(point: Slot<S>, member: M): void {
    const waiting = this.ring.get(point) ?? []
    if (waiting.length > 1 && waiting.includes(member)) {
      this.ring.set(point, [member, ...waiting.filter((other) => other !== member)])
    }
  }

  /** Points with more than one consumer. */
  collisions(): Array<Slot<S>> {
    return [...this.ring].filter(([, members]) => members.length > 1).map(([point]) => point as Slot<S>)
  }

  segments(): Array<Segment<S, M>> {
    const points = Int32Array.from([...this.ring.keys()]).sort()
    const segments: Array<Segment<S, M>> = []
    let start: number = this.space.first
    for (const point of points) {
      pushSegment(segments, start, point, this.ownersAt(point))
      start = point + 1
    }
    const [lowest] = points
    if (lowest !== undefined && start <= this.space.last) {
      pushSegment(segments, start, this.space.last, this.ownersAt(lowest))
    }
    return segments
  }

  private ownersAt(point: number): readonly M[] {
    const members = this.ring.get(point) ?? []
    return this.rules.onCollision === 'shared' || members.length === 1 ? members : members.slice(0, 1)
  }

  private addPoint(point: number, alone: readonly [M]): void {
    const others = this.ring.get(point)
    if (others?.includes(alone[0])) return // the consumer has two points in one slot
    const {onCollision} = this.rules
    if (!others || onCollision === 'later-takes') {
      this.ring.set(point, alone)
      for (const member of others ?? []) this.dropPoint(member, point)
    } else {
      const members = [...others, ...alone]
      this.ring.set(point, onCollision === 'shared' ? members.sort(byName) : members)
    }
  }

  /** A consumer that has lost all its points releases its index, although it remains connected. */
  private dropPoint(member: M, point: number): void {
    const memberPoints = this.pointsOfMember.get(member)
    if (!memberPoints) return
    const points = memberPoints.points.filter((one) => one !== point)
    this.pointsOfMember.set(member, {...memberPoints, points})
    if (points.length === 0) this.indexes.get(member.name)?.delete(memberPoints.index)
  }

  /** The smallest index that no consumer of this name has. */
  private freeIndex(name: string): number {
    if (!this.rules.hasNameIndex) return 0
    let index = 0
    while (this.indexes.get(name)?.has(index)) index++
    return index
  }

  private reserveIndex(name: string, index: number): void {
    const used = this.indexes.get(name)
    if (used) used.add(index)
    else this.indexes.set(name, new Set([index]))
  }
}

/** The slots of a consumer's points, in the order in which the broker sets them. A slot may occur twice. */
export function pointsOf<S extends SpaceName>(
  rules: RingRules<S>,
  name: string,
  index: number,
  count: number,
): Array<Slot<S>> {
  const prefix = Buffer.from(rules.pointText(name, index), 'utf8')
  // One buffer for all texts, because a ring of 1,000 consumers hashes 100,000 of them.
  const text = Buffer.alloc(prefix.length + String(count).length)
  prefix.copy(text)
  return Array.from({length: count}, (_, point) =>
    rules.space.slotOf(murmur3(text, 0, prefix.length + text.write(String(point), prefix.length, 'latin1'))),
  )
}
