import {ownerAt, type Segment} from '../selectors/segments.js'
import type {KeySpace, SpaceName} from '../hashing/key-space.js'

/** Number of messages by the hash of their sticky key. */
export type HashWeights = ReadonlyMap<number, number>

/** The share of the messages of each owner, from 0 to 1; the key null has those without an owner. */
export function weightByOwner<M>(
  segments: ReadonlyArray<Segment<SpaceName, M>>,
  weights: HashWeights,
  space: KeySpace<SpaceName>,
): Map<M | null, number> {
  const total = sumOf(weights)
  const shares = new Map<M | null, number>()
  for (const [hash, weight] of weights) {
    const owner = ownerAt(segments, space.slotOf(hash))
    shares.set(owner, (shares.get(owner) ?? 0) + weight / total)
  }
  return shares
}

/** The share of the messages whose owner differs between two assignments. */
export function movedWeight<M>(
  before: ReadonlyArray<Segment<SpaceName, M>>,
  after: ReadonlyArray<Segment<SpaceName, M>>,
  weights: HashWeights,
  space: KeySpace<SpaceName>,
): number {
  let moved = 0
  for (const [hash, weight] of weights) {
    const slot = space.slotOf(hash)
    if (ownerAt(before, slot) !== ownerAt(after, slot)) moved += weight
  }
  return moved / (sumOf(weights) || 1)
}

export function sumOf(weights: HashWeights): number {
  let sum = 0
  for (const weight of weights.values()) sum += weight
  return sum
}
