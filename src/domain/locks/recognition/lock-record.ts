import type {LockFamily} from '../families/family.js'
import type {WaitQueueSample, WaitQueueState} from './wait-queue.js'
import type {SampledKey} from '../reading/sampled-key.js'
import type {LockHolder, RecognizedLock, Unrecognized} from './recognize.js'
import type {Renewal, SampleComparison} from './renewals.js'
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

export interface WaitQueueRecord {
  /** what they wait for */
  lock: string
  isHeld: boolean
  waiters: number
  /** those for whom nobody listens; null where that can't be told */
  disconnected: string[] | null
}

/** On which of the independent servers of a Redlock the same holder has it. */
export interface RedlockState {
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
  lookalikes: string[]
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
  /** a lower bound, unless `heldSource` is `value` */
  heldAtLeastMs: number | null
  /**
   * Where that is from: the time of acquisition in the lock itself; when this hold was seen first; or the idle time, which
   * every touch resets.
   */
  heldSource: 'first-seen' | 'idle' | 'value' | null
  /** what became of its end between two looks; null after one look, and for a lock that never ends */
  renewal: Renewal | null
  /** whether its token is a constant, which names nobody */
  hasConstantToken: boolean
  /** the worst of `verdicts`; `healthy` after one look only says that it will end, and not too late */
  verdict: LockVerdict
  /** all that are deserved, the worst first */
  verdicts: LockVerdict[]
  /** how sure the family is, from 0 to 1 */
  confidence: number
  /** for a line of waiters, which is no lock itself: who stands in it; null for a lock */
  waitQueue: WaitQueueRecord | null
  /** the messages that it is for; null where no subscription was asked about, and for other keys */
  messages: LockMessages | null
  /** null where no other servers were given, and for what is never taken on several */
  redlock: RedlockState | null
}

export interface LockLimits {
  /** a TTL above this is too long, in ms */
  readonly maxTtlMs: number
  /** whoever holds a lock for longer has it for too long, in ms */
  readonly maxHoldMs: number
}

/** What earlier looks tell. */
export interface EarlierEvidence extends SampleComparison {
  /** whether it should have been renewed by now, and was not */
  readonly isOverdue: boolean
}

/**
 * What a key that is a lock, or was expected to be one, says.
 *
 * @param past null after one look.
 */
export function lockRecord(
  raw: SampledKey,
  found: RecognizedLock | Unrecognized,
  options: LockLimits,
  earlier: EarlierEvidence | null = null,
): LockRecord {
  const lock = found.kind === 'lock' ? found : null
  const ttlMs = ttlOf(raw, lock)
  const hold = holdTimeOf(raw, lock, earlier)
  const verdicts = sortedVerdicts(
    found.kind === 'lock'
      ? verdictsOf(found, {ttlMs, heldMs: hold.heldAtLeastMs, earlier}, options)
      : [found.hasWrongType ? 'wrong-type' : 'unknown-format'],
  )
  return {
    key: raw.name,
    family: lock?.family.name ?? 'unknown',
    lookalikes: [...(lock?.lookalikes ?? [])],
    holder: lock?.holders[0] ?? null,
    holders: lock?.holders.length ?? null,
    reentrancy: lock?.reentrancy ?? null,
    ttlMs,
    idleMs: raw.idleSeconds === null ? null : raw.idleSeconds * 1000,
    ...hold,
    renewal: earlier?.renewal ?? null,
    hasConstantToken: lock?.hasConstantToken ?? false,
    verdict: verdicts[0],
    verdicts,
    confidence: lock?.confidence ?? 0,
    waitQueue: null,
    messages: null,
    redlock: null,
  }
}

/** What a line says: those behind the dead wait for nothing, or nobody waits in it at all. */
export function waitQueueRecord(
  {family, locks, raw}: Pick<WaitQueueSample, 'family' | 'locks' | 'raw'>,
  state: WaitQueueState,
): LockRecord {
  const disconnected = state.disconnected?.length ?? 0
  const isLeft = state.lock === null && disconnected === state.waiters.length
  return companionRecord(
    raw,
    family,
    disconnected === 0 ? 'healthy' : isLeft ? 'orphaned-companion' : 'disconnected-waiter',
    {
      lock: state.lock ?? locks[0] ?? '',
      isHeld: state.lock !== null,
      waiters: state.waiters.length,
      disconnected: state.disconnected && [...state.disconnected],
    },
  )
}

/** What a key says that belongs to a lock, and is none. */
export function companionRecord(
  raw: SampledKey,
  family: LockFamily,
  verdict: LockVerdict,
  waitQueue: WaitQueueRecord | null,
): LockRecord {
  return {
    key: raw.name,
    family: family.name,
    lookalikes: [],
    holder: null,
    holders: null,
    reentrancy: null,
    ttlMs: ttlOf(raw, null),
    idleMs: raw.idleSeconds === null ? null : raw.idleSeconds * 1000,
    heldAtLeastMs: null,
    heldSource: null,
    renewal: null,
    hasConstantToken: false,
    verdict,
    verdicts: [verdict],
    confidence: Math.max(...family.forms.map((form) => form.confidence)),
    waitQueue,
    messages: null,
    redlock: null,
  }
}

/** The earlier of the key's end and of the one that its value tells. */
export function ttlOf({atMs, expiresAtMs}: SampledKey, lock: RecognizedLock | null): number | null {
  const ends = [expiresAtMs < 0 ? null : expiresAtMs, lock?.endsAtMs ?? null].filter((end) => end !== null)
  return ends.length === 0 ? null : Math.max(0, Math.min(...ends) - atMs)
}

type HoldTime = Pick<LockRecord, 'heldAtLeastMs' | 'heldSource'>

function holdTimeOf(
  {atMs, idleSeconds}: SampledKey,
  lock: RecognizedLock | null,
  earlier: EarlierEvidence | null,
): HoldTime {
  if (lock?.acquiredAtMs != null) return {heldAtLeastMs: Math.max(0, atMs - lock.acquiredAtMs), heldSource: 'value'}
  const idleMs = idleSeconds === null ? null : idleSeconds * 1000
  const seenMs = earlier === null ? null : Math.max(0, atMs - earlier.firstSeenMs)
  if (seenMs !== null && seenMs >= (idleMs ?? 0)) return {heldAtLeastMs: seenMs, heldSource: 'first-seen'}
  return {heldAtLeastMs: idleMs, heldSource: idleMs === null ? null : 'idle'}
}

interface Evidence {
  readonly ttlMs: number | null
  readonly heldMs: number | null
  readonly earlier: EarlierEvidence | null
}

function verdictsOf(lock: RecognizedLock, {earlier, heldMs, ttlMs}: Evidence, options: LockLimits): LockVerdict[] {
  const {expiresByValue = false, outlivesWork = false} = lock.family.lease
  const isLong = heldMs !== null && heldMs > options.maxHoldMs && !outlivesWork
  const isRenewed = earlier?.renewal === 'renewed'
  const deserved: Array<readonly [boolean, LockVerdict]> = [
    [ttlMs === null && !expiresByValue, 'no-ttl'],
    [ttlMs !== null && ttlMs > options.maxTtlMs, 'ttl-too-long'],
    [lock.hasTooMany, 'duplicate-holder'],
    [isLong && isRenewed, 'zombie-renewal'],
    [isLong && !isRenewed, 'held-too-long'],
    [earlier?.isOverdue === true, 'not-renewed'],
    [earlier?.isTouched === true, 'contended'],
    [lock.hasConstantToken, 'constant-token'],
  ]
  return deserved.flatMap(([isDeserved, verdict]) => (isDeserved ? [verdict] : []))
}
