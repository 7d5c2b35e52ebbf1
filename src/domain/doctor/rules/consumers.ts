import type {ConsumerStats} from '../../../clients/pulsar-admin/types.js'
import {
  backlogOf,
  type ConsumerFacts,
  isOlderThan,
  nameOf,
  type PartitionFacts,
  type SubscriptionFacts,
  whereText,
} from '../facts/subscription-facts.js'
import type {Severity} from '../../../severity.js'
import {clientNameOf} from '../../topic-stats/consumers.js'
import type {Draft, Remedy} from '../facts/doctor-finding.js'
import type {Evidence, EvidenceField} from '../facts/evidence.js'
import {inspectCommand, restartConsumer, unloadTopic} from './remedies.js'
import {isLookAheadFull} from './limits.js'
import {counted, durationText, numberText} from '../../../wording.js'

type Cause = 'blocked' | 'draining' | 'negative-permits' | 'not-asking' | 'not-reading' | 'unacked'

/** Causes in the order in which they are tested. The first that applies is reported, because it explains those after it. */
const CAUSES: ReadonlyArray<
  readonly [Cause, (facts: SubscriptionFacts, row: PartitionFacts, one: ConsumerFacts) => boolean]
> = [
  ['draining', (facts, _, one) => stuckDrains(facts, one).length > 0],
  ['blocked', (_, __, {now}) => now.blockedConsumerOnUnackedMsgs === true],
  [
    'negative-permits',
    (_, __, {before, now}) => [before, now].every((sample) => permitsOf(sample) < 0 && sample.unackedMessages === 0),
  ],
  ['not-asking', isNotAsking],
  ['not-reading', (facts, row, one) => holdsUnacked(facts, row, one) && permitsOf(one.now) <= 0],
  ['unacked', holdsUnacked],
]

interface Kind {
  readonly code: string
  readonly severity: Severity
  readonly message: (name: string, where: string, rows: readonly ConsumerFacts[], stuckAfterMs: number) => string
  readonly fields: ReadonlyArray<EvidenceField & keyof ConsumerStats>
  readonly remedies: (facts: SubscriptionFacts, name: string) => Remedy[]
  readonly links?: readonly string[]
}

const CHECK_CONSUMER: (name: string) => Remedy = (name) => ({
  command: `check the threads and the log of consumer ${name} for what it is waiting for`,
  cost: 'none',
})

const KINDS: Readonly<Record<Exclude<Cause, 'draining'>, Kind>> = {
  blocked: {
    code: 'consumer-blocked-on-unacked',
    severity: 'error',
    message: (name, where, rows) =>
      `The broker sends no more messages to ${name}${where}: it reached the limit of unacked messages per consumer with ${counted(sumUnacked(rows), 'unacked message')}`,
    fields: ['unackedMessages', 'blockedConsumerOnUnackedMsgs', 'lastAckedTimestamp'],
    remedies: (facts, name) => [CHECK_CONSUMER(name), restartConsumer(name), unloadTopic(facts)],
  },
  'negative-permits': {
    code: 'negative-permits',
    severity: 'error',
    message: (name, where) =>
      `The broker sends no more messages to ${name}${where}: negative permits, although no message is unacked`,
    fields: ['availablePermits', 'unackedMessages'],
    remedies: (facts, name) => [restartConsumer(name), unloadTopic(facts)],
    links: ['apache/pulsar#26288 (5.0.0)', 'apache/pulsar#24418'],
  },
  'not-asking': {
    code: 'consumer-without-permits',
    severity: 'error',
    message: (name, where) =>
      `${name} is connected but does not request messages${where}; it may be paused or not calling receive`,
    fields: ['availablePermits', 'unackedMessages', 'lastConsumedFlowTimestamp'],
    remedies: (_, name) => [CHECK_CONSUMER(name), restartConsumer(name)],
  },
  'not-reading': {
    code: 'consumer-not-reading',
    severity: 'error',
    message: (name, where, rows) =>
      `${name} is not acknowledging ${counted(sumUnacked(rows), 'message')} and not requesting more${where}; it may be hung`,
    fields: ['availablePermits', 'unackedMessages', 'lastAckedTimestamp', 'lastConsumedFlowTimestamp'],
    remedies: (facts, name) => [CHECK_CONSUMER(name), restartConsumer(name), unloadTopic(facts)],
  },
  unacked: {
    code: 'consumer-holds-unacked',
    severity: 'warn',
    message: (name, where, rows, stuckAfterMs) =>
      `${name} has held ${counted(sumUnacked(rows), 'unacked message')} for over ${durationText(stuckAfterMs)}${where} and is still receiving new ones`,
    fields: ['unackedMessages', 'lastAckedTimestamp', 'availablePermits'],
    remedies: (_, name) => [CHECK_CONSUMER(name), restartConsumer(name)],
  },
}

/** Consumers that do not take or acknowledge messages. */
export function consumerRules(facts: SubscriptionFacts): Draft[] {
  const found = facts.partitions.flatMap((row) =>
    row.consumers.flatMap((one) => {
      const cause = CAUSES.find(([, holds]) => holds(facts, row, one))?.[0]
      // Findings are grouped by name: a client has one connection, and so one address, for each broker.
      return cause === undefined ? [] : [{cause, one, id: `${cause} ${nameOf(one.now)}`}]
    }),
  )
  const drains = found.filter(({cause}) => cause === 'draining').flatMap(({one}) => drainFindings(facts, one))
  const others = found.filter(({cause}) => cause !== 'draining')
  const grouped = [...Map.groupBy(others, ({id}) => id).values()].flatMap((rows) => {
    const [first] = rows
    return first
      ? [
          consumerFinding(
            facts,
            first.cause,
            rows.map(({one}) => one),
          ),
        ]
      : []
  })
  return [...drains, ...grouped]
}

