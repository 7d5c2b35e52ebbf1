import {Usage} from '../../../errors.js'
import type {Receiver} from '../../keys/owners/key-directory.js'
import {templateExpression} from '../families/template.js'
import type {LockHolder} from '../recognition/recognized-lock.js'
import type {LockMessages, LockRecord, LockRelation} from '../recognition/lock-record.js'
import {type LockVerdict, sortedVerdicts} from '../recognition/lock-verdicts.js'

/** A connected consumer, which may hold a lock. */
export interface LiveConsumer {
  /** null when the broker reports none */
  readonly name: string | null
  /** `host:port` as the broker sees it */
  readonly address: string | null
  /** start of the current connection, epoch ms of the broker; null when unknown */
  readonly connectedSinceMs: number | null
  /** the last acknowledgement of this connection, epoch ms of the broker; null when unknown */
  readonly lastAcked: number | 'never' | null
  /** the last delivery to this connection, epoch ms of the broker; null when unknown */
  readonly lastDelivered: number | 'never' | null
  /** the metadata that the application set */
  readonly metadata: Readonly<Record<string, string>>
}

/** Where the messages of a key go. */
export interface KeyDestination {
  /** null on a plain topic, and when unknown */
  readonly partition: number | null
  /** null when the subscription is not Key_Shared */
  readonly slot: number | null
  readonly receiver: Receiver
  /** the consumer that receives them; null unless the receiver is one consumer */
  readonly consumer: LiveConsumer | null
  /** the consumer that must first acknowledge older messages of the key; null when there is none */
  readonly drainingConsumer: LiveConsumer | null
}

/** The subscription whose consumers are compared with lock holders. */
export interface CorrelatedSubscription {
  topic: string
  subscription: string
  /** when its consumers were read, ISO 8601 */
  asOf: string
}

/** A key with unacknowledged messages. */
export interface WaitingKey {
  readonly messages: number
  /** publish time of the oldest message, epoch ms of its producer; null when unknown */
  readonly oldestMs: number | null
  /** the partitions with messages of the key; 0 on a plain topic */
  readonly partitions: readonly number[]
}

/** The keys in the oldest part of the backlog. */
export interface WaitingKeys {
  readonly keys: ReadonlyMap<string, WaitingKey>
  readonly entries: number
  /** whether the entire backlog was read */
  readonly isComplete: boolean
}

/** How many keys with waiting messages have a lock. */
export interface WaitingSummary {
  /** backlog entries that were read, from the oldest on */
  entriesRead: number
  /** whether the entire backlog was read */
  isComplete: boolean
  /** keys with an unacknowledged message */
  keys: number
  /** of these, the keys without a lock: their consumers do not use one, or have not started on the message */
  keysWithoutLock: number
}

export interface CorrelationOptions {
  readonly about: CorrelatedSubscription
  readonly consumers: readonly LiveConsumer[]
  readonly destinationOf: (key: string) => KeyDestination
  /** format of lock keys: `{key}` is the message key, `*` any text */
  readonly keyPattern: string
  /**
   * Format of owner tokens: `{consumer}` is a consumer name, an address or a value of its metadata. Null when only the lock
   * format identifies the holder; a holder that matches no consumer may then still be one.
   */
  readonly holderPattern: string | null
  /** the keys with waiting messages; null when no messages were read */
  readonly waiting: WaitingKeys | null
}

/** Tolerance for the difference between the clocks of broker and Redis. */
const CLOCKS_DIFFER_MS = 5000
/** A message that has waited longer than this is blocked by a lock that its consumer does not hold. */
export const LOCK_STALLED_MS = 10_000

/** Finds the message key of each lock, and compares the holder with the consumer that receives the messages of the key. */
export class LockCorrelation {
  private readonly options: CorrelationOptions
  private readonly key: RegExp
  private readonly holder: RegExp | null
  private readonly lockedKeys = new Set<string>()

  /** @throws Usage E_PATTERN when a pattern lacks its `{key}` or `{consumer}`. */
  constructor(options: CorrelationOptions) {
    this.options = options
    this.key = expressionOf(options.keyPattern, 'key')
    this.holder = options.holderPattern === null ? null : expressionOf(options.holderPattern, 'consumer')
  }

  /** The subscription, and how many of its waiting keys had a lock so far. */
  get about(): CorrelatedSubscription & {waiting: WaitingSummary | null} {
    const {about, waiting} = this.options
    return {
      ...about,
      waiting: waiting && {
        entriesRead: waiting.entries,
        isComplete: waiting.isComplete,
        keys: waiting.keys.size,
        keysWithoutLock: waiting.keys.size - this.lockedKeys.size,
      },
    }
  }

  /** Whether a key has the format of the lock keys. */
  isLockKey(key: string): boolean {
    return this.key.test(key)
  }

  /** The lock with its messages and the verdicts that follow from them; unchanged when its key does not match the pattern. */
  assess(lock: LockRecord, nowMs: number): LockRecord {
    const key = this.key.exec(lock.key)?.groups?.['key']
    if (key === undefined || lock.holders === null) return lock
    const destination = this.options.destinationOf(key)
    const {by, found, isIdentified} = this.match(lock.holder)
    const relation = isIdentified ? relationOf(found, destination, heldSinceMs(lock, nowMs)) : null
    const waiting = this.waitingFor(key, nowMs)
    const added = verdictOf(relation, lock)
    const isStalled =
      BLOCKING.some((verdict) => added.includes(verdict)) && (waiting?.oldestAgeMs ?? 0) > LOCK_STALLED_MS
    const verdicts = sortedVerdicts([...lock.verdicts, ...added, ...(isStalled ? (['key-stalled'] as const) : [])])
    return {
      ...lock,
      verdict: verdicts[0],
      verdicts,
      messages: {
        key,
        partition: destination.partition,
        slot: destination.slot,
        consumer: nameAndAddressOf(destination.consumer),
        holder: nameAndAddressOf(found[0] ?? null),
        matchedBy: by,
        relation,
        waiting,
      },
    }
  }

