import type {Algorithm} from '../selectors/algorithms.js'
import {AutoSplit} from '../selectors/auto-split.js'
import {HashRing, pointsOf, type RingRules} from '../selectors/hash-ring.js'
import type {ReportedConsumer} from './reported-consumers.js'
import {ownerAt, sameAssignment, type Segment} from '../selectors/segments.js'
import type {Selector} from '../selectors/selector.js'
import {StickyRanges} from '../selectors/sticky-ranges.js'
import type {KeySpace, SpaceName} from '../hashing/key-space.js'

/** A dispatcher's selector, rebuilt from the reported assignment, to compute the effect of the next join or leave. */
export interface Restored {
  readonly selector: Selector<SpaceName, ReportedConsumer>
  /** Points per consumer of consistent hashing; null when they cannot be detected and for other selectors. */
  readonly points: number | null
  /** Consumers whose index among those of the same name is unknown, because they are alone or own no slot. */
  readonly unseen: readonly ReportedConsumer[]
}

type Reported = ReadonlyArray<Segment<SpaceName, ReportedConsumer>>

/** The largest index that is tried. An index is small: the smallest unused one when the consumer joined. */
const MAX_INDEX = 1000
const MAX_POINTS = 2000
const DEFAULT_POINTS = 100
/**
 * A point is invisible when the same consumer owns the slots on both sides of it, which happens with a probability of about
 * the consumer's share. So up to 20 points beyond the last visible one are tried.
 */
const HIDDEN_POINTS = 20

/**
 * Rebuilds the selector so that it assigns every slot exactly as the broker reports.
 *
 * @param points per consumer, from the broker's settings; null when unknown, then they are detected from the report.
 * @returns null when this algorithm does not produce the reported assignment.
 */
export function restoreSelector(
  algorithm: Algorithm,
  consumers: readonly ReportedConsumer[],
  reported: Reported,
  points: number | null,
): Restored | null {
  if (algorithm.ring) return restoreRing(algorithm.ring, consumers, reported, points)
  if (algorithm.selector === 'sticky') {
    return {selector: new StickyRanges(algorithm.space, consumers, reported), points: null, unseen: []}
  }
  const ranges = consumers.flatMap((member) => member.ranges.map(({end}) => ({upper: end, member})))
  const space = algorithm.space as KeySpace<'ranges-2.4' | 'ranges-4.0'>
  const selector: Selector<SpaceName, ReportedConsumer> = new AutoSplit(space, ranges)
  return ranges.length === consumers.length && sameAssignment(selector.segments(), reported)
    ? {selector, points: null, unseen: []}
    : null
}

function restoreRing(
  rules: RingRules<SpaceName>,
  consumers: readonly ReportedConsumer[],
  reported: Reported,
  points: number | null,
): Restored | null {
  const found = findIndexes(rules, consumers, points ?? MAX_POINTS)
  if (!found) return null
  const unseen = consumers.filter((consumer) => !found.has(consumer))
  const least = Math.max(0, ...[...found.values()].map(({leastPoints}) => leastPoints))
  const fitting: Array<Restored & {points: number}> = []
  for (const candidate of points === null ? candidatePoints(least) : [points]) {
    const ring = new HashRing<SpaceName, ReportedConsumer>(rules, candidate)
    for (const [consumer, {index}] of found) ring.join(consumer, index)
    for (const consumer of unseen) ring.join(consumer)
    for (const point of rules.onCollision === 'first-stays' ? ring.collisions() : []) {
      const owner = ownerAt(reported, point)
      if (owner) ring.prefer(point, owner)
    }
    if (sameAssignment(ring.segments(), reported)) fitting.push({selector: ring, points: candidate, unseen})
    if (fitting.length > 0 && candidate === DEFAULT_POINTS) break
  }
  const [first, ...others] = fitting
  if (!first) return null
  // A single consumer has the same assignment with any number of points.
  const isOpen = points === null && (others.length > 0 || found.size === 0)
  return isOpen ? {...first, points: null} : first
}

function candidatePoints(least: number): number[] {
  const near = Array.from({length: HIDDEN_POINTS}, (_, more) => Math.max(least, 1) + more)
  return least <= DEFAULT_POINTS ? [DEFAULT_POINTS, ...near] : near
}

interface ObservedIndex {
  readonly index: number
  /** the highest visible point, counted from 1 */
  readonly leastPoints: number
}

/**
 * Finds the index of each consumer among those of the same name: the index whose points contain every end of its ranges.
 * Consumers without a visible range end are omitted.
 *
 * @returns null when no index matches a consumer, so the broker does not use this ring.
 */
function findIndexes(
  rules: RingRules<SpaceName>,
  consumers: readonly ReportedConsumer[],
  points: number,
): Map<ReportedConsumer, ObservedIndex> | null {
  // The range after the last point ends with the space, or one slot early on 3.0.7; no point needs to be there.
  const lastEnd = rules.space.last - (rules.space.name === 'ring-2.4' ? 1 : 0)
  const known = new Map<string, Map<number, number>>()
  const found = new Map<ReportedConsumer, ObservedIndex>()
  for (const consumer of consumers) {
    const ends = consumer.ranges.map(({end}) => end).filter((end) => end < lastEnd)
    if (ends.length === 0) continue
    const index = indexOf(ends, rules.hasNameIndex ? MAX_INDEX : 1, (index) => {
      const id = `${consumer.name}/${String(index)}`
      const numbers = known.get(id) ?? numbersOf(rules, consumer.name, index, points)
      known.set(id, numbers)
      return numbers
    })
    if (!index) return null
    found.set(consumer, index)
  }
  return found
}

function indexOf(
  ends: readonly number[],
  indexes: number,
  numbersAt: (index: number) => ReadonlyMap<number, number>,
): ObservedIndex | null {
  for (let index = 0; index < indexes; index++) {
    const numbers = numbersAt(index)
    if (!ends.every((end) => numbers.has(end))) continue
    return {index, leastPoints: Math.max(...ends.map((end) => numbers.get(end) ?? 0))}
  }
  return null
}

/** slot → the first of the consumer's points in that slot, counted from 1. */
function numbersOf(rules: RingRules<SpaceName>, name: string, index: number, points: number): Map<number, number> {
  const slots = pointsOf(rules, name, index, points)
  return new Map(slots.map((slot, at): [number, number] => [slot, at + 1]).toReversed())
}
