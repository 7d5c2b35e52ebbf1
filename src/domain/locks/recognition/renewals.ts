import {createHash} from 'node:crypto'

import type {SampledKey} from '../reading/sampled-key.js'
import type {RecognizedLock} from './recognized-lock.js'

/** What is kept of a sample for the next one. Times are epoch ms of the server. */
export interface EarlierSample {
  readonly atMs: number
  /** −1 for a key that never expires */
  readonly expiresAtMs: number
  /** when this holder was first seen with the lock */
  readonly firstSeenMs: number
}

/**
 * How the expiry changed between two samples with the same holder. `unchanged`: the lock was not renewed. `shortened`: done
 * on purpose, as by ShedLock when its job has ended.
 */
export type Renewal = 'renewed' | 'shortened' | 'unchanged'

/** The comparison of two samples with the same holder. */
export interface SampleComparison {
  readonly elapsedMs: number
  readonly firstSeenMs: number
  /** null for a lock without a TTL */
  readonly renewal: Renewal | null
  /** whether a client accessed the key in between without renewing it, as a failed attempt does; null when unknown */
  readonly isTouched: boolean | null
}

/**
 * Identifies a lock and its holders in 16 characters. The id is the same as long as the holders are the same, and reveals
 * neither key nor token.
 */
export function holdId({entries, key}: SampledKey): string {
  const hash = createHash('sha256').update(key)
  for (const [token] of entries.toSorted(([a], [b]) => a.compare(b))) hash.update('\0').update(token)
  return hash.digest('base64url').slice(0, 16)
}

/** Larger than the error of an expiry that is computed from PTTL; smaller than the renewal interval of any library. */
const JITTER_MS = 500
/** OBJECT IDLETIME counts full seconds, and its clock lags by up to one more. */
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

/** Limits the memory for keys that have no common pattern. */
const MOST_PATTERNS = 10_000

/** The renewals seen in this scan: which processes renewed a lock, and key patterns whose locks were renewed. */
export class Renewals {
  private readonly instances = new Set<string>()
  private readonly keyPatterns = new Set<string>()

  addRenewal(key: string, {holders, name}: RecognizedLock): void {
    for (const {instance} of holders) if (instance !== null) this.instances.add(instance)
    if (this.keyPatterns.size < MOST_PATTERNS) this.keyPatterns.add(keyPatternOf(key, name))
  }

  /**
   * Whether a lock whose expiry did not change should have been renewed by now: because its library renews on its own, or
   * because other locks with the same key pattern were renewed during this scan. Locks with a fixed lease are excluded; an
   * active process does not renew them either.
   */
  isOverdue(
    key: string,
    {behavior, holders, name}: RecognizedLock,
    ttlMs: number,
    {elapsedMs}: SampleComparison,
  ): boolean {
    const {renewEveryMs, ttlMs: usual} = behavior.lease
    if (renewEveryMs !== null) {
      const isFixed = usual !== null && ttlMs + elapsedMs > usual
      const isActive = holders.some(({instance}) => instance !== null && this.instances.has(instance))
      return elapsedMs > renewEveryMs && !isFixed && !isActive
    }
    return this.keyPatterns.has(keyPatternOf(key, name))
  }
}

/** The family and the key without its ids and numbers, in which two locks of the same kind differ. */
function keyPatternOf(key: string, name: string): string {
  return `${name} ${key.replace(/[0-9a-f]{8,}(?:-[0-9a-f]+)*|\d+/gi, '#')}`
}