  private waitingFor(key: string, nowMs: number): LockMessages['waiting'] {
    const {waiting} = this.options
    if (waiting === null) return null
    const found = waiting.keys.get(key)
    if (!found) return {messages: 0, oldestAgeMs: null}
    this.lockedKeys.add(key)
    return {
      messages: found.messages,
      oldestAgeMs: found.oldestMs === null ? null : Math.max(0, nowMs - found.oldestMs),
    }
  }

  private match(holder: LockHolder | null): {
    found: readonly LiveConsumer[]
    by: LockMessages['matchedBy']
    isIdentified: boolean
  } {
    const unidentified = {found: [], by: null, isIdentified: false}
    if (holder === null) return unidentified
    const named = this.holder?.exec(holder.token)?.groups?.['consumer']
    if (this.holder !== null && named === undefined) return unidentified
    const names = named === undefined ? [holder.consumer, holder.host, holder.instance] : [named]
    const known = new Set(names.filter((name) => name !== null))
    for (const [by, namesOf] of NAMES) {
      const found = this.options.consumers.filter((consumer) => namesOf(consumer).some((name) => known.has(name)))
      if (found.length > 0) return {found, by, isIdentified: true}
    }
    return {...unidentified, isIdentified: named !== undefined}
  }
}

/** How the holder of a lock relates to the consumer of its messages, as a clause that follows the holder. */
export function relationText(relation: LockRelation | null): string {
  return relation === null ? 'which may or may not be a consumer (--holder-pattern identifies it)' : RELATIONS[relation]
}

const RELATIONS: Readonly<Record<LockRelation, string>> = {
  consumer: 'a connected consumer, which may be processing the messages',
  'no-consumer': 'not a connected consumer',
  'other-consumer': 'another consumer',
  owner: 'the consumer of the key',
  restarted: 'a consumer that has restarted since',
}

/** The glob that finds the locks of a key pattern. */
export function globOf(keyPattern: string): string {
  return keyPattern.replace(/[?[\]\\]/g, String.raw`\$&`).replace('{key}', '*')
}

/** The properties by which a holder may identify a consumer, the most specific first. */
const NAMES: ReadonlyArray<
  readonly [NonNullable<LockMessages['matchedBy']>, (consumer: LiveConsumer) => readonly string[]]
> = [
  ['name', ({name}) => (name === null ? [] : [name])],
  ['address', ({address}) => (address === null ? [] : [address, address.replace(/:\d+$/, '')])],
  ['metadata', ({metadata}) => Object.values(metadata)],
]

function relationOf(
  found: readonly LiveConsumer[],
  destination: KeyDestination,
  heldSinceMs: number | null,
): LockRelation {
  if (found.length === 0) return 'no-consumer'
  const isYounger = ({connectedSinceMs}: LiveConsumer): boolean =>
    connectedSinceMs !== null && heldSinceMs !== null && connectedSinceMs > heldSinceMs + CLOCKS_DIFFER_MS
  if (found.every(isYounger)) return 'restarted'
  const {consumer, drainingConsumer} = destination
  if (consumer === null && drainingConsumer === null) return 'consumer'
  // The consumer that must first acknowledge older messages of the key may still hold its lock.
  const isOwner = [consumer, drainingConsumer].some(
    (owner) => owner !== null && found.some((one) => isSame(one, owner)),
  )
  return isOwner ? 'owner' : 'other-consumer'
}

/**
 * A holder that is not a consumer, or was one before it reconnected, can still be active. So its lock is orphaned only if it
 * would stay forever, or its renewals have stopped.
 */
function verdictOf(relation: LockRelation | null, {ttlMs, verdicts}: LockRecord): LockVerdict[] {
  if (relation === 'other-consumer') return ['wrong-consumer']
  if (relation !== 'no-consumer' && relation !== 'restarted') return []
  if (ttlMs === null || verdicts.includes('not-renewed')) return ['orphaned']
  return relation === 'no-consumer' ? ['not-a-consumer'] : []
}

/** With these verdicts, the consumer that receives the messages cannot acquire the lock. */
const BLOCKING: readonly LockVerdict[] = ['wrong-consumer', 'orphaned']

function heldSinceMs({heldAtLeastMs}: LockRecord, nowMs: number): number | null {
  return heldAtLeastMs === null ? null : nowMs - heldAtLeastMs
}

function isSame(one: LiveConsumer, other: LiveConsumer): boolean {
  return one.name === other.name && one.address === other.address
}

export function nameAndAddressOf(consumer: LiveConsumer | null): LockMessages['holder'] {
  return consumer && {name: consumer.name, address: consumer.address}
}

function expressionOf(pattern: string, name: 'consumer' | 'key'): RegExp {
  const variable = `{${name}}`
  if (pattern.split(variable).length !== 2) {
    throw new Usage('E_PATTERN', `the pattern ${pattern} must contain ${variable} exactly once`, {data: {pattern}})
  }
  return templateExpression(pattern.replace(variable, () => `$${variable}`))
}
