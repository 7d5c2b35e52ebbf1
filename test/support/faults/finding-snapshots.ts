import type {
  DiagnosisSnapshot,
  SubscriptionLimits,
  TopicSnapshot,
} from '../../../src/domain/doctor/facts/diagnosis-snapshot.js'
import type {PolicyOrigin} from '../../../src/domain/policies/policy-levels.js'
import {NEGATIVE_PERMITS, NOW, snapshotOf, type SubscriptionSample, worker} from './fault-replays.js'

const LONG = NOW - 120_000
const IDLE = {lastAckedTimestamp: LONG, lastConsumedTimestamp: LONG, lastConsumedFlowTimestamp: LONG}
const STUCK: SubscriptionSample = {
  msgBacklog: 90,
  lastMarkDeleteAdvancedTimestamp: LONG,
  consumers: [worker('a', IDLE)],
}

type Partitions = TopicSnapshot['samples'][0]['partitions']

/** Changes the only topic of a snapshot, and its partitions in both samples. */
function changed(
  snapshot: DiagnosisSnapshot,
  topic: Partial<TopicSnapshot>,
  change: (partitions: Partitions) => Partitions = (same) => same,
): DiagnosisSnapshot {
  const topics = snapshot.topics.map((one) => {
    const [first, last] = one.samples
    const samples = [
      {...first, partitions: change(first.partitions)},
      {...last, partitions: change(last.partitions)},
    ] as const
    return {...one, samples, ...topic}
  })
  return {...snapshot, topics}
}

/** Each partition with these statistics, in both samples. */
function partitioned(...all: readonly SubscriptionSample[]): DiagnosisSnapshot {
  return changed(snapshotOf({}), {partitionCount: all.length}, (rows) =>
    all.flatMap((decision, partition) => rows.map((row) => ({...row, partition, subscriptions: {decision}}))),
  )
}

function withLimits(snapshot: DiagnosisSnapshot, limits: Partial<SubscriptionLimits>): DiagnosisSnapshot {
  const unknown = {value: null, origin: null}
  const all = {
    ...{dispatchRate: unknown, topicDispatchRate: unknown, pausesOnAckStatePersistent: unknown},
    ...{maxUnackedMessagesPerConsumer: unknown, maxUnackedMessagesPerSubscription: unknown},
  }
  const bySubscription = {decision: {...all, ...limits}}
  const policies = {bySubscription, messageTtlSeconds: null, evictsAbove: {bytes: null, seconds: null}}
  return changed(snapshot, {policies})
}

function withCursor(
  snapshot: DiagnosisSnapshot,
  unreadEntries: number,
  more: {transactions?: number} = {},
): DiagnosisSnapshot {
  const positions = {
    markDeletePosition: '5:9',
    readPosition: '5:10',
    lastConfirmedEntry: '5:99',
    firstUnackedEntry: '5:10',
  }
  const cursor = {...positions, unackedEntries: 90, unreadEntries, hasPendingRead: null, hasPendingReplayRead: null}
  return changed(snapshot, {}, (rows) =>
    rows.map((row) => ({...row, ongoingTransactions: more.transactions ?? null, cursors: {decision: cursor}})),
  )
}

const throttled = (of: 'Broker' | 'Subscription' | 'Topic', origin: PolicyOrigin | null): DiagnosisSnapshot => {
  const counter = `dispatchThrottledMsgEventsBy${of}Limit` as const
  const rate = {messages: 1, bytes: 0, periodSeconds: 3600, isRelativeToPublishRate: false}
  const limits = {[of === 'Topic' ? 'topicDispatchRate' : 'dispatchRate']: {value: rate, origin}}
  return withLimits(snapshotOf({...STUCK, [counter]: 1}, {...STUCK, [counter]: 5}), limits)
}

const expiring = (
  evictsAbove: {bytes: number | null; seconds: number | null},
  ttl: number | null,
): DiagnosisSnapshot => {
  const old = {...STUCK, earliestMsgPublishTimeInBacklog: NOW - 60_000, backlogSize: 4000}
  return changed(snapshotOf(old), {policies: {bySubscription: {}, messageTtlSeconds: ttl, evictsAbove}})
}

const holding = (stats: SubscriptionSample, unackedMessages: number): SubscriptionSample => ({
  ...{...STUCK, unackedMessages, consumers: [worker('a', {...IDLE, unackedMessages, availablePermits: 0})]},
  ...stats,
})

