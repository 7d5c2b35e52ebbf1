import type {Routing} from '../keys/hashing/detect-routing.js'
import type {KeyDestination, LiveConsumer} from '../locks/consumers/lock-correlation.js'
import {LOCK_STALLED_MS, relationText} from '../locks/consumers/lock-correlation.js'
import type {LockRecord} from '../locks/recognition/lock-record.js'
import type {KeyMessages} from '../message-sampling/collect-key-messages.js'
import {clientText} from '../doctor/facts/client-facts.js'
import type {DoctorFinding} from '../doctor/facts/doctor-finding.js'
import type {ConsumerChanges} from './consumer-changes.js'
import {operands, suggestedCommand} from '../../suggested-command.js'
import {counted, durationText, keyText, numberText} from '../../wording.js'
import {lastAckText} from './last-activity.js'

/** `high`: the broker reports it; `medium`: it follows, unless something changed between the readings; `low`: only a part was read. */
export type Confidence = 'high' | 'low' | 'medium'

export interface Verdict {
  code: string
  /** whether the key's messages are stuck, and why */
  message: string
  confidence: Confidence
  /** a safe next step: a command or a sentence */
  next: string
}

/** All that is known of a key. */
export interface KeyFacts {
  readonly topic: string
  readonly subscription: string
  readonly key: string
  /** null if partitions differ, or if none has had a consumer */
  readonly type: string | null
  readonly routing: Routing
  readonly search: {
    /** the partition of new messages by the hashing scheme, 0 on a plain topic; null when unknown */
    readonly expected: number | null
    /** whether the complete backlog of the expected partition was read, and the scheme is certain */
    readonly isExpectedComplete: boolean
    /** what was read of all other partitions; null when they were not searched */
    readonly others: Pick<KeyMessages, 'backlogEntries' | 'entriesRead'> | null
  }
  readonly destination: KeyDestination
  readonly messages: KeyMessages
  /** null if the key is not locked, or if the lock was not requested */
  readonly lock: LockRecord | null
  readonly asksForLocks: boolean
  /** of its partition, or of the whole subscription */
  readonly findings: readonly DoctorFinding[]
  /** when the owner was read, ISO 8601, by the clock of this machine */
  readonly asOf: string
  readonly changes: ConsumerChanges
  readonly nowMs: number
}

/** A younger message is probably being delivered, so findings do not explain it. */
const ON_ITS_WAY_MS = 1000

/** A key with unacked messages. */
interface Waiting extends KeyFacts {
  readonly oldest: NonNullable<KeyMessages['oldest']>
  readonly ageMs: number | null
  /** the consumer of the key, or `one of the consumers` */
  readonly receiver: string
}

type Reason = (facts: Waiting) => Omit<Verdict, 'message'> & {readonly cause: string}

