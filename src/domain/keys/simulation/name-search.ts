import {type Algorithm, emptySelector} from '../selectors/algorithms.js'
import {numbered} from './consumer-change.js'
import {type HashWeights, weightByOwner} from './hash-weights.js'
import {skewOf} from '../selectors/skew.js'
import {slotsByOwner} from '../selectors/segments.js'
import {sizeOf} from '../hashing/key-space.js'

/** How even a fleet would be. */
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
  /** the best names found, the most even first */
  names: NameProposal[]
  points: PointsProposal[]
}

const BEST = 3
const POINTS = [200, 500, 1000, 2000]
/** Consumers that are placed in all the tries together: some seconds of work. */
const BUDGET = 20_000

/**
 * Looks for consumer names that spread the keys more evenly, by trying numbered ones with another stem: where points
 * fall is luck, and a fleet can choose its luck. Also what more points per consumer would do; only the broker's operator
 * can set those.
 *
 * @param weights counts real messages; null weighs every slot alike.
 */
export function searchNames(
  algorithm: Algorithm,
  points: number,
  fleet: {readonly names: readonly string[]; readonly namesLike: string},
  weights: HashWeights | null,
): Proposals {
  const count = fleet.names.length
  const tries = Math.min(300, Math.max(20, Math.floor(BUDGET / Math.max(count, 1))))
  const names = Array.from({length: tries}, (_, attempt): NameProposal => {
    const namesLike = fleet.namesLike.replace('{', `v${String(attempt + 1)}-{`)
    const proposed = numbered(namesLike, count)
    return {namesLike, names: proposed, ...evenness(algorithm, points, proposed, weights)}
  })
  return {
    current: evenness(algorithm, points, fleet.names, weights),
    names: names.toSorted((a, b) => a.skew - b.skew).slice(0, BEST),
    points: POINTS.filter((more) => more > points).map((more) => ({
      points: more,
      ...evenness(algorithm, more, fleet.names, weights),
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
