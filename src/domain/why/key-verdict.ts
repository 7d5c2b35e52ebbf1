import type {Routing} from '../keys/hashing/partition-routing.js'
import type {KeyDestination} from '../locks/consumers/lock-correlation.js'
import type {LockRecord} from '../locks/recognition/lock-record.js'
import type {KeyMessages} from '../message-sampling/collect-key-messages.js'
import {displayName} from '../doctor/facts/subscription-facts.js'
import type {DoctorFinding} from '../doctor/facts/doctor-finding.js'
import type {ConsumerChanges} from './consumer-changes.js'
import {lastAckText, secondsText} from './last-activity.js'

/** `high`: the broker says so; `medium`: it follows, unless something moved meanwhile; `low`: not all was seen. */
export type Confidence = 'high' | 'low' | 'medium'

export interface Verdict {
  code: string
  /** one sentence: whether the key's messages are stuck, and why */
  message: string
  confidence: Confidence
  /** what to do next, that harms nobody */
  next: string
}

/** All that is known of a key. */
export interface KeyFacts {
  readonly topic: string
  readonly subscription: string
  readonly key: string
  /** null where partitions differ, or none has had a consumer */
  readonly type: string | null
  readonly routing: Routing
  readonly destination: KeyDestination
  readonly messages: KeyMessages
  /** null where none is held, or it was not asked for */
  readonly lock: LockRecord | null
  readonly asksForLocks: boolean
  /** of its partition, or of all of the subscription */
  readonly findings: readonly DoctorFinding[]
  /** when the owner was asked for, ISO 8601, of this machine */
  readonly asOf: string
  readonly changes: ConsumerChanges
  readonly nowMs: number
}

/** A message that is younger than this is on its way. */
const ON_ITS_WAY_MS = 1000

/** A key of which messages wait. */
interface Waiting extends KeyFacts {
  readonly oldest: NonNullable<KeyMessages['oldest']>
  readonly ageMs: number | null
  /** who gets them */
  readonly who: string
}

type Reason = (facts: Waiting) => Omit<Verdict, 'message'> & {readonly because: string}

/** The first that explains it; the last always does. */
const REASONS: ReadonlyArray<readonly [holds: (facts: Waiting) => boolean, reason: Reason]> = [
  [
    ({lock}) => lock?.verdicts.includes('key-stalled') === true,
    ({lock}) => ({
      code: 'locked',
      because: `: its Redis lock is held by ${lock?.holder?.token ?? 'somebody'}, ${
        lock?.messages?.relation === 'other-consumer' ? 'another consumer' : 'no consumer that lives'
      }`,
      confidence: 'high',
      next: `keyshift locks inspect '${lock?.key ?? ''}'`,
    }),
  ],
  [
    ({destination}) => destination.drainingConsumer !== null,
    ({destination: {drainingConsumer, slot}}) => {
      const name = drainingConsumer ? displayName(drainingConsumer) : ''
      return {
        code: 'draining',
        because: ` until ${name} has acknowledged older ones of slot ${String(slot)}`,
        confidence: 'high',
        next: `look at ${name}: what does it wait for?`,
      }
    },
  ],
  [
    ({ageMs, findings}) => worstOf(findings) !== undefined && (ageMs === null || ageMs > ON_ITS_WAY_MS),
    ({findings, subscription, topic}) => {
      const worst = worstOf(findings)
      return {
        code: worst?.code ?? '',
        because: `: ${worst?.message ?? ''}`,
        confidence: 'high',
        next: worst?.remedies[0]?.command ?? `keyshift doctor ${topic} ${subscription}`,
      }
    },
  ],
  [
    ({oldest}) => oldest.isRead,
    ({destination: {consumer, partition}, nowMs, subscription, topic, type, who}) => ({
      code: 'delivered-not-acked',
      because: `: ${who} has it, or it waits to be delivered again${consumer ? lastAckText(consumer, partition, nowMs) : ''}`,
      // Of a Shared subscription any consumer may have it, and of Key_Shared the owner may just have changed.
      confidence: type === 'Shared' ? 'low' : 'medium',
      next: `look at ${who}, and at keyshift doctor ${topic} ${subscription}`,
    }),
  ],
  [
    () => true,
    ({subscription, topic, who}) => ({
      code: 'waiting-behind-other-messages',
      because: `: ${who} gets others first`,
      confidence: 'medium',
      next: `keyshift backlog show ${topic} ${subscription}`,
    }),
  ],
]

/** Whether the key's messages are stuck, and why. */
export function verdictOf(facts: KeyFacts): Verdict {
  const {destination, key, messages, nowMs} = facts
  const {oldest} = messages
  if (oldest === null) return noneWaits(facts)
  const ageMs = oldest.publishedAtMs === null ? null : Math.max(0, nowMs - oldest.publishedAtMs)
  const who = destination.consumer ? displayName(destination.consumer) : 'one of the consumers'
  const waiting = {...facts, oldest, ageMs, who}
  const found = REASONS.find(([holds]) => holds(waiting))
  if (!found) throw new RangeError('no reason holds') // the last one does
  const {because, ...reason} = found[1](waiting)
  const age = ageMs === null ? '' : `, the oldest for ${secondsText(ageMs)}`
  return {...reason, message: `${String(messages.messages)} messages of ${key} wait${age}${because}`}
}

function noneWaits({key, messages, subscription, topic}: KeyFacts): Verdict {
  return messages.isComplete
    ? {
        code: 'no-unacked-message',
        message: `no message of ${key} waits: nothing is stuck`,
        confidence: 'high',
        next: 'look at whoever publishes it',
      }
    : {
        code: 'not-in-entries-read',
        message: `none of the ${String(messages.entriesRead)} oldest entries is of ${key}: its messages, if there are any, wait behind them`,
        confidence: 'low',
        next: `keyshift why ${topic} ${subscription} '${key}' --max ${String(messages.backlogEntries)}`,
      }
}

function worstOf(findings: readonly DoctorFinding[]): DoctorFinding | undefined {
  return findings.find(({severity}) => severity === 'error')
}
