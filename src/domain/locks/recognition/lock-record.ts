import type {LockFamily} from '../families/family.js'
import type {LineLook, SeenLine} from './wait-queue.js'
import type {RawLock} from '../reading/sampled-key.js'
import type {LockHolder, RecognisedLock, Unrecognised} from './recognise.js'
import type {Renewal, TwoLooks} from './renewals.js'
import {type LockVerdict, sortedVerdicts} from './lock-verdicts.js'

/**
 * Who holds the lock, as the subscription sees it: who gets the key's messages, another consumer, one of several that may
 * get them; a consumer that connected only after the lock was taken; or none of the consumers.
 */
export type LockRelation = 'consumer' | 'no-consumer' | 'other-consumer' | 'owner' | 'restarted'

export interface LockMessages {
  /** of the messages that the lock is for */
  key: string
  /** null on a plain topic */
  partition: number | null
  slot: number | null
  /** who gets them; null when nobody does, or anybody may */
  consumer: {name: string | null; address: string | null} | null
  /** which of the consumers holds the lock; null for none that could be told */
  holder: {name: string | null; address: string | null} | null
  /** by what it was told */
  matchedBy: 'address' | 'metadata' | 'name' | null
  /** null when it can't be told */
  relation: LockRelation | null
  /** messages of the key that are not acknowledged, of those that were looked at; null where that was not asked */
  waiting: {messages: number; oldestAgeMs: number | null} | null
}

export interface LockLine {
  /** what they wait for */
  lock: string
  isHeld: boolean
  waiters: number
  /** those for whom nobody listens; null where that can't be told */
  dead: string[] | null
}

/** On which of the independent servers of a Redlock the same holder has it. */
export interface LockCopies {
  servers: number
  /** their addresses */
  heldOn: string[]
  /** how many of them could not be asked */
  notAsked: number
}

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
  /**
   * Where that is from: the time of acquisition in the lock itself; when this hold was seen first; or the idle time, which
   * every touch resets.
   */
  heldBy: 'first-seen' | 'idle' | 'value' | null
  /** what became of its end between two looks; null after one look, and for a lock that never ends */
  renewal: Renewal | null
  /** whether its token is a constant, which names nobody */
  isAnonymous: boolean
  /** the worst of `verdicts`; `healthy` after one look only says that it will end, and not too late */
  verdict: LockVerdict
  /** all that are deserved, the worst first */
  verdicts: LockVerdict[]
  /** how sure the family is, from 0 to 1 */
  confidence: number
  /** for a line of waiters, which is no lock itself: who stands in it; null for a lock */
  line: LockLine | null
  /** the messages that it is for; null where no subscription was asked about, and for other keys */
  messages: LockMessages | null
  /** null where no other servers were given, and for what is never taken on several */
  copies: LockCopies | null
}

export interface JudgeOptions {
  /** a TTL above this is too long, in ms */
  readonly maxTtlMs: number
  /** whoever holds a lock for longer has it for too long, in ms */
  readonly maxHoldMs: number
}

/** What earlier looks tell. */
export interface Past extends TwoLooks {
  /** whether it should have been renewed by now, and was not */
  readonly isMissed: boolean
}

/**
 * What a key that is a lock, or was expected to be one, says.
 *
 * @param past null after one look.
 */
export function lockRecord(
  raw: RawLock,
  found: RecognisedLock | Unrecognised,
  options: JudgeOptions,
  past: Past | null = null,
): LockRecord {
  const lock = found.kind === 'lock' ? found : null
  const ttlMs = ttlOf(raw, lock)
  const hold = holdOf(raw, lock, past)
  const verdicts = sortedVerdicts(
    found.kind === 'lock'
      ? verdictsOf(found, {ttlMs, heldMs: hold.heldAtLeastMs, past}, options)
      : [found.hasWrongType ? 'wrong-type' : 'unknown-format'],
  )
  return {
    key: raw.name,
    family: lock?.family.name ?? 'unknown',
    mayBe: [...(lock?.mayBe ?? [])],
    holder: lock?.holders[0] ?? null,
    holders: lock?.holders.length ?? null,
    reentrancy: lock?.reentrancy ?? null,
    ttlMs,
    idleMs: raw.idleSeconds === null ? null : raw.idleSeconds * 1000,
    ...hold,
    renewal: past?.renewal ?? null,
    isAnonymous: lock?.isAnonymous ?? false,
    verdict: verdicts[0],
    verdicts,
    confidence: lock?.confidence ?? 0,
    line: null,
    messages: null,
    copies: null,
  }
}

