import {Usage} from '../../../errors.js'
import {templateExpression} from '../families/template.js'
import type {LockHolder} from '../recognition/recognize.js'
import type {LockMessages, LockRecord, LockRelation} from '../recognition/lock-record.js'
import {type LockVerdict, sortedVerdicts} from '../recognition/lock-verdicts.js'

/** A connected consumer, which may be a lock's holder. */
export interface LiveConsumer {
  /** null where the broker names none */
  readonly name: string | null
  /** `host:port` as the broker sees it */
  readonly address: string | null
  /** since when without a break, epoch ms of the broker; null where it does not say */
  readonly connectedSinceMs: number | null
  /** when it last acknowledged anything, epoch ms of the broker; `never` since it connected; null where it does not say */
  readonly lastAcked: number | 'never' | null
  /** when it was last sent a message, likewise */
  readonly lastDelivered: number | 'never' | null
  /** what its program says of itself */
  readonly metadata: Readonly<Record<string, string>>
}

/** Where the messages of a key go. */
export interface KeyDestination {
  /** null on a plain topic */
  readonly partition: number | null
  /** null where the subscription makes no slots of keys */
  readonly slot: number | null
  /** who gets them; null when nobody does, or anybody may */
  readonly consumer: LiveConsumer | null
  /** who has to acknowledge older ones first; null when nobody has */
  readonly drainingConsumer: LiveConsumer | null
}

/** The subscription whose consumers are compared with holders. */
export interface CorrelatedSubscription {
  topic: string
  subscription: string
  /** when its consumers were looked at, ISO 8601 */
  asOf: string
}

/** A key whose messages are not acknowledged. */
export interface WaitingKey {
  readonly messages: number
  /** when the oldest was published, epoch ms of its producer; null where that is not known */
  readonly oldestMs: number | null
}

/** What the oldest part of a backlog says. */
export interface WaitingKeys {
  readonly keys: ReadonlyMap<string, WaitingKey>
  readonly entries: number
  /** whether that is all of it */
  readonly isComplete: boolean
}

/** How locks stand to the messages that wait. */
export interface WaitingSummary {
  /** of the backlog, from the oldest on */
  entriesRead: number
  isComplete: boolean
  /** with a message that is not acknowledged */
  keys: number
  /** of those, the ones that nobody holds a lock for: their consumers work without, or have not begun */
  keysWithoutLock: number
}

export interface CorrelationOptions {
  readonly about: CorrelatedSubscription
  readonly consumers: readonly LiveConsumer[]
  readonly destinationOf: (key: string) => KeyDestination
  /** a lock's key with `{key}` in place of the message key, and `*` for anything */
  readonly keyPattern: string
  /**
   * A holder's token with `{consumer}` in place of what its consumer is called by: name, address, or a value of its
   * metadata. Null where what the format tells of the holder is all there is: then who fits no consumer may still be one.
   */
  readonly holderPattern: string | null
  /** which keys' messages wait; null where that was not asked */
  readonly waiting: WaitingKeys | null
}

/** Clocks of broker and Redis differ. */
const CLOCKS_DIFFER_MS = 5000
/** A message that waits for longer than this behind a lock that is not its consumer's is held up by it. */
const STALLED_MS = 10_000

/** Tells of locks whose messages they are for, and whether who holds them is who gets those. */
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

  /** What was asked about, and what the locks judged so far say of the messages that wait. */
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

  /** The lock with its messages, and the verdicts that come of them; as it was where its key does not fit the pattern. */
  assess(lock: LockRecord, nowMs: number): LockRecord {
    const key = this.key.exec(lock.key)?.groups?.['key']
    if (key === undefined || lock.holders === null) return lock
    const destination = this.options.destinationOf(key)
    const {by, found, isIdentified} = this.match(lock.holder)
    const relation = isIdentified ? relationOf(found, destination, heldSinceMs(lock, nowMs)) : null
    const waiting = this.waitingFor(key, nowMs)
    const deserved = verdictOf(relation, lock)
    const isStalled = STALLING.some((verdict) => deserved.includes(verdict)) && (waiting?.oldestAgeMs ?? 0) > STALLED_MS
    const verdicts = sortedVerdicts([...lock.verdicts, ...deserved, ...(isStalled ? (['key-stalled'] as const) : [])])
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
    const called = new Set(names.filter((name) => name !== null))
    for (const [by, namesOf] of NAMES) {
      const found = this.options.consumers.filter((consumer) => namesOf(consumer).some((name) => called.has(name)))
      if (found.length > 0) return {found, by, isIdentified: true}
    }
    return {...unidentified, isIdentified: named !== undefined}
  }
}

/** The glob that finds the locks of a key pattern. */
export function globOf(keyPattern: string): string {
  return keyPattern.replace(/[?[\]\\]/g, String.raw`\$&`).replace('{key}', '*')
}

/** What a consumer may be called by, the surest first. */
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
  // Who has to acknowledge older messages of the key may well hold its lock.
  const isOwner = [consumer, drainingConsumer].some(
    (owner) => owner !== null && found.some((one) => isSame(one, owner)),
  )
  return isOwner ? 'owner' : 'other-consumer'
}

function verdictOf(relation: LockRelation | null, {renewal, ttlMs}: LockRecord): LockVerdict[] {
  if (relation === 'other-consumer') return ['wrong-consumer']
  if (relation === 'restarted' && renewal !== 'renewed') return ['orphaned']
  if (relation !== 'no-consumer') return []
  return ttlMs === null || renewal === 'unchanged' ? ['orphaned'] : ['not-a-consumer']
}

/** Whoever gets the messages can't have such a lock. */
const STALLING: readonly LockVerdict[] = ['wrong-consumer', 'orphaned']

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
    throw new Usage('E_PATTERN', `the pattern ${pattern} has to hold ${variable}, once`, {data: {pattern}})
  }
  return templateExpression(pattern.replace(variable, () => `$${variable}`))
}
