/** How the rate of a fleet changes while it drains a backlog. */
export const SHAPES = ['steady', 'bursty', 'slowing', 'speeding-up', 'stalled'] as const
export type Shape = (typeof SHAPES)[number]
/** The shapes in which the backlog is drained. */
export const DRAINING = SHAPES.filter((shape) => shape !== 'stalled')

export interface Progress {
  /** seconds since the start; never decreases */
  readonly atS: number
  /** the approximate duration of the drain in seconds */
  readonly drainS: number
  /** the remaining share of the backlog, from 1 to 0 */
  readonly left: number
}

/** Entries per second, as a multiple of a constant rate. */
type Pace = (progress: Progress) => number

/**
 * One load of a shape, with noise.
 *
 * @param next random numbers from 0 to 1.
 * @param windowS the length of the sampling window in seconds: a burst has to be shorter to be visible in it.
 */
export function loadOf(shape: Shape, next: () => number, windowS: number): Pace {
  const pace = PACES[shape](next, windowS)
  const noise = noiseOf(next)
  return (progress) => pace(progress) * noise(progress)
}

const between = (next: () => number, low: number, high: number): number => low + (high - low) * next()

const PACES: Readonly<Record<Shape, (next: () => number, windowS: number) => Pace>> = {
  steady: () => () => 1,
  bursty(next, windowS) {
    const lasts = (most: number): number => between(next, 0.05, most) * windowS
    let [isOn, endsAtS] = [true, lasts(0.3)]
    return ({atS}) => {
      while (atS >= endsAtS) [isOn, endsAtS] = [!isOn, endsAtS + lasts(0.275)]
      return isOn ? 1.8 : 0.05
    }
  },
  // Half of the runs change with the backlog, like cold caches, half with time, like other clients of a database.
  slowing(next) {
    const end = between(next, 0.2, 0.6)
    if (next() < 0.5) return ({left}) => 1.6 * (end + (1 - end) * left)
    return ({atS, drainS}) => 1.4 * Math.max(end, 1 - ((1 - end) * atS) / drainS)
  },
  'speeding-up'(next) {
    const end = between(next, 2, 4)
    if (next() < 0.5) return ({left}) => 0.5 * (end - (end - 1) * left)
    return ({atS, drainS}) => 0.5 * (1 + ((end - 1) * atS) / drainS)
  },
  stalled:
    () =>
    ({left}) =>
      left > 0.5 ? 1 : 0,
}

/** Up to 40 % more or less for up to 1.5 s, like garbage collection and other load. */
function noiseOf(next: () => number): Pace {
  const deviation = between(next, 0.05, 0.4)
  let [factor, endsAtS] = [1, 0]
  return ({atS}) => {
    for (; atS >= endsAtS; endsAtS += between(next, 0.2, 1.5)) {
      factor = Math.exp(deviation * standardNormal(next) - deviation ** 2 / 2)
    }
    return factor
  }
}

/** A normal distribution with mean 0 and deviation 1 (Box-Muller). */
export function standardNormal(next: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
}

/** The mean of the two middle values if the count is even. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]]
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2
}