/** What a line says: those behind the dead wait for nothing, or nobody waits in it at all. */
export function lineRecord(
  {family, locks, raw}: Pick<SeenLine, 'family' | 'locks' | 'raw'>,
  look: LineLook,
): LockRecord {
  const dead = look.dead?.length ?? 0
  const isLeft = look.lock === null && dead === look.waiters.length
  return companionRecord(raw, family, dead === 0 ? 'healthy' : isLeft ? 'orphan-companion' : 'orphan-waiter', {
    lock: look.lock ?? locks[0] ?? '',
    isHeld: look.lock !== null,
    waiters: look.waiters.length,
    dead: look.dead && [...look.dead],
  })
}

/** What a key says that belongs to a lock, and is none. */
export function companionRecord(
  raw: RawLock,
  family: LockFamily,
  verdict: LockVerdict,
  line: LockLine | null,
): LockRecord {
  return {
    key: raw.name,
    family: family.name,
    mayBe: [],
    holder: null,
    holders: null,
    reentrancy: null,
    ttlMs: ttlOf(raw, null),
    idleMs: raw.idleSeconds === null ? null : raw.idleSeconds * 1000,
    heldAtLeastMs: null,
    heldBy: null,
    renewal: null,
    isAnonymous: false,
    verdict,
    verdicts: [verdict],
    confidence: Math.max(...family.forms.map((form) => form.confidence)),
    line,
    messages: null,
    copies: null,
  }
}

/** The earlier of the key's end and of the one that its value tells. */
export function ttlOf({atMs, expiresAtMs}: RawLock, lock: RecognisedLock | null): number | null {
  const ends = [expiresAtMs < 0 ? null : expiresAtMs, lock?.endsAtMs ?? null].filter((end) => end !== null)
  return ends.length === 0 ? null : Math.max(0, Math.min(...ends) - atMs)
}

type Hold = Pick<LockRecord, 'heldAtLeastMs' | 'heldBy'>

function holdOf({atMs, idleSeconds}: RawLock, lock: RecognisedLock | null, past: Past | null): Hold {
  if (lock?.acquiredAtMs != null) return {heldAtLeastMs: Math.max(0, atMs - lock.acquiredAtMs), heldBy: 'value'}
  const idleMs = idleSeconds === null ? null : idleSeconds * 1000
  const seenMs = past === null ? null : Math.max(0, atMs - past.firstSeenMs)
  if (seenMs !== null && seenMs >= (idleMs ?? 0)) return {heldAtLeastMs: seenMs, heldBy: 'first-seen'}
  return {heldAtLeastMs: idleMs, heldBy: idleMs === null ? null : 'idle'}
}

interface Evidence {
  readonly ttlMs: number | null
  readonly heldMs: number | null
  readonly past: Past | null
}

function verdictsOf(lock: RecognisedLock, {heldMs, past, ttlMs}: Evidence, options: JudgeOptions): LockVerdict[] {
  const {endsElsewhere = false, staysAfterUse = false} = lock.family.lease
  const isLong = heldMs !== null && heldMs > options.maxHoldMs && !staysAfterUse
  const isRenewed = past?.renewal === 'renewed'
  const deserved: Array<readonly [boolean, LockVerdict]> = [
    [ttlMs === null && !endsElsewhere, 'no-ttl'],
    [ttlMs !== null && ttlMs > options.maxTtlMs, 'ttl-too-long'],
    [lock.hasTooMany, 'duplicate-holder'],
    [isLong && isRenewed, 'zombie-renewal'],
    [isLong && !isRenewed, 'held-too-long'],
    [past?.isMissed === true, 'not-renewed'],
    [past?.isTouched === true, 'hot-contention'],
    [lock.isAnonymous, 'anonymous'],
  ]
  return deserved.flatMap(([isDeserved, verdict]) => (isDeserved ? [verdict] : []))
}
