import assert from 'node:assert/strict'
import {test} from 'node:test'

import fc from 'fast-check'

import type {ConsumerStats, SubscriptionStats} from '../../../src/clients/pulsar-admin/types.js'
import type {
  DiagnosisSnapshot,
  SampledSubscription,
  TopicSample,
} from '../../../src/domain/doctor/facts/diagnosis-snapshot.js'
import {STUCK_AFTER_MS} from '../../../src/domain/progress/thresholds.js'
import {contradictionIn, type Verdicts, verdictsOf} from '../../support/faults/agreement.js'
import {NOW, snapshotOf} from '../../support/faults/fault-replays.js'
import {recordings, snapshotOfRecording} from '../../support/servers/recorded-broker.js'

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

/** How a recording changes in both samples, and between them. */
const change = fc.record({
  backlog: fc.option(fc.integer({min: 0, max: 2000})),
  delayed: fc.option(fc.integer({min: 0, max: 20})),
  replay: fc.option(fc.integer({min: 0, max: 5000})),
  holes: fc.option(fc.integer({min: 0, max: 12_000})),
  marked: fc.option(ago),
  published: fc.option(ago),
  isBlocked: fc.option(fc.boolean()),
  acked: fc.oneof(fc.constant(0), fc.integer({min: 1, max: 20})),
  redelivered: fc.oneof(fc.constant(0), fc.integer({min: 1, max: 200})),
  /** by consumer, repeated; null where it stays unchanged */
  consumers: fc.array(
    fc.option(
      fc.record({
        isGone: fc.boolean(),
        permits: fc.integer({min: -300, max: 1000}),
        unacked: fc.integer({min: -1, max: 1000}),
        redeliverRate: fc.constantFrom(0, 0.5, 300),
        isBlocked: fc.boolean(),
        acked: ago,
        delivered: ago,
      }),
    ),
    {minLength: 1, maxLength: 4},
  ),
})
type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never

/** @param nowMs when the second sample was taken */
function changed(
  stats: SampledSubscription,
  one: Change,
  {isSecond, nowMs}: {readonly isSecond: boolean; readonly nowMs: number},
): SampledSubscription {
  const at = (ms: number | null): number => (ms === null ? 0 : nowMs - ms)
  const recent = nowMs - 1000
  const consumers = (stats.consumers ?? []).flatMap((consumer, number): ConsumerStats[] => {
    const own = one.consumers[number % one.consumers.length] ?? null
    if (own === null) return [consumer]
    if (own.isGone) return []
    return [
      {
        ...consumer,
        ...{availablePermits: own.permits, unackedMessages: own.unacked, msgRateRedeliver: own.redeliverRate},
        ...{blockedConsumerOnUnackedMsgs: own.isBlocked, lastAckedTimestamp: at(own.acked)},
        lastConsumedTimestamp: at(own.delivered),
      },
    ]
  })
  const [acked, delivered] = isSecond ? [one.acked, one.acked + one.redelivered] : [0, 0]
  return {
    ...stats,
    consumers,
    msgBacklog: (one.backlog ?? stats.msgBacklog ?? 0) + (one.acked - acked),
    msgOutCounter: (stats.msgOutCounter ?? 0) + delivered,
    unackedMessages: consumers.reduce((sum, {unackedMessages = 0}) => sum + unackedMessages, 0),
    ...(one.delayed === null ? {} : {msgDelayed: one.delayed}),
    ...(one.replay === null ? {} : {msgInReplay: one.replay}),
    ...(one.holes === null ? {} : {nonContiguousDeletedMessagesRanges: one.holes}),
    ...(one.marked === null ? {} : {lastMarkDeleteAdvancedTimestamp: at(one.marked)}),
    ...(one.published === null ? {} : {earliestMsgPublishTimeInBacklog: at(one.published)}),
    ...(one.isBlocked === null ? {} : {blockedSubscriptionOnUnackedMsgs: one.isBlocked}),
    ...(acked > 0 ? {lastAckedTimestamp: recent} : {}),
    ...(delivered > 0 ? {lastConsumedTimestamp: recent} : {}),
  }
}

/** @param changes for the partitions in turn */
function changedSnapshot(snapshot: DiagnosisSnapshot, changes: readonly Change[]): DiagnosisSnapshot {
  const topics = snapshot.topics.map((topic) => {
    const nowMs = topic.samples[1].atMs
    const sample = (at: 0 | 1): TopicSample => ({
      ...topic.samples[at],
      partitions: topic.samples[at].partitions.map((row, number) => {
        const one = changes[number % changes.length]
        const subscriptions = Object.entries(row.subscriptions).map(([name, stats]) => [
          name,
          one ? changed(stats, one, {isSecond: at === 1, nowMs}) : stats,
        ])
        return {...row, subscriptions: Object.fromEntries(subscriptions) as typeof row.subscriptions}
      }),
    })
    return {...topic, samples: [sample(0), sample(1)] as const}
  })
  return {...snapshot, topics}
}

test('doctor, why, backlog and list never contradict each other', (t) => {
  const seen = new Map<string, number>()
  fc.assert(
    fc.property(partitions, (pairs) => {
      const verdicts = requireAgreement(snapshotOfPartitions(pairs))
      for (const text of [`backlog ${String(verdicts.backlog)}`, ...verdicts.errors.map(({code}) => code)])
        seen.set(text, (seen.get(text) ?? 0) + 1)
    }),
    {numRuns: 2000},
  )
  t.diagnostic([...seen].map(([text, count]) => `${text} ${String(count)}`).join(', '))
  for (const verdict of ['stalled', 'steady', 'empty', 'not-due']) assert.ok(seen.has(`backlog ${verdict}`), verdict)
})

for (const [name, recording] of await recordings()) {
  test(`recorded, and changed: ${name}; the four commands agree`, async (t) => {
    const snapshot = await snapshotOfRecording(t, recording)
    const {findings} = requireAgreement(snapshot)
    assert.ok(findings.length > 0)
    const seen = new Set<string>()
    fc.assert(
      fc.property(fc.array(change, {minLength: 1, maxLength: 3}), (changes) => {
        for (const {code} of requireAgreement(changedSnapshot(snapshot, changes)).findings) seen.add(code)
      }),
      {numRuns: 500},
    )
    t.diagnostic([...seen].toSorted().join(', '))
    assert.ok(seen.size > 3)
  })
}

/** With the key of `why` on each partition. */
function requireAgreement(snapshot: DiagnosisSnapshot): Verdicts {
  const count = snapshot.topics[0]?.partitionCount ?? 1
  const all = Array.from({length: count}, (_, at) => verdictsOf(snapshot, at))
  for (const one of all)
    assert.equal(contradictionIn(one), null, JSON.stringify(one.findings.map(({code, severity}) => [code, severity])))
  const [first] = all
  assert.ok(first)
  return first
}
