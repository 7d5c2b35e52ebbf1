import {drainRatesOf, type Point, slopeOf} from './backlog-rates.js'
import {timeToDrain} from './time-to-drain.js'
import type {BacklogState} from '../progress/partition-progress.js'

/**
 * `stalled`: the backlog is due and does not move, see `BacklogState`; `not-due`: all of it is delayed. `draining` and
 * `growing`: the slope through all readings is significant, so one outlier causes neither. `steady`: none of these.
 */
export type BacklogVerdict = 'draining' | 'empty' | 'growing' | 'not-due' | 'stalled' | 'steady'

/** Why there is no time to drain; `unknown`: the last sample did not contain the backlog. */
export type NoDrainReason = 'growing' | 'not-due' | 'stalled' | 'steady' | 'too-few-readings' | 'unknown'

export interface BacklogAssessment {
  readonly verdict: BacklogVerdict | null
  /** entries per second by least squares, negative when the backlog shrinks; null with too few readings */
  readonly slopePerSecond: number | null
  /** an 80 % interval; 0 for an empty backlog, null when it is not draining; `high` alone is null when it cannot be bounded */
  readonly drainMs: {low: number | null; high: number | null}
  readonly drainReason: NoDrainReason | null
}

export interface Window {
  /** the readings that exist; at most one per sample */
  readonly points: readonly Point[]
  readonly samples: number
  /** in the last sample; null when it is missing there */
  readonly backlogEntries: number | null
  /** whether the backlog moves; null when the broker does not report it */
  readonly state: BacklogState | null
}

/** A deviation and a trend need at least three rates, so four readings. */
const LEAST_READINGS = 4
const LEAST_COMPLETENESS = 0.5

/** The share of the samples that contain the backlog, from 0 to 1. */
export function completenessOf({points, samples}: Pick<Window, 'points' | 'samples'>): number {
  return points.length / samples
}

/** Whether a window has enough readings for a verdict. */
export function isEnough(window: Pick<Window, 'points' | 'samples'>): boolean {
  return window.points.length >= LEAST_READINGS && completenessOf(window) >= LEAST_COMPLETENESS
}

/** Evaluates a window by the rules of Burrow's evaluator, adapted to individual acknowledgements. */
export function assessBacklog(window: Window): BacklogAssessment {
  const {backlogEntries, points, state} = window
  if (backlogEntries === null) return without('unknown', null)
  const hasEnough = isEnough(window)
  const rates = hasEnough ? drainRatesOf(points) : null
  const slope = rates ? slopeOf(points, rates) : null
  const slopePerSecond = slope ? slope.perMs * 1000 : null
  if (backlogEntries === 0) return {verdict: 'empty', slopePerSecond, drainMs: {low: 0, high: 0}, drainReason: null}
  if (!rates || !slope) return without('too-few-readings', null)
  if (state === 'stalled' || state === 'not-due') return without(state, slopePerSecond)
  if (!slope.isSignificant) return without('steady', slopePerSecond)
  if (slope.perMs > 0) return without('growing', slopePerSecond)
  if (rates.mean <= 0) return without('steady', slopePerSecond)
  return {verdict: 'draining', slopePerSecond, drainMs: timeToDrain(backlogEntries, rates), drainReason: null}
}

function without(reason: NoDrainReason, slopePerSecond: number | null): BacklogAssessment {
  const verdict = reason === 'unknown' || reason === 'too-few-readings' ? null : reason
  return {verdict, slopePerSecond, drainMs: {low: null, high: null}, drainReason: reason}
}
