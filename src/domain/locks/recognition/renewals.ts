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
  /** the TTL after the last renewal by this holder that was seen, in ms; null when none was seen */
  readonly renewedToMs: number | null
}

/**
 * How the expiry changed between two samples with the same holder. `unchanged`: the lock was not renewed. `shortened`: done
 * on purpose, as by ShedLock when its job has ended.
 */
export type Renewal = 'renewed' | 'shortened' | 'unchanged'

/** The comparison of two samples with the same holder. */
export interface SampleComparison {
  readonly elapsedMs: number
  /** the TTL at the earlier sample, in ms; null for a lock without a TTL */
  readonly ttlBeforeMs: number | null
  readonly firstSeenMs: number
  /** the TTL after the last renewal by this holder that was seen, in ms; null when none was seen */
  readonly renewedToMs: number | null
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
    ttlBeforeMs: earlier.expiresAtMs < 0 ? null : Math.max(0, earlier.expiresAtMs - earlier.atMs),
    firstSeenMs: earlier.firstSeenMs,
    renewedToMs: renewal === 'renewed' ? expiresAtMs - atMs : earlier.renewedToMs,
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

/**
 * What a lock shows whose expiry did not change between two samples. `overdue`: its holder renewed it before, and has missed at
 * least two renewals. `not-seen`: it should have been renewed if its lease is not fixed, which no sample shows.
 */
export type MissedRenewal = 'not-seen' | 'overdue'

/** A lock whose expiry did not change between two samples. */
interface UnchangedLock {
  readonly key: string
  readonly lock: RecognizedLock
  readonly ttlMs: number
}

/** The renewals seen in this scan: which processes renewed a lock, and at which TTL the locks of a key pattern were renewed. */
export class Renewals {
  private readonly instances = new Set<string>()
  /** by key pattern, a lower bound of the TTL at which its locks were renewed, in ms */
  private readonly renewedAt = new Map<string, number>()

  addRenewal(key: string, {holders, name}: RecognizedLock, {elapsedMs, ttlBeforeMs}: SampleComparison): void {
    for (const {instance} of holders) if (instance !== null) this.instances.add(instance)
    const pattern = keyPatternOf(key, name)
    const known = this.renewedAt.get(pattern)
    if (known === undefined && this.renewedAt.size >= MOST_PATTERNS) return
    this.renewedAt.set(pattern, Math.min(known ?? Infinity, Math.max(0, (ttlBeforeMs ?? 0) - elapsedMs)))
  }

  /**
   * Whether a renewal is missing. A renewal can be expected only of a lock that was renewed before: any other lock may have a
   * fixed lease, and its holder may be active, also when its library can renew locks or locks like it are renewed.
   *
   * @returns null for a lock that was not due, has a fixed lease, or is held by a process that renewed another lock.
   */
  missedBy({key, lock, ttlMs}: UnchangedLock, {elapsedMs, renewedToMs}: SampleComparison): MissedRenewal | null {
    const {renewEveryMs, ttlMs: usualMs} = lock.behavior.lease
    if (lock.holders.some(({instance}) => instance !== null && this.instances.has(instance))) return null
    const level = this.renewedAt.get(keyPatternOf(key, lock.name))
    if (renewedToMs === null) {
      if (usualMs !== null && ttlMs + elapsedMs > usualMs) return null
      const wasDue = renewEveryMs !== null && elapsedMs > renewEveryMs
      return wasDue || level !== undefined ? 'not-seen' : null
    }
    const intervals = level === undefined ? [] : [renewedToMs - level]
    if (renewEveryMs !== null && usualMs !== null) intervals.push((renewedToMs * renewEveryMs) / usualMs)
    if (intervals.length === 0) return 'not-seen'
    return ttlMs < renewedToMs - 2 * Math.max(...intervals) - JITTER_MS ? 'overdue' : null
  }
}

/** The family and the key without its ids and numbers, in which two locks of the same kind differ. */
function keyPatternOf(key: string, name: string): string {
  return `${name} ${key.replace(/[0-9a-f]{8,}(?:-[0-9a-f]+)*|\d+/gi, '#')}`
}
