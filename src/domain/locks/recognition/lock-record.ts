import type {LockFamily} from '../families/family.js'
import type {WaitQueueSample, WaitQueueState} from './wait-queue.js'
import type {SampledKey} from '../reading/sampled-key.js'
import type {FamilyLikelihood, LockHolder, RecognizedLock, Unrecognized} from './recognized-lock.js'
import type {MissedRenewal, Renewal, SampleComparison} from './renewals.js'
import {type LockVerdict, sortedVerdicts} from './lock-verdicts.js'

/**
 * How the lock holder relates to the subscription. `owner`: it is the consumer that receives the messages of the key.
 * `other-consumer`: it is another consumer. `consumer`: it is one of several consumers that may receive them. `restarted`: it
 * is a consumer that connected only after the lock was acquired. `no-consumer`: it is not a consumer.
 */
export type LockRelation = 'consumer' | 'no-consumer' | 'other-consumer' | 'owner' | 'restarted'

export interface LockMessages {
  /** the message key */
  key: string
  /** null on a plain topic */
  partition: number | null
  slot: number | null
  /** the consumer that receives the messages of the key; null when there is none, or it can be any consumer */
  consumer: {name: string | null; address: string | null} | null
  /** the consumer that holds the lock; null when no consumer matches the holder */
  holder: {name: string | null; address: string | null} | null
  /** which property of the consumer matched the holder */
  matchedBy: 'address' | 'metadata' | 'name' | null
  /** null when unknown */
  relation: LockRelation | null
  /** unacknowledged messages of the key among the messages read; null when no messages were read */
  waiting: {messages: number; oldestAgeMs: number | null} | null
}

export interface WaitQueueRecord {
  /** the key of the lock */
  lock: string
  isHeld: boolean
  waiters: number
  /** waiters without a subscriber on their channel; null when unknown */
  disconnected: string[] | null
}

/** On which of the independent servers of a Redlock the same holder has the lock. */
export interface RedlockState {
  servers: number
  /** addresses of the servers that have the lock */
  heldOn: string[]
  /** number of servers that could not be queried */
  notAsked: number
}

export interface LockRecord {
  key: string
  /** the type of the key, such as `string lock`, when no family is clearly ahead; `unknown` when none matches */
  family: string
  /** the kind of token and the possible families; null when the family is known, or none matches */
  group: string | null
  /** the families that the lock may be of, the most likely one first */
  candidates: FamilyLikelihood[]
  /** the first of several holders; null when the format is unknown */
  holder: LockHolder | null
  /** number of holders, 0 when the value says that the lock is free; null when the format is unknown */
  holders: number | null
  /** how many times the holder has acquired the lock; null when the format does not contain it */
  reentrancy: number | null
  /** time until the lock expires, by its TTL or by the expiry in its value; null when it never expires */
  ttlMs: number | null
  /** time since any client, including waiters and readers, accessed the key */
  idleMs: number | null
  /** a lower bound, unless `heldSource` is `value` */
  heldAtLeastMs: number | null
  /**
   * The source of `heldAtLeastMs`. `value`: the lock contains the time of acquisition. `first-seen`: a scan first saw this
   * holder then. `idle`: the idle time of the key, which every access resets.
   */
  heldSource: 'first-seen' | 'idle' | 'value' | null
  /** how the expiry changed between two samples; null after one sample, and for a lock that never expires */
  renewal: Renewal | null
  /** whether the token is a constant, which does not identify a holder */
  hasConstantToken: boolean
  /** whether its library can acquire it on several independent servers (Redlock) */
  onSeveralServers: boolean
  /** whether neither its format nor its name shows that it is a lock, but only `--assume-locks` or `--key-pattern` */
  isAssumed: boolean
  /** the worst of `verdicts`; after one sample, `healthy` only means that the lock expires within the limits */
  verdict: LockVerdict
  /** all verdicts of the lock, the worst first */
  verdicts: LockVerdict[]
  /** likelihood of the first candidate, from 0 to 1 */
  confidence: number
  /**
   * clients that subscribed to the release channel of the lock or are in its wait queue; null when its library has no release
   * channel, and when the number is unknown
   */
  waiters: number | null
  /** the state of a wait queue, which is listed although it is not a lock; null for a lock */
  waitQueue: WaitQueueRecord | null
  /** the messages of the lock's key; null without a subscription, and for keys that do not match the key pattern */
  messages: LockMessages | null
  /** null without other Redlock servers, and for formats that are never acquired on several servers */
  redlock: RedlockState | null
}

export interface LockLimits {
  /** a longer TTL gets the verdict `ttl-too-long`, in ms */
  readonly maxTtlMs: number
  /** a longer hold time gets the verdict `held-too-long`, in ms */
  readonly maxHoldMs: number
}