/** The first that applies is reported. The last always applies. */
const REASONS: ReadonlyArray<readonly [holds: (facts: Waiting) => boolean, reason: Reason]> = [
  [
    ({nowMs, oldest}) => oldest.deliverAtMs !== null && oldest.deliverAtMs > nowMs,
    ({nowMs, oldest, subscription, topic}) => ({
      code: 'delayed',
      cause: `; it is delayed and due in ${durationText((oldest.deliverAtMs ?? nowMs) - nowMs)}`,
      confidence: 'high',
      next: suggestedCommand('backlog', 'show', ...operands(topic, subscription)),
    }),
  ],
  [
    ({ageMs, lock}) => lock !== null && mayBlock(lock, ageMs),
    (facts) => {
      const isSure = provesLock(facts)
      return {
        code: 'locked',
        cause: facts.lock ? `${lockText(facts.lock, isSure)}${isSure ? '' : alternativeText(facts)}` : '',
        confidence: isSure ? 'high' : 'medium',
        next: suggestedCommand('locks', 'inspect', ...operands(facts.lock?.key ?? '')),
      }
    },
  ],
  [
    ({destination}) => destination.drainingConsumer !== null,
    ({destination: {drainingConsumer, slot}}) => {
      const name = drainingConsumer ? clientText(drainingConsumer) : ''
      return {
        code: 'draining',
        cause: `; slot ${String(slot)} is draining: ${name} must first ack older messages of the slot`,
        confidence: 'high',
        next: `check the threads and the log of consumer ${name} for what it is waiting for`,
      }
    },
  ],
  [
    ({ageMs, findings}) => worstOf(findings) !== undefined && (ageMs === null || ageMs > ON_ITS_WAY_MS),
    ({findings, subscription, topic}) => {
      const worst = worstOf(findings)
      return {
        code: worst?.code ?? '',
        cause: `. ${worst?.message ?? ''}`,
        confidence: 'high',
        next: worst?.remedies[0]?.command ?? doctorCommand({subscription, topic}),
      }
    },
  ],
  [
    ({oldest}) => oldest.isRead,
    ({destination: {consumer, partition}, findings, nowMs, receiver, subscription, topic, type}) => ({
      code: 'delivered-not-acked',
      cause: `; either at ${receiver} or awaiting redelivery${consumer ? lastAckText(consumer, partition, nowMs) : ''}${blockedText(findings)}`,
      // On Shared any consumer may have the message. On Key_Shared the previous owner may still have it.
      confidence: type === 'Shared' ? 'low' : 'medium',
      next: doctorCommand({subscription, topic}),
    }),
  ],
  [
    () => true,
    ({receiver, subscription, topic}) => ({
      code: 'waiting-behind-other-messages',
      cause: `; the broker has not read them yet and delivers older messages to ${receiver} first`,
      confidence: 'medium',
      next: suggestedCommand('backlog', 'show', ...operands(topic, subscription)),
    }),
  ],
]

/** Whether a lock may keep the consumer of the key from its messages: any lock that the consumer itself is not known to hold. */
function mayBlock({messages, verdicts}: LockRecord, ageMs: number | null): boolean {
  return (
    verdicts.includes('key-stalled') || (messages?.relation !== 'owner' && ageMs !== null && ageMs > LOCK_STALLED_MS)
  )
}

/**
 * Whether the lock is the only explanation of why the key waits: its messages are at a consumer that acknowledges others, and the
 * holder of the lock does not receive them. A consumer that acknowledges nothing waits for the lock or is hung, and no
 * statistics show which.
 */
function provesLock({destination, lock, nowMs, oldest}: Waiting): boolean {
  const lastAcked = receiverOf(destination)?.lastAcked
  const isAcking = typeof lastAcked === 'number' && nowMs - lastAcked <= LOCK_STALLED_MS
  return isAcking && oldest.isRead && lock?.verdicts.includes('key-stalled') === true
}

/** What else may be the cause; empty if the statistics do not show anything. */
function alternativeText({destination, nowMs, oldest}: Waiting): string {
  if (!oldest.isRead) return '; the broker has not delivered them yet'
  const consumer = receiverOf(destination)
  if (consumer === null) return ''
  const quiet = lastAckText(consumer, destination.partition, nowMs, {
    subject: clientText(consumer),
    aboveMs: LOCK_STALLED_MS,
  })
  return quiet === '' ? '' : `${quiet}: it is waiting for the lock, or it is hung`
}

/** The consumer that has the oldest messages of the key. */
function receiverOf({consumer, drainingConsumer}: KeyDestination): LiveConsumer | null {
  return drainingConsumer ?? consumer
}

function lockText({holder, messages, ttlMs}: LockRecord, isSure: boolean): string {
  const by = holder?.consumer ?? holder?.host ?? holder?.token ?? 'an unknown client'
  return `; ${isSure ? '' : 'may be '}blocked by a Redis lock held by ${by}, ${relationText(messages?.relation ?? null)}${ttlMs === null ? '; the lock never expires' : ''}`
}

