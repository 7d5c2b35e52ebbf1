import {type Algorithm, emptySelector} from '../selectors/algorithms.js'
import {numbered} from './consumer-change.js'
import {type HashWeights, weightByOwner} from './hash-weights.js'
import {skewOf} from '../selectors/skew.js'
import {slotsByOwner} from '../selectors/segments.js'
import {sizeOf} from '../hashing/key-space.js'

/** How evenly slots or messages are distributed over the consumers. */
export interface Evenness {
  /** the largest share as a multiple of the mean */
  skew: number
  largestShare: number
  smallestShare: number
}

export interface NameProposal extends Evenness {
  /** such as `app-v17-{0..N}` */
  namesLike: string
  names: string[]
}

export interface PointsProposal extends Evenness {
  /** `subscriptionKeySharedConsistentHashingReplicaPoints` of the broker */
  points: number
}

export interface Proposals {
  current: Evenness
  /** the best names found, the most even distribution first */
  names: NameProposal[]
  points: PointsProposal[]
}

const BEST = 3
const POINTS = [200, 500, 1000, 2000]
/** Maximum number of consumers placed in all attempts together: a few seconds of work. */
const BUDGET = 20_000

/**
 * Searches for consumer names that distribute keys more evenly. The position of points depends on the names, so numbered
 * names with other stems are tried. It also computes the effect of more points per consumer, a setting of the broker.
 *
 * @param weights number of sampled messages by hash; null gives every slot the same weight.
 */
export function searchNames(
  algorithm: Algorithm,
  points: number,
  consumers: {readonly names: readonly string[]; readonly namesLike: string},
  weights: HashWeights | null,
): Proposals {
  const count = consumers.names.length
  const attempts = Math.min(300, Math.max(20, Math.floor(BUDGET / Math.max(count, 1))))
  const names = Array.from({length: attempts}, (_, attempt): NameProposal => {
    const namesLike = consumers.namesLike.replace('{', `v${String(attempt + 1)}-{`)
    const proposed = numbered(namesLike, count)
    return {namesLike, names: proposed, ...evenness(algorithm, points, proposed, weights)}
  })
  return {
    current: evenness(algorithm, points, consumers.names, weights),
    names: names.toSorted((a, b) => a.skew - b.skew).slice(0, BEST),
    points: POINTS.filter((more) => more > points).map((more) => ({
      points: more,
      ...evenness(algorithm, more, consumers.names, weights),
    })),
  }
}

function evenness(
  algorithm: Algorithm,
  points: number,
  names: readonly string[],
  weights: HashWeights | null,
): Evenness {
  const members = names.map((name) => ({name}))
  const selector = emptySelector<{name: string}>(algorithm, points)
  for (const member of members) selector.join(member)
  const {space} = selector
  const segments = selector.segments()
  const counts = slotsByOwner(segments)
  const sampled = weights && weightByOwner(segments, weights, space)
  const shares = members.map((member) =>
    sampled ? (sampled.get(member) ?? 0) : (counts.get(member) ?? 0) / sizeOf(space),
  )
  return {skew: skewOf(shares) ?? 0, largestShare: Math.max(...shares), smallestShare: Math.min(...shares)}
}
