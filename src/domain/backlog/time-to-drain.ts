import {type DrainRates, studentT} from './backlog-rates.js'

/** ms; `high` is null where the slowest pace to be reckoned with never gets it done, or takes ten times as long as the mean one */
export interface DrainTime {
  readonly low: number
  readonly high: number | null
}

/**
 * How long until a backlog is gone, as an interval that holds the true time in at least four of five drains.
 *
 * A line through the readings would be too sure of itself, for a backlog adds up all its noise. So the paces between the
 * readings are judged: W the window, n paces in it with the mean p and the deviation s; B entries are left, H = B/p is the
 * time that they take at p, and m = n·H/W the number of paces still to come. Three things may make it another time:
 *
 * - chance: the mean of m paces to come lies within e = t·s·√(1/n + 1/m) of the mean of n that were seen, in 80 % of cases
 *   (the prediction interval for the mean of m future observations; Hahn and Meeker, Statistical Intervals);
 * - what no window shows: a pace that falls evenly to nothing just when the backlog is gone is half as fast on average, and
 *   one that doubles half as fast again. The less lies ahead, the less can change: u = p·½·H/(H + W/4);
 * - a trend in the window: where the pace rises or falls by g per ms, more than t times the standard error of g, it may go
 *   on so for one more window, and stays then as it is: p' = p + g·(W + min(H, W))/2, but no less than p/2, as if it fell to
 *   nothing by the end; or it may not go on, so p counts as well.
 *
 * low = B / (max(p, p')·(1 + √(e² + u²)/p)), high = B / (min(p, p')·(1 − √(e² + u²)/p)).
 *
 * The figures are chosen by simulation, see test/unit/backlog/time-to-drain.test.ts: a wider allowance would be right more often, and
 * say less. A load that changes by itself later on, as at the end of a night, is in no window.
 *
 * @param entries what is left, more than 0.
 * @param paces of a backlog that shrinks: the mean is above 0.
 */
export function timeToDrain(entries: number, rates: DrainRates): DrainTime {
  const {count, deviation, mean, rise, riseError, windowMs} = rates
  const aheadMs = entries / mean
  const paceCountAhead = Math.max(1, (count * aheadMs) / windowMs)
  const chance = (studentT('oneSided90', count - 1) * deviation * Math.sqrt(1 / count + 1 / paceCountAhead)) / mean
  const unseen = (MOST_UNSEEN * aheadMs) / (aheadMs + windowMs * UNSEEN_HALVED_AT)
  const margin = Math.hypot(chance, unseen)
  const hasTrend = Math.abs(rise) > studentT('oneSided90', count - 2) * riseError
  const continued = hasTrend ? mean + (rise * (windowMs + Math.min(aheadMs, windowMs))) / 2 : mean
  const fastest = Math.max(mean, continued) * (1 + margin)
  const slowest = Math.min(mean, Math.max(continued, mean * (1 - MOST_UNSEEN))) * (1 - margin)
  return {low: Math.round(entries / fastest), high: slowest > mean / MOST_TIMES ? Math.round(entries / slowest) : null}
}

/** An end so many times as far as the mean pace has it tells nobody anything: then there is none. */
const MOST_TIMES = 10
/** A pace that falls to nothing, or doubles, is on average half of itself away. */
const MOST_UNSEEN = 0.5
/** In windows: with so much ahead, half of that is allowed for. */
const UNSEEN_HALVED_AT = 0.25
