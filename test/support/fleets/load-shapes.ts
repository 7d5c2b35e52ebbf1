/** How fast a fleet works off a backlog, in shapes that time to drain has to do with. */
export const SHAPES = ['steady', 'bursty', 'slowing', 'speeding-up', 'stalled'] as const
export type Shape = (typeof SHAPES)[number]
/** Those that come to an end. */
export const DRAINING = SHAPES.filter((shape) => shape !== 'stalled')

export interface Progress {
  /** seconds since the beginning, never less than the time before */
  readonly atS: number
  /** of how long the drain takes about, in seconds */
  readonly drainS: number
  /** the share of the backlog that is left, from 1 to 0 */
  readonly left: number
}

/** Entries per second, as a multiple of a pace that is even. */
type Pace = (progress: Progress) => number

/**
 * One load of a shape, with noise.
 *
 * @param next random numbers from 0 to 1, of a seed.
 * @param windowS how long it is looked at: bursts that fill a window are no bursts to who looks through it.
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
  // Half of them with the backlog, as caches grow cold, half by the clock, as others come to want the database.
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

/** Up to 40 % more or less for up to a second and a half, as garbage collection and neighbours make it. */
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

/** Box and Muller's: of mean 0 and deviation 1. */
export function standardNormal(next: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
}

/** Between the two in the middle, where there are two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]]
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2
}
