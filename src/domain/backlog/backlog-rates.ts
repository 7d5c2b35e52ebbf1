/** One reading of a backlog. */
export interface Point {
  /** epoch ms */
  readonly atMs: number
  readonly entries: number
}

/** The rates at which a backlog shrank between consecutive readings, in entries per ms; negative when it grew. */
export interface DrainRates {
  readonly windowMs: number
  readonly count: number
  readonly mean: number
  /** standard deviation of one rate, at least that of a Poisson count */
  readonly deviation: number
  /** change of the rate per ms, by least squares; `riseError` is its standard error */
  readonly rise: number
  readonly riseError: number
}

const Z = {oneSided90: 1.281_55, oneSided95: 1.644_85} as const

/**
 * The quantile of Student's t distribution. The error is at most 3 % with 2 degrees of freedom and 1 % with 3 or more.
 *
 * @see Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5
 */
export function studentT(below: keyof typeof Z, freedom: number): number {
  const z = Z[below]
  return z + (z ** 3 + z) / (4 * freedom) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2)
}

/** @param points at least four, in order of time, about evenly spaced. */
export function drainRatesOf(points: readonly Point[]): DrainRates {
  const [first, last] = [points[0], points.at(-1)]
  if (!first || !last || points.length < 4) throw new RangeError('drain rates need at least four readings')
  const windowMs = last.atMs - first.atMs
  const rates = points.slice(1).map((after, at) => rateBetween(points[at] ?? first, after))
  const count = rates.length
  const mean = (first.entries - last.entries) / windowMs
  const stepMs = windowMs / count
  const middle = (count - 1) / 2
  const spread = sum(rates.map((_, at) => (at - middle) ** 2)) * stepMs ** 2
  const rise = sum(rates.map((rate, at) => (at - middle) * stepMs * (rate - mean))) / spread
  // A Poisson count of d has the variance d. A smaller observed variance is chance, so this is the lower limit.
  const least = Math.abs(mean) / stepMs
  const around = sum(rates.map((rate) => (rate - mean) ** 2)) / (count - 1)
  const aroundRise = sum(rates.map((rate, at) => (rate - mean - rise * (at - middle) * stepMs) ** 2)) / (count - 2)
  return {
    windowMs,
    count,
    mean,
    deviation: Math.sqrt(Math.max(around, least)),
    rise,
    riseError: Math.sqrt(Math.max(aroundRise, least) / spread),
  }
}

/** A straight line through the readings, in entries per ms; negative when the backlog shrinks. */
export interface Slope {
  readonly perMs: number
  /** steeper than chance makes it in 95 % of constant backlogs */
  readonly isSignificant: boolean
}

/**
 * The slope by least squares, and whether it is significant. A backlog accumulates its increments, so its readings are
 * correlated, and the usual standard error, which assumes independent readings, is far too small. For N cumulative sums of
 * increments with the deviation s the standard error of the slope is s·√(6(N²+1) / (5N(N²−1))), because each increment
 * affects all later readings.
 */
export function slopeOf(points: readonly Point[], {count, deviation}: DrainRates): Slope {
  const N = points.length
  const meanAt = sum(points.map(({atMs}) => atMs)) / N
  const meanEntries = sum(points.map(({entries}) => entries)) / N
  const perMs =
    sum(points.map(({atMs, entries}) => (atMs - meanAt) * (entries - meanEntries))) /
    sum(points.map(({atMs}) => (atMs - meanAt) ** 2))
  const error = deviation * Math.sqrt((6 * (N ** 2 + 1)) / (5 * N * (N ** 2 - 1)))
  return {perMs, isSignificant: Math.abs(perMs) > studentT('oneSided95', count - 1) * error}
}

function rateBetween(before: Point, after: Point): number {
  return (before.entries - after.entries) / Math.max(1, after.atMs - before.atMs) // Date.now() has a resolution of 1 ms
}

function sum(parts: readonly number[]): number {
  return parts.reduce((total, part) => total + part, 0)
}
