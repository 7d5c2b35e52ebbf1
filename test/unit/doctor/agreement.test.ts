import assert from 'node:assert/strict'
import {test} from 'node:test'

import fc from 'fast-check'

import type {ConsumerStats, SubscriptionStats} from '../../../src/clients/pulsar-admin/types.js'
import {detectRouting} from '../../../src/domain/keys/hashing/detect-routing.js'
import {type BacklogSample, reportBacklog} from '../../../src/domain/backlog/backlog-report.js'
import {diagnose} from '../../../src/domain/doctor/diagnose.js'
import type {DoctorFinding} from '../../../src/domain/doctor/facts/doctor-finding.js'
import type {DiagnosisSnapshot, TopicSample} from '../../../src/domain/doctor/facts/diagnosis-snapshot.js'
import {groupAll} from '../../../src/domain/subscriptions/list/group-partitions.js'
import {RATE_PERIOD_MS, STUCK_AFTER_MS} from '../../../src/domain/progress/thresholds.js'
import {verdictOf} from '../../../src/domain/why/key-verdict.js'
import {parseTopicName, partitionName} from '../../../src/topic-name.js'
import {NOW, snapshotOf} from '../../support/faults/fault-replays.js'

const TOPIC = parseTopicName('persistent://public/default/orders')

/** How long ago something happened, in ms: around the limit, longer, or never. */
const ago = fc.oneof(
  fc.integer({min: 3500, max: STUCK_AFTER_MS - 1}),
  fc.integer({min: STUCK_AFTER_MS + 1, max: 10 * STUCK_AFTER_MS}),
  fc.constant(null),
)
const timeOf = (ms: number | null): number => (ms === null ? 0 : NOW - ms)

const consumer = fc
  .record({
    consumerName: fc.constantFrom('a', 'b', 'c'),
    availablePermits: fc.integer({min: -5, max: 20}),
    unackedMessages: fc.integer({min: -1, max: 20}),
    blockedConsumerOnUnackedMsgs: fc.boolean(),
    acked: ago,
    delivered: ago,
    asked: ago,
  })
  .map(({acked, asked, delivered, ...stats}): ConsumerStats => ({
    ...stats,
    address: `/10.0.0.1:${String(4000 + stats.consumerName.charCodeAt(0))}`,
    connectedSince: new Date(NOW - 3_600_000).toISOString(),
    msgOutCounter: 50,
    lastAckedTimestamp: timeOf(acked),
    lastConsumedTimestamp: timeOf(delivered),
    lastConsumedFlowTimestamp: timeOf(asked),
  }))

/** A subscription in two samples, 3 s apart. */
const pair = fc
  .record({
    msgBacklog: fc.integer({min: 0, max: 50}),
    msgDelayed: fc.integer({min: 0, max: 10}),
    msgInReplay: fc.integer({min: 0, max: 10}),
    consumers: fc.uniqueArray(consumer, {maxLength: 3, selector: ({consumerName}) => consumerName}),
    published: ago,
    marked: ago,
    /** entries acknowledged between the samples */
    acked: fc.oneof(fc.constant(0), fc.integer({min: 1, max: 20})),
    redelivered: fc.oneof(fc.constant(0), fc.integer({min: 1, max: 20})),
  })
  .map(({acked, marked, msgBacklog, published, redelivered, ...more}): [SubscriptionStats, SubscriptionStats] => {
    const before: SubscriptionStats = {
      ...more,
      activeConsumerName: 'a',
      msgBacklog: msgBacklog + acked,
      msgOutCounter: 50,
      unackedMessages: more.consumers.reduce((sum, one) => sum + (one.unackedMessages ?? 0), 0),
      earliestMsgPublishTimeInBacklog: msgBacklog === 0 ? -1 : timeOf(published),
      lastMarkDeleteAdvancedTimestamp: timeOf(marked),
      lastAckedTimestamp: Math.max(0, ...more.consumers.map(({lastAckedTimestamp = 0}) => lastAckedTimestamp)),
      lastConsumedTimestamp: Math.max(0, ...more.consumers.map(({lastConsumedTimestamp = 0}) => lastConsumedTimestamp)),
    }
    const delivered = acked + redelivered
    return [
      before,
      {
        ...before,
        msgBacklog,
        msgOutCounter: 50 + delivered,
        ...(acked > 0 ? {lastAckedTimestamp: NOW - 1000} : {}),
        ...(delivered > 0 ? {lastConsumedTimestamp: NOW - 1000} : {}),
      },
    ]
  })

/** One or two partitions, of one type, with consumers of the same clients. */
const partitions = fc
  .tuple(fc.array(pair, {minLength: 1, maxLength: 2}), fc.constantFrom('Shared', 'Key_Shared', 'Failover', 'Exclusive'))
  .map(([pairs, type]) =>
    pairs.map(([before, now]): Pair => [
      {...before, type},
      {...now, type},
    ]),
  )

interface Verdicts {
  readonly findings: readonly DoctorFinding[]
  readonly errors: readonly DoctorFinding[]
  /** those on the partition of the key */
  readonly errorsOfKey: readonly DoctorFinding[]
  readonly backlog: string | null
  readonly isListedAsStalled: boolean | null
  readonly why: string
}

type Pair = readonly [before: SubscriptionStats, now: SubscriptionStats]