/** What earlier samples of the same holder show. */
export interface EarlierEvidence extends SampleComparison {
  /** null when no renewal is missing */
  readonly missed: MissedRenewal | null
}

/**
 * The record of a key that is a lock, or is expected to be one.
 *
 * @param earlier null after one sample.
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
      : [found.hasWrongType ? 'wrong-type' : 'unknown-format', ...(mayBeStuck(raw) ? (['no-ttl'] as const) : [])],
  )
  return {
    key: raw.name,
    family: lock?.name ?? 'unknown',
    group: lock?.group ?? null,
    candidates: lock?.likelihoods ?? [],
    holder: lock?.holders[0] ?? null,
    holders: lock?.holderCount ?? null,
    reentrancy: lock?.reentrancy ?? null,
    ttlMs,
    idleMs: raw.idleSeconds === null ? null : raw.idleSeconds * 1000,
    ...hold,
    renewal: earlier?.renewal ?? null,
    hasConstantToken: lock?.hasConstantToken ?? false,
    onSeveralServers: lock?.behavior.onSeveralServers ?? false,
    isAssumed: lock?.isAssumed ?? false,
    verdict: verdicts[0],
    verdicts,
    confidence: lock?.candidates[0]?.likelihood ?? 0,
    waiters: null,
    waitQueue: null,
    messages: null,
    redlock: null,
  }
}

/** The record of a wait queue: disconnected waiters block the others, or only disconnected waiters are left. */
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

/** The record of a key that belongs to a lock. */
export function companionRecord(
  raw: SampledKey,
  family: LockFamily,
  verdict: LockVerdict,
  waitQueue: WaitQueueRecord | null,
): LockRecord {
  return {
    key: raw.name,
    family: family.name,
    group: null,
    candidates: [],
    holder: null,
    holders: null,
    reentrancy: null,
    ttlMs: ttlOf(raw, null),
    idleMs: raw.idleSeconds === null ? null : raw.idleSeconds * 1000,
    heldAtLeastMs: null,
    heldSource: null,
    renewal: null,
    hasConstantToken: false,
    onSeveralServers: false,
    isAssumed: false,
    verdict,
    verdicts: [verdict],
    confidence: Math.max(...family.forms.map((form) => form.confidence)),
    waiters: null,
    waitQueue,
    messages: null,
    redlock: null,
  }
}

/** Time until the earlier of the key's expiry and the expiry in its value. */
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
  // The same constant token in two samples can be of two holders.
  const seenMs = earlier === null || lock?.hasConstantToken === true ? null : Math.max(0, atMs - earlier.firstSeenMs)
  if (seenMs !== null && seenMs >= (idleMs ?? 0)) return {heldAtLeastMs: seenMs, heldSource: 'first-seen'}
  return {heldAtLeastMs: idleMs, heldSource: idleMs === null ? null : 'idle'}
}

/** The types in which libraries store locks. A key of another type, or with a long value, is hardly a lock. */
const TYPES_OF_LOCKS = ['hash', 'string', 'zset']

/** Whether a key of an unknown format would be a lock that never expires if it is one. */
function mayBeStuck({entries, expiresAtMs, type}: SampledKey): boolean {
  return expiresAtMs < 0 && entries.length > 0 && TYPES_OF_LOCKS.includes(type)
}

interface Evidence {
  readonly ttlMs: number | null
  readonly heldMs: number | null
  readonly earlier: EarlierEvidence | null
}

function verdictsOf(lock: RecognizedLock, {earlier, heldMs, ttlMs}: Evidence, options: LockLimits): LockVerdict[] {
  const {expiresByValue = false, outlivesWork = false} = lock.behavior.lease
  const isLong = heldMs !== null && heldMs > options.maxHoldMs && !outlivesWork
  const isRenewed = earlier?.renewal === 'renewed'
  const rules: Array<readonly [applies: boolean, verdict: LockVerdict]> = [
    [ttlMs === null && !expiresByValue && !lock.hasPastTime && lock.holderCount > 0, 'no-ttl'],
    [lock.hasPastTime, 'past-time'],
    [ttlMs !== null && ttlMs > options.maxTtlMs, 'ttl-too-long'],
    [lock.hasTooMany, 'duplicate-holder'],
    [isLong && isRenewed, 'zombie-renewal'],
    [isLong && !isRenewed, 'held-too-long'],
    [earlier?.missed === 'overdue', 'not-renewed'],
    [earlier?.missed === 'not-seen', 'not-seen-renewed'],
    [earlier?.isTouched === true, 'contended'],
    [lock.hasConstantToken && lock.holderCount > 0, 'constant-token'],
  ]
  return rules.flatMap(([applies, verdict]) => (applies ? [verdict] : []))
}
