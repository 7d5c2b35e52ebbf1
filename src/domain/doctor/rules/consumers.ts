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
import {inspectCommand, restartConsumer, unloadTopic} from './remedies.js'
import {isLookAheadFull} from './limits.js'

type Cause = 'blocked' | 'draining' | 'negative-permits' | 'not-asking' | 'not-reading' | 'unacked'

/** What is wrong with one consumer on one partition: the first that holds, for each explains the next ones. */
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
  readonly message: (name: string, where: string, rows: readonly ConsumerFacts[]) => string
  readonly fields: ReadonlyArray<keyof ConsumerStats>
  readonly remedies: (facts: SubscriptionFacts, name: string) => Remedy[]
  readonly links?: readonly string[]
}

const CHECK_CONSUMER: (name: string) => Remedy = (name) => ({
  command: `look at the threads and the log of ${name}: what does it wait for?`,
  cost: 'none',
})

const KINDS: Readonly<Record<Exclude<Cause, 'draining'>, Kind>> = {
  blocked: {
    code: 'consumer-blocked-on-unacked',
    severity: 'error',
    message: (name, where, rows) =>
      `${name} gets nothing more${where}: it has not acknowledged ${String(sumUnacked(rows))} messages, as many as one consumer may have`,
    fields: ['unackedMessages', 'blockedConsumerOnUnackedMsgs', 'lastAckedTimestamp'],
    remedies: (facts, name) => [CHECK_CONSUMER(name), restartConsumer(name), unloadTopic(facts)],
  },
  'negative-permits': {
    code: 'negative-permits',
    severity: 'error',
    message: (name, where) =>
      `${name} gets nothing more${where}: the broker counts less than none that it may send, though none is unacknowledged`,
    fields: ['availablePermits', 'unackedMessages'],
    remedies: (facts, name) => [restartConsumer(name), unloadTopic(facts)],
    links: ['apache/pulsar#26288 (5.0.0)', 'apache/pulsar#24418'],
  },
  'not-asking': {
    code: 'consumer-without-permits',
    severity: 'error',
    message: (name, where) =>
      `${name} is connected and asks for no messages${where}: it does not receive, or is paused`,
    fields: ['availablePermits', 'unackedMessages', 'lastConsumedFlowTimestamp'],
    remedies: (_, name) => [CHECK_CONSUMER(name), restartConsumer(name)],
  },
  'not-reading': {
    code: 'consumer-not-reading',
    severity: 'error',
    message: (name, where, rows) =>
      `${name} neither acknowledges its ${String(sumUnacked(rows))} messages nor asks for more${where}: it is frozen, or half dead`,
    fields: ['availablePermits', 'unackedMessages', 'lastAckedTimestamp', 'lastConsumedFlowTimestamp'],
    remedies: (facts, name) => [CHECK_CONSUMER(name), restartConsumer(name), unloadTopic(facts)],
  },
  unacked: {
    code: 'consumer-holds-unacked',
    severity: 'warn',
    message: (name, where, rows) =>
      `${name} has not acknowledged ${String(sumUnacked(rows))} messages for long${where}, and gets others meanwhile`,
    fields: ['unackedMessages', 'lastAckedTimestamp', 'availablePermits'],
    remedies: (_, name) => [CHECK_CONSUMER(name), restartConsumer(name)],
  },
}

/** What single consumers hold up. */
export function consumerRules(facts: SubscriptionFacts): Draft[] {
  const found = facts.partitions.flatMap((row) =>
    row.consumers.flatMap((one) => {
      const cause = CAUSES.find(([, holds]) => holds(facts, row, one))?.[0]
      // A client has a connection to each broker, and so an address on each, but one name.
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
    message: kind.message(name, whereText(rows), rows),
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

function evidenceOf(partition: number | null, field: string, value: unknown): Draft['evidence'] {
  if (typeof value !== 'number' && typeof value !== 'boolean') return []
  const text = field.endsWith('Timestamp') ? timeText(Number(value)) : String(value)
  return [{field: partition === null ? field : `${field} (partition ${String(partition)})`, value: text}]
}

function timeText(ms: number): string {
  return ms > 0 ? new Date(ms).toISOString() : 'never'
}

/** The earliest that is known. */
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

/** Of a Failover subscription only the active one is to ask. The broker counts no unacknowledged messages of it. */
function isNotAsking(facts: SubscriptionFacts, row: PartitionFacts, {before, now}: ConsumerFacts): boolean {
  const isIdle = facts.type === 'Failover' && row.now.activeConsumerName !== now.consumerName
  const asksNothing = [before, now].every((sample) => permitsOf(sample) === 0 && (sample.unackedMessages ?? 0) === 0)
  return !isIdle && backlogOf(row) > 0 && asksNothing && isOlderThan(facts, now.lastConsumedFlowTimestamp, now)
}

/** What the limits of the subscription explain is said there. */
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

/** Slots that wait for this consumer, at both looks for the same messages, while others have been tried for. */
function stuckDrains(facts: SubscriptionFacts, {before, now}: ConsumerFacts): Drain[] {
  if (!isOlderThan(facts, now.lastAckedTimestamp, now)) return []
  return (now.drainingHashes ?? []).flatMap(({blockedAttempts, hash, unackMsgs}) => {
    const earlier = before.drainingHashes?.find((one) => one.hash === hash)
    const isStuck = earlier?.unackMsgs === unackMsgs && blockedAttempts > 0
    return isStuck ? [{slot: hash, unacked: unackMsgs, attempts: blockedAttempts}] : []
  })
}

/** One finding for each consumer and partition: the slot that was tried for most, and how many others there are. */
function drainFindings(facts: SubscriptionFacts, one: ConsumerFacts): Draft[] {
  const drains = stuckDrains(facts, one).toSorted((a, b) => b.attempts - a.attempts || a.slot - b.slot)
  const [worst] = drains
  if (!worst) return []
  const name = nameOf(one.now)
  const others = drains.length > 1 ? `, and of ${String(drains.length - 1)} slots more` : ''
  return [
    {
      code: 'draining-slot-blocked',
      severity: 'error',
      message:
        `messages of slot ${String(worst.slot)}${whereText([one])} wait until ${name} has acknowledged ` +
        `${String(worst.unacked)} older ones${others}: the slot is another consumer's by now`,
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