/** Whether the key's messages are stuck, and why. */
export function verdictOf(facts: KeyFacts): Verdict {
  const {destination, key, messages, nowMs} = facts
  const {oldest} = messages
  if (oldest === null) return noMessage(facts)
  const ageMs = oldest.publishedAtMs === null ? null : Math.max(0, nowMs - oldest.publishedAtMs)
  const receiver = destination.consumer ? clientText(destination.consumer) : 'one of the consumers'
  const waiting = {...facts, oldest, ageMs, receiver}
  const found = REASONS.find(([holds]) => holds(waiting))
  if (!found) throw new RangeError('no reason applies') // unreachable: the last one always applies
  const {cause, ...reason} = found[1](waiting)
  const age = ageMs === null ? '' : `, oldest ${durationText(ageMs)}`
  return {...reason, message: `${counted(messages.messages, 'message')} of ${keyText(key)}${age}${cause}`}
}

/** Not found among the entries read: then it may be behind the problem of its partition, if there is one. */
function noMessage(facts: KeyFacts): Verdict {
  const {findings, key, messages, search, subscription, topic} = facts
  const {backlogEntries, entriesRead, entriesUncertain, entriesUnreadable, isComplete} = messages
  const name = keyText(key)
  const producersCommand = suggestedCommand('subscriptions', 'inspect', ...operands(topic, subscription))
  if (isComplete) {
    return {
      code: 'no-unacked-message',
      message: `${search.others === null ? 'the partition has no' : 'no partition has an'} unacked message of ${name}${ACKED_OR_NONE}`,
      confidence: 'high',
      next: producersCommand,
    }
  }
  const {expected, isExpectedComplete, others} = search
  if (isExpectedComplete && expected !== null && others !== null) {
    return {
      code: 'no-unacked-message',
      message:
        `partition ${String(expected)} has no unacked message of ${name}, and the oldest ` +
        `${counted(others.entriesRead, 'entry', 'entries')} of ${numberText(others.backlogEntries)} on the other partitions have none${ACKED_OR_NONE}`,
      confidence: 'medium',
      next: producersCommand,
    }
  }
  const read = `no message of ${name} in the oldest ${counted(entriesRead, 'entry', 'entries')} of ${numberText(backlogEntries)}`
  if (entriesUncertain > 0) return uncertain(facts, read)
  const rest =
    entriesUnreadable === 0
      ? 'newer entries were not read'
      : `${counted(entriesUnreadable, 'entry', 'entries')} could not be read`
  const worst = worstOf(findings)
  if (worst) {
    return {
      code: worst.code,
      message: `${read}, and ${rest}. ${expected === null ? 'A' : 'Its'} partition has a problem: ${worst.message}`,
      confidence: 'medium',
      next: worst.remedies[0]?.command ?? doctorCommand({subscription, topic}),
    }
  }
  return {
    code: 'not-in-entries-read',
    message: `${read}; ${rest}`,
    confidence: 'low',
    next:
      entriesUnreadable === 0
        ? suggestedCommand('why', '--max', String(backlogEntries), ...operands(topic, subscription, key))
        : doctorCommand({subscription, topic}),
  }
}

const ACKED_OR_NONE = ': its messages are acked, or none was published'

function uncertain({messages, subscription, topic}: KeyFacts, read: string): Verdict {
  return {
    code: 'not-in-entries-read',
    message: `${read}, but ${numberText(messages.entriesUncertain)} of these may have this key, because the admin API does not return all characters of a key`,
    confidence: 'low',
    next: suggestedCommand('keys', 'sample', '--source', 'websocket', ...operands(topic, subscription)),
  }
}

function doctorCommand({subscription, topic}: Pick<KeyFacts, 'subscription' | 'topic'>): string {
  return suggestedCommand('doctor', ...operands(topic, subscription))
}

function blockedText(findings: readonly DoctorFinding[]): string {
  return findings.some(({code}) => code === 'mark-delete-blocked')
    ? '; an unacked message blocks mark-delete of the partition while newer messages are acked'
    : ''
}

function worstOf(findings: readonly DoctorFinding[]): DoctorFinding | undefined {
  return findings.find(({severity}) => severity === 'error')
}
