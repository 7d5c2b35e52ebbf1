import {printable, type RawLock} from './raw-lock.js'
import type {LockHolder, Recognised, RecognisedLock} from './recognise.js'

/** `healthy` here means: it will end, and not too late. Whether the holder lives takes more than one look. */
export type LockVerdict = 'healthy' | 'no-ttl' | 'ttl-too-long' | 'unknown-format'

export interface LockRecord {
  key: string
  /** `unknown` where no family fits */
  family: string
  /** other families that look exactly the same */
  mayBe: string[]
  /** the first of them, where there can be several; null when the format is not known */
  holder: LockHolder | null
  /** how many there are; null when the format is not known */
  holders: number | null
  /** how often the holder has taken it; null where the format does not say */
  reentrancy: number | null
  /** until it ends, by its TTL or by what it holds; null for a lock that never does */
  ttlMs: number | null
  /** since anybody touched the key: holder, waiter or reader */
  idleMs: number | null
  /** a lower bound, unless `heldBy` is `value` */
  heldAtLeastMs: number | null
  /** where that is from: the time of acquisition in the lock itself, or the idle time, which every touch resets */
  heldBy: 'idle' | 'value' | null
  /** whether its token is a constant, which names nobody */
  isAnonymous: boolean
  verdict: LockVerdict
  /** how sure the family is, from 0 to 1 */
  confidence: number
}

export interface JudgeOptions {
  /** a TTL above this is too long, in ms */
  readonly maxTtlMs: number
}

/** What a key that is a lock, or was expected to be one, says in one look. */
export function lockRecord(
  raw: RawLock,
  found: Exclude<Recognised, {kind: 'companion'}>,
  options: JudgeOptions,
): LockRecord {
  const lock = found.kind === 'lock' ? found : null
  const idleMs = raw.idleSeconds === null ? null : raw.idleSeconds * 1000
  const sinceMs = lock?.acquiredAtMs == null ? null : Math.max(0, raw.atMs - lock.acquiredAtMs)
  const ttlMs = ttlOf(raw, lock)
  return {
    key: printable(raw.key),
    family: lock?.family.name ?? 'unknown',
    mayBe: [...(lock?.mayBe ?? [])],
    holder: lock?.holders[0] ?? null,
    holders: lock?.holders.length ?? null,
    reentrancy: lock?.reentrancy ?? null,
    ttlMs,
    idleMs,
    heldAtLeastMs: sinceMs ?? idleMs,
    heldBy: sinceMs !== null ? 'value' : idleMs !== null ? 'idle' : null,
    isAnonymous: lock?.isAnonymous ?? false,
    verdict: lock === null ? 'unknown-format' : verdictOf(ttlMs, lock, options),
    confidence: lock?.confidence ?? 0,
  }
}

/** The earlier of the key's end and of the one that its value tells. */
function ttlOf({atMs, expiresAtMs}: RawLock, lock: RecognisedLock | null): number | null {
  const ends = [expiresAtMs < 0 ? null : expiresAtMs, lock?.endsAtMs ?? null].filter((end) => end !== null)
  return ends.length === 0 ? null : Math.max(0, Math.min(...ends) - atMs)
}

function verdictOf(ttlMs: number | null, {family}: RecognisedLock, {maxTtlMs}: JudgeOptions): LockVerdict {
  if (ttlMs === null) return family.lease.endsElsewhere === true ? 'healthy' : 'no-ttl'
  return ttlMs > maxTtlMs ? 'ttl-too-long' : 'healthy'
}