function consumerFinding(facts: SubscriptionFacts, cause: Cause, rows: readonly ConsumerFacts[]): Draft {
  const kind = KINDS[cause as Exclude<Cause, 'draining'>]
  const [first] = rows
  const consumer = first ? first.now : {}
  const name = nameOf(consumer)
  return {
    code: kind.code,
    severity: kind.severity,
    message: kind.message(name, whereText(rows), rows, facts.stuckAfterMs),
    partitions: rows.map(({partition}) => partition),
    consumer: clientNameOf(consumer),
    sinceMs: sinceOf(rows.map(({now}) => now.lastAckedTimestamp)),
    evidence: rows.flatMap(({now, partition}) =>
      kind.fields.flatMap((field) => evidenceOf(partition, field, now[field])),
    ),
    remedies: [inspectCommand(facts), ...kind.remedies(facts, name)],
    links: kind.links ?? [],
  }
}

function evidenceOf(partition: number | null, field: EvidenceField, value: unknown): Evidence[] {
  if (typeof value !== 'number' && typeof value !== 'boolean') return []
  const text = field.endsWith('Timestamp') ? timeText(Number(value)) : String(value)
  return [{field: partition === null ? field : `${field} (partition ${String(partition)})`, value: text}]
}

function timeText(ms: number): string {
  return ms > 0 ? new Date(ms).toISOString() : 'never'
}

/** The earliest time that is known. */
function sinceOf(timestamps: ReadonlyArray<number | undefined>): number | null {
  const known = timestamps.flatMap((time) => (time !== undefined && time > 0 ? [time] : []))
  return known.length === 0 ? null : Math.min(...known)
}

function sumUnacked(rows: readonly ConsumerFacts[]): number {
  return rows.reduce((sum, {now}) => sum + (now.unackedMessages ?? 0), 0)
}

function permitsOf({availablePermits}: ConsumerStats): number {
  return availablePermits ?? 0
}

/** On Failover only the active consumer has to request messages, and the broker does not count its unacked messages. */
function isNotAsking(facts: SubscriptionFacts, row: PartitionFacts, {before, now}: ConsumerFacts): boolean {
  const isStandby = facts.type === 'Failover' && row.now.activeConsumerName !== now.consumerName
  const hasNoPermits = [before, now].every((sample) => permitsOf(sample) === 0 && (sample.unackedMessages ?? 0) === 0)
  return !isStandby && backlogOf(row) > 0 && hasNoPermits && isOlderThan(facts, now.lastConsumedFlowTimestamp, now)
}

/** Excludes what a limit of the subscription explains: the limit has a finding of its own. */
function holdsUnacked(facts: SubscriptionFacts, row: PartitionFacts, {before, now}: ConsumerFacts): boolean {
  if (row.now.blockedSubscriptionOnUnackedMsgs === true || isLookAheadFull(facts, row)) return false
  const holds = (before.unackedMessages ?? 0) > 0 && (now.unackedMessages ?? 0) > 0
  return (
    holds && before.lastAckedTimestamp === now.lastAckedTimestamp && isOlderThan(facts, now.lastAckedTimestamp, now)
  )
}

interface Drain {
  readonly slot: number
  readonly unacked: number
  readonly attempts: number
}

/** Draining slots of this consumer with the same unacked messages in both samples and failed attempts to deliver newer ones. */
function stuckDrains(facts: SubscriptionFacts, {before, now}: ConsumerFacts): Drain[] {
  if (!isOlderThan(facts, now.lastAckedTimestamp, now)) return []
  return (now.drainingHashes ?? []).flatMap(({blockedAttempts, hash, unackMsgs}) => {
    const earlier = before.drainingHashes?.find((one) => one.hash === hash)
    const isStuck = earlier?.unackMsgs === unackMsgs && blockedAttempts > 0
    return isStuck ? [{slot: hash, unacked: unackMsgs, attempts: blockedAttempts}] : []
  })
}

/** One finding for each consumer and partition. It names the slot with the most failed delivery attempts. */
function drainFindings(facts: SubscriptionFacts, one: ConsumerFacts): Draft[] {
  const drains = stuckDrains(facts, one).toSorted((a, b) => b.attempts - a.attempts || a.slot - b.slot)
  const [worst] = drains
  if (!worst) return []
  const name = nameOf(one.now)
  const slots =
    drains.length === 1 ? '1 draining slot is blocked' : `${numberText(drains.length)} draining slots are blocked`
  return [
    {
      code: 'draining-slot-blocked',
      severity: 'error',
      message:
        `${slots}${whereText([one])}: ${name} must first ack ${counted(worst.unacked, 'older message')} of slot ` +
        `${String(worst.slot)}, which is now assigned to another consumer`,
      partitions: [one.partition],
      consumer: clientNameOf(one.now),
      slot: worst.slot,
      sinceMs: sinceOf([one.now.lastAckedTimestamp]),
      evidence: drains.slice(0, SLOTS_SHOWN).flatMap(({attempts, slot, unacked}) => [
        {field: `drainingHashes[${String(slot)}].unackMsgs`, value: String(unacked)},
        {field: `drainingHashes[${String(slot)}].blockedAttempts`, value: String(attempts)},
      ]),
      remedies: [inspectCommand(facts), CHECK_CONSUMER(name), restartConsumer(name), unloadTopic(facts)],
      links: [],
    },
  ]
}

const SLOTS_SHOWN = 5
