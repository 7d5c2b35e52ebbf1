import {type HashWeights, movedWeight, weightByOwner} from './hash-weights.js'
import {skewOf} from '../selectors/skew.js'
import type {SlotRange} from '../selectors/slot-ranges.js'
import {byName, type Member, type Selector} from '../selectors/selector.js'
import {type Move, movesBetween, type Segment, slotsByOwner} from '../selectors/segments.js'
import {type KeySpace, sizeOf, type SpaceName} from '../hashing/key-space.js'

/** A consumer in a simulation. `unackedMessages` is null when it is not connected or the broker does not report it. */
export interface SimulatedMember extends Member {
  readonly address: string | null
  readonly unackedMessages: number | null
}

export interface SimulatedConsumer {
  name: string
  /** null when it is not connected */
  address: string | null
  /** null when it is not connected at that time */
  before: SimulatedShare | null
  after: (SimulatedShare & {ranges: SlotRange[]}) | null
}

export interface SimulatedShare {
  slots: number
  share: number
  /** share of the sampled messages; null without a sample */
  sampledShare: number | null
}

/** In-flight messages of moving slots. The broker blocks their keys until these messages are acknowledged. */
export interface Draining {
  /**
   * estimate from the share of its slots that each remaining consumer loses; null when slots do not drain (before 4.0, STICKY,
   * out-of-order delivery) and when unacknowledged messages are unknown
   */
  expectedMessages: number | null
  atMostMessages: number | null
  /** messages of the departing consumers, which are redelivered to others */
  redeliveredMessages: number | null
}

export interface SimulatedPartition {
  /** null on a plain topic, and offline */
  partition: number | null
  /** null without a previous assignment by the same selector; the same applies to the next three */
  slotsMoved: number | null
  /** share of the key space */
  shareMoved: number | null
  /** share of the sampled messages; null without a sample */
  sampledShareMoved: number | null
  draining: Draining | null
  /** the largest share as a multiple of the mean; null without consumers */
  skew: {before: number | null; after: number | null}
  consumers: SimulatedConsumer[]
}

type Segments = ReadonlyArray<Segment<SpaceName, SimulatedMember>>

/** One partition's dispatcher before the change. */
export interface SimulatedPartitionState {
  readonly partition: number | null
  readonly selector: Selector<SpaceName, SimulatedMember>
  /** Whether the broker blocks new messages of a moving slot until the old ones are acknowledged. */
  readonly drains: boolean
}

export interface MemberChange {
  readonly leave: readonly SimulatedMember[]
  readonly join: readonly SimulatedMember[]
}

/**
 * Simulates a change of consumers. It modifies the selector, which afterwards has the new assignment.
 *
 * @throws Blocked E_NO_RANGE_LEFT when auto-split cannot take another consumer.
 */
export function simulate(
  state: SimulatedPartitionState,
  {join, leave}: MemberChange,
  weights: HashWeights | null,
): SimulatedPartition {
  const {drains, partition, selector} = state
  const before = selector.segments()
  const membersBefore = [...selector.members]
  for (const member of leave) selector.leave(member)
  for (const member of join) selector.join(member)
  return compare(selector, {drains, before, membersBefore, after: selector.segments()}, partition, weights)
}

interface Change {
  readonly drains: boolean
  readonly before: Segments
  readonly membersBefore: readonly SimulatedMember[]
  readonly after: Segments
}

function compare(
  {members, space}: Selector<SpaceName, SimulatedMember>,
  change: Change,
  partition: number | null,
  weights: HashWeights | null,
): SimulatedPartition {
  const {after, before, membersBefore} = change
  const consumers = sharesOf(change, members, space, weights)
  const moves = movesBetween(before, after)
  const slotsMoved = moves.reduce((sum, {slots}) => sum + slots, 0)
  const isComparable = membersBefore.length > 0
  return {
    partition,
    slotsMoved: isComparable ? slotsMoved : null,
    shareMoved: isComparable ? slotsMoved / sizeOf(space) : null,
    sampledShareMoved: isComparable && weights ? movedWeight(before, after, weights, space) : null,
    draining: isComparable ? drainingOf(moves, slotsByOwner(before), new Set(members), change.drains) : null,
    skew: {
      before: skewOf(consumers.flatMap((consumer) => consumer.before?.share ?? [])),
      after: skewOf(consumers.flatMap((consumer) => consumer.after?.share ?? [])),
    },
    consumers,
  }
}

function sharesOf(
  {after, before, membersBefore}: Change,
  members: readonly SimulatedMember[],
  space: KeySpace<SpaceName>,
  weights: HashWeights | null,
): SimulatedConsumer[] {
  const sides = [before, after].map((segments) => ({
    slots: slotsByOwner(segments),
    weight: weights && weightByOwner(segments, weights, space),
  }))
  const shareOn = (side: number, member: SimulatedMember): SimulatedShare => {
    const slots = sides[side]?.slots.get(member) ?? 0
    const weight = sides[side]?.weight
    return {slots, share: slots / sizeOf(space), sampledShare: weight ? (weight.get(member) ?? 0) : null}
  }
  return [...new Set([...membersBefore, ...members])]
    .map((member): SimulatedConsumer => ({
      name: member.name,
      address: member.address,
      before: membersBefore.includes(member) ? shareOn(0, member) : null,
      after: members.includes(member) ? {...shareOn(1, member), ranges: rangesOf(after, member)} : null,
    }))
    .toSorted(byName)
}

/**
 * The broker reports unacknowledged messages by consumer, not by slot. So the number for moving slots is estimated by their
 * share, and the consumer's total is the upper bound. Messages of a departing consumer do not drain; they are redelivered.
 */
function drainingOf(
  moves: ReadonlyArray<Move<SimulatedMember>>,
  owned: ReadonlyMap<SimulatedMember, number>,
  staying: ReadonlySet<SimulatedMember>,
  drains: boolean,
): Draining {
  const lost = new Map<SimulatedMember, number>()
  for (const {from, slots} of moves) if (from) lost.set(from, (lost.get(from) ?? 0) + slots)
  const rows = [...lost].map(([member, slots]) => ({member, part: slots / (owned.get(member) ?? slots)}))
  const sum = (stays: boolean, weigh: (part: number) => number): number | null => {
    const chosen = rows.filter(({member}) => staying.has(member) === stays)
    if (chosen.some(({member}) => member.unackedMessages === null)) return null
    return Math.round(chosen.reduce((total, {member, part}) => total + (member.unackedMessages ?? 0) * weigh(part), 0))
  }
  return {
    expectedMessages: drains ? sum(true, (part) => part) : null,
    atMostMessages: drains ? sum(true, () => 1) : null,
    redeliveredMessages: sum(false, () => 1),
  }
}

function rangesOf(segments: Segments, member: SimulatedMember): SlotRange[] {
  return segments.filter(({owners}) => owners.includes(member)).map(({end, start}) => ({start, end}))
}