const MESSAGES = {entries: 100, messages: 100, keylessMessages: 5, mixedBatches: 2}
const LOCK = {
  ...{lock: 'lock:user-1', key: 'user-1', partition: null, holder: 'x', relation: 'no-consumer' as const},
  ...{consumer: null, messages: 1, oldestAgeMs: 20_000, ttlMs: null, heldAtLeastMs: null},
}
const DRAINING = {hash: 7, unackMsgs: 2, blockedAttempts: 9}

/** Snapshots that together, and with the recordings, have every finding with each of its remedies. */
export const ALL_FINDINGS: readonly DiagnosisSnapshot[] = [
  ...(['Subscription', 'Topic'] as const).flatMap((of) =>
    (['subscription', 'topic', 'namespace', 'broker', null] as const)
      .filter((origin) => of === 'Subscription' || origin !== 'subscription')
      .map((origin) => throttled(of, origin)),
  ),
  throttled('Broker', null),
  ...[
    expiring({bytes: 4000, seconds: null}, null),
    expiring({bytes: null, seconds: 90}, null),
    expiring({bytes: null, seconds: null}, 90),
  ],
  ...([null, 'topic', 'namespace'] as const).map((origin) =>
    withLimits(snapshotOf({...STUCK, nonContiguousDeletedMessagesRanges: 10_000}), {
      pausesOnAckStatePersistent: {value: origin === null ? null : true, origin},
    }),
  ),
  snapshotOf({msgBacklog: 90, lastMarkDeleteAdvancedTimestamp: LONG}),
  partitioned({...STUCK, type: 'Shared', consumers: []}, {type: 'Shared', consumers: [worker('a')]}),
  partitioned({type: 'Shared'}, {type: 'Failover'}),
  partitioned({type: 'Key_Shared', keySharedMode: 'STICKY'}, {type: 'Key_Shared', keySharedMode: 'AUTO_SPLIT'}),
  snapshotOf({keySharedMode: 'STICKY', consumers: [worker('a', {keyHashRangeArrays: [[0, 40_000]]})]}),
  snapshotOf({msgBacklog: 1, msgDelayed: 1}),
  snapshotOf({consumers: [worker('a'), worker('a', {address: '/10.0.0.2:1'})]}),
  changed(snapshotOf({}), {
    messageSamples: {decision: {...MESSAGES, topKey: {key: 'user-1', messages: 90, partition: null}}},
    locks: {decision: [LOCK]},
  }),
  changed(snapshotOf({}), {
    messageSamples: {
      decision: {...MESSAGES, topKey: {key: 'user 1', messages: 90, partition: null, isUncertain: true}},
    },
  }),
  snapshotOf({...STUCK, msgOutCounter: 50}, {...STUCK, msgOutCounter: 150, lastConsumedTimestamp: NOW}),
  ...[true, false].map((isHeld) =>
    snapshotOf(
      holding({blockedSubscriptionOnUnackedMsgs: isHeld}, 5),
      holding({blockedSubscriptionOnUnackedMsgs: isHeld}, isHeld ? 5 : 6),
    ),
  ),
  snapshotOf({
    ...holding({}, 5),
    consumers: [worker('a', {...IDLE, unackedMessages: 5, blockedConsumerOnUnackedMsgs: true})],
  }),
  snapshotOf({...STUCK, consumers: [worker('a', {...IDLE, unackedMessages: 5})]}),
  snapshotOf({...STUCK, consumers: [worker('a', {...IDLE, availablePermits: 0})]}),
  snapshotOf({...STUCK, consumers: [worker('a', {...IDLE, unackedMessages: 2, drainingHashes: [DRAINING]})]}),
  snapshotOf({
    ...{...STUCK, type: 'Failover', activeConsumerName: 'a'},
    consumers: [worker('a', {...IDLE, lastConsumedTimestamp: LONG + 1})],
  }),
  changed(partitioned(STUCK, STUCK), {}, (rows) =>
    rows.map((row) => (row.partition === 1 ? {...row, subscriptions: {}} : row)),
  ),
  snapshotOf(NEGATIVE_PERMITS),
  snapshotOf(STUCK),
  withCursor(snapshotOf(STUCK), 90, {transactions: 1}),
  withCursor(snapshotOf(STUCK), 0),
  snapshotOf(
    {...STUCK, nonContiguousDeletedMessagesRanges: 1},
    {...STUCK, nonContiguousDeletedMessagesRanges: 1, consumers: [worker('a', {lastAckedTimestamp: NOW - 100})]},
  ),
]