/** The snapshot of a topic whose partitions have these statistics. */
function snapshotOfPartitions(pairs: readonly Pair[]): DiagnosisSnapshot {
  const snapshot = snapshotOf({})
  const sample = (at: 0 | 1, atMs: number): TopicSample => ({
    atMs,
    partitions: pairs.map((pair, partition) => ({
      ...{partition, messagesIn: 100, ongoingTransactions: null, cursors: {}},
      subscriptions: {decision: pair[at]},
    })),
  })
  const samples = [sample(0, NOW - 3000), sample(1, NOW)] as const
  return {...snapshot, topics: snapshot.topics.map((topic) => ({...topic, partitionCount: pairs.length, samples}))}
}

/** What the four commands say of the same samples. The key of `why` is on partition 0. */
function verdictsOf(pairs: readonly Pair[]): Verdicts {
  const {findings} = diagnose(snapshotOfPartitions(pairs), STUCK_AFTER_MS)
  const sample = (atMs: number, at: 0 | 1): BacklogSample => ({
    atMs,
    collected: {
      ...{topic: TOPIC, subscription: 'decision', partitionCount: pairs.length},
      partitions: pairs.map((pair, partition) => ({
        ...{partition, name: partitionName(TOPIC, partition), stats: {msgInCounter: 100}, subscription: pair[at]},
      })),
    },
  })
  const samples = ([0, 0, 1, 1] as const).map((which, at) => sample(NOW - 3000 + 1000 * at, which))
  const time = {nowMs: NOW, ageMs: 0, periodMs: RATE_PERIOD_MS}
  const {rows} = groupAll(
    pairs.map(([, now], at) => ({name: partitionName(TOPIC, at).full, stats: {subscriptions: {decision: now}}})),
    time,
  )
  const {code} = verdictOf({
    ...{topic: TOPIC.full, subscription: 'decision', key: 'user-1', type: pairs[0]?.[1].type ?? null, nowMs: NOW},
    routing: detectRouting([], pairs.length),
    search: {expected: 0, isExpectedComplete: true, others: null},
    destination: {partition: 0, slot: null, receiver: 'unknown', consumer: null, drainingConsumer: null},
    messages: {
      ...{
        entriesRead: 5,
        entriesUnreadable: 0,
        entriesUncertain: 0,
        backlogEntries: 5,
        isComplete: true,
        messages: 1,
        partitions: [0],
      },
      oldest: {partition: 0, position: '1:0', publishedAtMs: NOW - 60_000, deliverAtMs: null, isRead: true},
    },
    ...{lock: null, asksForLocks: false, asOf: new Date(NOW).toISOString()},
    findings: findings.filter(({subject: {partitions}}) => partitions.length === 0 || partitions.includes(0)),
    changes: {joined: [], left: [], ownerBefore: null},
  })
  const errors = findings.filter(({severity}) => severity === 'error')
  return {
    findings,
    errors,
    errorsOfKey: errors.filter(({subject: {partitions}}) => partitions.length === 0 || partitions.includes(0)),
    backlog: reportBacklog(samples).total.verdict,
    isListedAsStalled: rows[0]?.row.isStalled ?? null,
    why: code,
  }
}

/**
 * A contradiction: a command calls the backlog stalled and doctor finds no error; doctor finds it stalled without a cause
 * while another command says that it moves or is empty; doctor finds nothing while why names a problem; or doctor finds an
 * error while why says that the messages of the partition are being handled.
 */
function contradictionIn({backlog, errors, errorsOfKey, isListedAsStalled, why}: Verdicts): string | null {
  if (backlog === 'stalled' && errors.length === 0) return 'backlog: stalled, doctor: no error'
  if (isListedAsStalled === true && errors.length === 0) return 'list: stalled, doctor: no error'
  const isUnexplained = errors.some(({code}) => code === 'stalled-cause-unknown')
  if (isUnexplained && backlog !== 'stalled') return `doctor: stalled, backlog: ${String(backlog)}`
  if (isUnexplained && isListedAsStalled === false) return 'doctor: stalled, list: not stalled'
  const isWorking = why === 'delivered-not-acked' || why === 'waiting-behind-other-messages'
  if (errorsOfKey.length > 0 && isWorking) return `doctor: ${errorsOfKey[0]?.code ?? ''}, why: ${why}`
  return errorsOfKey.length === 0 && !isWorking ? `doctor: no error, why: ${why}` : null
}

test('doctor, why, backlog and list never contradict each other', (t) => {
  const seen = new Map<string, number>()
  fc.assert(
    fc.property(partitions, (pairs) => {
      const verdicts = verdictsOf(pairs)
      assert.equal(contradictionIn(verdicts), null, JSON.stringify(verdicts.findings.map(({code}) => code)))
      for (const text of [`backlog ${String(verdicts.backlog)}`, ...verdicts.errors.map(({code}) => code)])
        seen.set(text, (seen.get(text) ?? 0) + 1)
    }),
    {numRuns: 2000},
  )
  t.diagnostic([...seen].map(([text, count]) => `${text} ${String(count)}`).join(', '))
  for (const verdict of ['stalled', 'steady', 'empty', 'not-due']) assert.ok(seen.has(`backlog ${verdict}`), verdict)
})
