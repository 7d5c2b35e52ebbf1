import {type DrainRates, studentT} from './backlog-rates.js'

/** In ms. `high` is null when the slowest plausible rate never drains the backlog or takes ten times as long as the mean rate. */
export interface DrainTime {
  readonly low: number
  readonly high: number | null
}

/**
 * Estimates the time to drain as an interval that contains the true time in at least 80 % of drains.
 *
 * A straight line through the readings would give too narrow an interval, because a backlog accumulates its noise. So the
 * rates between the readings are evaluated. W is the window; n rates in it have the mean p and the deviation s. B entries
 * are left, H = B/p is the time to drain at p, and m = n·H/W is the number of future rates. Three effects change the time:
 *
 * - Chance: the mean of m future rates is within e = t·s·√(1/n + 1/m) of the mean of the n observed rates in 80 % of cases
 *   (prediction interval for the mean of m future observations; Hahn and Meeker, Statistical Intervals).
 * - Unseen change: a rate that falls linearly to 0 at the end of the drain averages half of p, and one that doubles
 *   averages 1.5 p. A shorter drain leaves less time for change: u = p·½·H/(H + W/4).
 * - Trend: if the rate changes by g per ms and g exceeds t times its standard error, the trend may continue for at most one
 *   more window and then stop: p' = p + g·(W + min(H, W))/2, but at least p/2 (the rate falls linearly to 0). It may also
 *   stop at once. The interval therefore covers both p and p'.
 *
 * low = B / (max(p, p')·(1 + √(e² + u²)/p)), high = B / (min(p, p')·(1 − √(e² + u²)/p)).
 *
 * The constants are chosen by simulation (test/unit/backlog/time-to-drain.test.ts): larger ones would make the interval
 * correct more often but less useful. No window shows a later change of load, such as the start of a working day.
 *
 * @param entries the remaining entries, more than 0.
 * @param rates of a backlog that shrinks: the mean is above 0.
 */
export function timeToDrain(entries: number, rates: DrainRates): DrainTime {
  const {count, deviation, mean, rise, riseError, windowMs} = rates
  const aheadMs = entries / mean
  const ratesAhead = Math.max(1, (count * aheadMs) / windowMs)
  const chance = (studentT('oneSided90', count - 1) * deviation * Math.sqrt(1 / count + 1 / ratesAhead)) / mean
  const unseen = (MAX_UNSEEN * aheadMs) / (aheadMs + windowMs * UNSEEN_HALVED_AT)
  const margin = Math.hypot(chance, unseen)
  const hasTrend = Math.abs(rise) > studentT('oneSided90', count - 2) * riseError
  const continued = hasTrend ? mean + (rise * (windowMs + Math.min(aheadMs, windowMs))) / 2 : mean
  const fastest = Math.max(mean, continued) * (1 + margin)
  const slowest = Math.min(mean, Math.max(continued, mean * (1 - MAX_UNSEEN))) * (1 - margin)
  return {low: Math.round(entries / fastest), high: slowest > mean / MAX_TIMES ? Math.round(entries / slowest) : null}
}

/** An upper bound of more than ten times the time at the mean rate is not useful, so none is given. */
const MAX_TIMES = 10
/** A rate that falls linearly to 0, or doubles, differs from its start by half on average. */
const MAX_UNSEEN = 0.5
/** In windows: a drain of this length gets half of the allowance. */
const UNSEEN_HALVED_AT = 0.25
