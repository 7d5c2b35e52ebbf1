import {createHash} from 'node:crypto'

import type {SampledKey} from '../reading/sampled-key.js'
import type {RecognizedLock} from './recognize.js'

/** What a look leaves for the next one. Times are epoch ms of the server. */
export interface EarlierSample {
  readonly atMs: number
  /** −1 for a key that never expires */
  readonly expiresAtMs: number
  /** when this hold was seen for the first time */
  readonly firstSeenMs: number
}

/**
 * What became of the lock's end between two looks at the same hold. `unchanged` says that nobody has renewed it;
 * `shortened` is done on purpose, as ShedLock does when its job has ended.
 */
export type Renewal = 'renewed' | 'shortened' | 'unchanged'

/** What two looks at the same hold tell. */
export interface SampleComparison {
  readonly elapsedMs: number
  readonly firstSeenMs: number
  /** null where it has no TTL */
  readonly renewal: Renewal | null
  /** whether somebody touched the key in between without renewing it: a failed try does; null where that can't be told */
  readonly isTouched: boolean | null
}

/**
 * One hold of one lock, as 16 characters: the same as long as the same holder keeps it. Neither key nor token can be read
 * from it.
 */
export function holdId({entries, key}: SampledKey): string {
  const hash = createHash('sha256').update(key)
  for (const [token] of entries.toSorted(([a], [b]) => a.compare(b))) hash.update('\0').update(token)
  return hash.digest('base64url').slice(0, 16)
}

/** More than a clock's error, where the end is computed from what is left; less than any library's renewal. */
const JITTER_MS = 500
/** OBJECT IDLETIME counts whole seconds, and the server's clock for it lags by up to one. */
const IDLE_SLACK_MS = 2000

export function compareSamples(earlier: EarlierSample, {atMs, expiresAtMs, idleSeconds}: SampledKey): SampleComparison {
  const elapsedMs = Math.max(0, atMs - earlier.atMs)
  const renewal = renewalOf(earlier.expiresAtMs, expiresAtMs)
  const isIdle = idleSeconds === null ? null : idleSeconds * 1000 + IDLE_SLACK_MS >= elapsedMs
  return {
    elapsedMs,
    firstSeenMs: earlier.firstSeenMs,
    renewal,
    isTouched: isIdle === null || renewal === 'renewed' ? null : !isIdle,
  }
}

function renewalOf(before: number, after: number): Renewal | null {
  if (after < 0) return null
  if (before < 0) return 'shortened'
  if (after - before > JITTER_MS) return 'renewed'
  return before - after > JITTER_MS ? 'shortened' : 'unchanged'
}

/** Peers of more kinds than this are not told apart: the keys have no common shape. */
const MOST_SHAPES = 10_000

/**
 * What is known of renewals in this scan: which processes live, for one of their locks was renewed, and locks of which shape
 * are renewed at all.
 */
export class Renewals {
  private readonly instances = new Set<string>()
  private readonly shapes = new Set<string>()

  addRenewal(key: string, {family, holders}: RecognizedLock): void {
    for (const {instance} of holders) if (instance !== null) this.instances.add(instance)
    if (this.shapes.size < MOST_SHAPES) this.shapes.add(shapeOf(key, family.name))
  }

  /**
   * Whether a lock whose end did not move should have been renewed by now: its library does so by itself, or others of
   * its shape were. Not one with an end that its caller has fixed, which a living process does not renew either.
   */
  isOverdue(
    key: string,
    {family, holders, lookalikes}: RecognizedLock,
    ttlMs: number,
    {elapsedMs}: SampleComparison,
  ): boolean {
    const {renewEveryMs, ttlMs: usual} = family.lease
    if (renewEveryMs !== null) {
      const isFixed = usual !== null && ttlMs + elapsedMs > usual
      const isActive = holders.some(({instance}) => instance !== null && this.instances.has(instance))
      return elapsedMs > renewEveryMs && !isFixed && !isActive
    }
    // A token can look like another library's by chance; its peers, which do not, tell what it is.
    return [family.name, ...lookalikes].some((name) => this.shapes.has(shapeOf(key, name)))
  }
}

/** Names and numbers in a key are what tells two locks of a kind apart. */
function shapeOf(key: string, family: string): string {
  return `${family} ${key.replace(/[0-9a-f]{8,}(?:-[0-9a-f]+)*|\d+/gi, '#')}`
}
