import {drainRatesOf, type Point, slopeOf} from './backlog-rates.js'
import {timeToDrain} from './time-to-drain.js'

/**
 * `stalled`: entries waited all the time, and nothing was acknowledged. `draining` and `growing`: the slope through all
 * readings is more than noise; one dip makes neither. `steady`: none of these.
 */
export type BacklogVerdict = 'draining' | 'empty' | 'growing' | 'stalled' | 'steady'

/** Why there is no time to drain; `unknown`: what waits was not known at the last look. */
export type NoDrainReason = 'growing' | 'stalled' | 'steady' | 'too-few-readings' | 'unknown'

export interface BacklogAssessment {
  readonly verdict: BacklogVerdict | null
  /** entries per second by least squares, negative where it shrinks; null where readings are too few */
  readonly slopePerSecond: number | null
  /** the interval of 80 %; 0 when it is empty, null when it is not draining; `high` alone is null where it can't be bounded */
  readonly drainMs: {low: number | null; high: number | null}
  readonly drainReason: NoDrainReason | null
}

export interface Window {
  /** the readings that are there, of the times that it was looked */
  readonly points: readonly Point[]
  readonly samples: number
  /** at the last look; null when that one is not there */
  readonly backlogEntries: number | null
  /** whether anything was acknowledged in the window; null where the broker does not tell */
  readonly isAcking: boolean | null
}

/** Three paces are the fewest of which a deviation and a trend can be told. */
const LEAST_READINGS = 4
const LEAST_COMPLETENESS = 0.5

/** The share of looks that found the backlog, from 0 to 1. */
export function completenessOf({points, samples}: Pick<Window, 'points' | 'samples'>): number {
  return points.length / samples
}

/** Whether there is enough to say anything of a window. */
export function isEnough(window: Pick<Window, 'points' | 'samples'>): boolean {
  return window.points.length >= LEAST_READINGS && completenessOf(window) >= LEAST_COMPLETENESS
}

/** What a window says of a backlog. The rules of Burrow's evaluator, for acknowledgements that come one by one. */
export function assessBacklog(window: Window): BacklogAssessment {
  const {backlogEntries, isAcking, points} = window
  if (backlogEntries === null) return without('unknown', null)
  const isMuch = isEnough(window)
  const rates = isMuch ? drainRatesOf(points) : null
  const slope = rates ? slopeOf(points, rates) : null
  const slopePerSecond = slope ? slope.perMs * 1000 : null
  if (backlogEntries === 0) return {verdict: 'empty', slopePerSecond, drainMs: {low: 0, high: 0}, drainReason: null}
  if (!rates || !slope) return without('too-few-readings', null)
  // What came in during the window could not all be acknowledged yet.
  if (isAcking === false && points.every(({entries}) => entries > 0)) return without('stalled', slopePerSecond)
  if (!slope.isSignificant) return without('steady', slopePerSecond)
  if (slope.perMs > 0) return without('growing', slopePerSecond)
  if (rates.mean <= 0) return without('steady', slopePerSecond)
  return {verdict: 'draining', slopePerSecond, drainMs: timeToDrain(backlogEntries, rates), drainReason: null}
}

function without(reason: NoDrainReason, slopePerSecond: number | null): BacklogAssessment {
  const verdict = reason === 'unknown' || reason === 'too-few-readings' ? null : reason
  return {verdict, slopePerSecond, drainMs: {low: null, high: null}, drainReason: reason}
}
