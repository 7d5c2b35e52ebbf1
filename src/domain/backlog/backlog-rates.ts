/** One reading of a backlog. */
export interface Point {
  /** epoch ms */
  readonly atMs: number
  readonly entries: number
}

/** How fast a backlog shrank from each reading to the next. Paces are entries per ms, negative where it grew. */
export interface DrainRates {
  readonly windowMs: number
  readonly count: number
  readonly mean: number
  /** standard deviation of one pace, never less than that of counted messages that come one by one */
  readonly deviation: number
  /** by how much the pace itself rises, per ms, by least squares; and the standard error of that */
  readonly rise: number
  readonly riseError: number
}

const Z = {oneSided90: 1.281_55, oneSided95: 1.644_85} as const

/**
 * Student's t: 90 % or 95 % lie below it. Within 3 % from 2 degrees of freedom, within 1 % from 3 on.
 *
 * @see Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5
 */
export function studentT(below: keyof typeof Z, freedom: number): number {
  const z = Z[below]
  return z + (z ** 3 + z) / (4 * freedom) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2)
}

/** @param points four at least, in the order of time, about evenly spaced. */
export function drainRatesOf(points: readonly Point[]): DrainRates {
  const [first, last] = [points[0], points.at(-1)]
  if (!first || !last || points.length < 4) throw new RangeError('paces need four readings at least')
  const windowMs = last.atMs - first.atMs
  const rates = points.slice(1).map((after, at) => rateBetween(points[at] ?? first, after))
  const count = rates.length
  const mean = (first.entries - last.entries) / windowMs
  const stepMs = windowMs / count
  const middle = (count - 1) / 2
  const spread = sum(rates.map((_, at) => (at - middle) ** 2)) * stepMs ** 2
  const rise = sum(rates.map((rate, at) => (at - middle) * stepMs * (rate - mean))) / spread
  // A count of d messages that come one by one has the variance d: less noise than that was luck.
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

/** A line through the readings, entries per ms, negative where the backlog shrinks. */
export interface Slope {
  readonly perMs: number
  /** larger than chance makes it in one of 20 backlogs that stand */
  readonly isSignificant: boolean
}

/**
 * The slope by least squares, and whether it is more than noise. A backlog adds up what comes and goes, so its readings hang
 * together, and the textbook's error, which takes them for independent, is far too small. The error of the slope through N
 * sums of increments with the deviation s is s·√(6(N²+1) / (5N(N²−1))): each increment counts with the readings behind it.
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
  return (before.entries - after.entries) / Math.max(1, after.atMs - before.atMs) // the clock ticks in ms
}

function sum(parts: readonly number[]): number {
  return parts.reduce((total, part) => total + part, 0)
}
