import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {ConsumerStats} from '../../../src/clients/pulsar-admin/types.js'
import {diagnose} from '../../../src/domain/doctor/diagnose.js'
import type {DoctorFinding, Draft} from '../../../src/domain/doctor/facts/doctor-finding.js'
import {factsOf} from '../../../src/domain/doctor/facts/subscription-facts.js'
import {consumerRules} from '../../../src/domain/doctor/rules/consumers.js'
import {
  type CursorSample,
  type DiagnosisSnapshot,
  samplePartition,
} from '../../../src/domain/doctor/facts/diagnosis-snapshot.js'
import {
  type SubscriptionSample,
  NEGATIVE_PERMITS,
  NOW,
  REPLAY_STUCK,
  snapshotOf,
  worker,
} from '../../support/faults/fault-replays.js'

const codes = (snapshot: DiagnosisSnapshot): string[] => findings(snapshot).map(({code}) => code)
const findings = (snapshot: DiagnosisSnapshot): DoctorFinding[] => diagnose(snapshot, 30_000).findings

test('apache/pulsar#23845: messages stay in the replay queue although consumers have permits', () => {
  const stuck = REPLAY_STUCK
  const old = {brokerVersion: '4.0.5'}
  const [first, ...others] = findings(snapshotOf(stuck, stuck, old))
  assert.equal(first?.code, 'replay-stuck')
  assert.ok(first.links.some((link) => link.includes('#24736')))
  assert.deepEqual(
    others.map(({code}) => code),
    ['known-bugs'],
  )
  const working = {...stuck, msgOutCounter: 51, consumers: [worker('a'), worker('bb', {msgOutCounter: 9})]}
  const earlier = {...stuck, consumers: [worker('a'), worker('bb', {msgOutCounter: 8})]}
  assert.ok(codes(snapshotOf(earlier, working, old)).includes('replay-stuck'), 'another consumer goes on')
  const shorter = snapshotOf(stuck, {...stuck, msgInReplay: 39, msgBacklog: 39}, old)
  assert.ok(!codes(shorter).includes('replay-stuck'), 'the replay queue gets shorter')
  const held = {...stuck, consumers: [worker('a', {unackedMessages: 3}), worker('bb')]}
  assert.deepEqual(codes(snapshotOf(held, held, old)), ['known-bugs'], 'a consumer must acknowledge first')
})

test('apache/pulsar#26288: negative permits, and nothing unacknowledged', () => {
  const leaked = NEGATIVE_PERMITS
  const [first] = findings(snapshotOf(leaked))
  assert.deepEqual([first?.code, first?.subject.consumer?.name], ['negative-permits', 'a'])
  assert.deepEqual(
    codes(snapshotOf({...leaked, consumers: [worker('a')]}, leaked)),
    [],
    'negative in one sample only: a batch is being delivered',
  )
})

test('a finding that explains silent consumers leaves them out on its partitions, unless it is an info', () => {
  const [facts] = factsOf(snapshotOf(NEGATIVE_PERMITS), 30_000)
  assert.ok(facts)
  const [{partition} = {partition: null}] = facts.partitions
  const cause: Draft = {
    ...{code: 'cause', severity: 'error', message: '', remedies: []},
    evidence: [],
    partitions: [partition],
  }
  const codesAfter = (other: Draft): string[] => consumerRules(facts, [other]).map(({code}) => code)
  assert.deepEqual(codesAfter(cause), ['negative-permits'])
  const explains = ['silent-consumers'] as const
  assert.deepEqual(codesAfter({...cause, explains}), [])
  assert.deepEqual(codesAfter({...cause, explains, severity: 'info'}), ['negative-permits'])
  assert.deepEqual(codesAfter({...cause, explains, partitions: [7]}), ['negative-permits'])
})

test('partitions with the same type and different Key_Shared policies', () => {
  const snapshot = snapshotOf({})
  const [topic] = snapshot.topics
  assert.ok(topic)
  const [mode, other] = ['AUTO_SPLIT', 'STICKY'].map((keySharedMode, partition) => ({
    ...{partition, messagesIn: 0, ongoingTransactions: null, cursors: {}},
    subscriptions: {decision: {type: 'Key_Shared', keySharedMode, allowOutOfOrderDelivery: false}},
  }))
  assert.ok(mode && other)
  const sample = {atMs: NOW, partitions: [mode, other]}
  const mixed = {...snapshot, topics: [{...topic, partitionCount: 2, samples: [sample, sample] as const}]}
  const [first] = findings(mixed)
  assert.equal(first?.code, 'mixed-key-shared-policies')
  assert.deepEqual(first.subject.partitions, [0, 1])
})

test('a consumer is not stuck while it acknowledges other messages, or if its last acknowledgement is recent', () => {
  const holdingMessages = (lastAckedTimestamp: number): SubscriptionSample => ({
    msgBacklog: 5,
    consumers: [worker('a', {unackedMessages: 5, lastAckedTimestamp})],
  })
  assert.deepEqual(codes(snapshotOf(holdingMessages(NOW - 60_000))), ['consumer-holds-unacked'])
  assert.deepEqual(codes(snapshotOf(holdingMessages(NOW - 60_000), holdingMessages(NOW - 100))), [])
  assert.deepEqual(codes(snapshotOf(holdingMessages(NOW - 10_000))), [])
})

test('nothing is concluded from a counter that restarted because the topic was reloaded', () => {
  const row: SubscriptionSample = {msgBacklog: 10, unackedMessages: 0, msgOutCounter: 500, consumers: [worker('a')]}
  assert.deepEqual(codes(snapshotOf(row, {...row, msgOutCounter: 3})), [])
  assert.deepEqual(codes(snapshotOf(row, {...row, msgOutCounter: 560})), ['redelivered-over-and-over'])
})

test('an old unacked message that blocks mark-delete is found while newer messages are acknowledged', () => {
  const blocked = (more: SubscriptionSample = {}): SubscriptionSample => ({
    ...{msgBacklog: 3, nonContiguousDeletedMessagesRanges: 1, lastMarkDeleteAdvancedTimestamp: NOW - 103_000},
    consumers: [worker('a', {unackedMessages: 1, lastAckedTimestamp: NOW - 3500})],
    ...more,
  })
  const acking = {consumers: [worker('a', {unackedMessages: 1, lastAckedTimestamp: NOW - 100})]}
  const [found, ...others] = findings(snapshotOf(blocked(), blocked(acking)))
  assert.deepEqual([found?.code, found?.severity, others], ['mark-delete-blocked', 'warn', []])
  assert.match(found?.message ?? '', /has blocked mark-delete for 103 s; backlog 3 entries$/)
  assert.deepEqual(codes(snapshotOf(blocked(), blocked())), [], 'nothing newer was acknowledged')
  const advanced = {...acking, lastMarkDeleteAdvancedTimestamp: NOW - 100}
  assert.deepEqual(codes(snapshotOf(blocked(), blocked(advanced))), [], 'mark-delete advanced')
  assert.deepEqual(codes(snapshotOf(blocked(), blocked({...acking, msgDelayed: 1}))), ['delayed-messages'])
  const withoutHoles = {...acking, nonContiguousDeletedMessagesRanges: 0}
  assert.deepEqual(codes(snapshotOf(blocked(), blocked(withoutHoles))), [], 'only a batch is acknowledged in part')
  const young = {lastMarkDeleteAdvancedTimestamp: 0, earliestMsgPublishTimeInBacklog: NOW - 5000}
  assert.deepEqual(codes(snapshotOf(blocked(young), blocked({...acking, ...young}))), [], 'the message is young')
})

test('a finding about a key proposes keys owner, except on Shared, where any consumer may receive the key', () => {
  const proposing = (type: string): string[] => {
    const snapshot = snapshotOf({type, msgBacklog: 0})
    const lock = {
      ...{lock: 'lock:user-1', key: 'user-1', partition: null, holder: 'x', relation: 'no-consumer' as const},
      ...{consumer: null, messages: 1, oldestAgeMs: 20_000, ttlMs: null, heldAtLeastMs: null},
    }
    const sample = {
      ...{entries: 100, messages: 100, keylessMessages: 0, mixedBatches: 0},
      topKey: {key: 'user-1', messages: 90, partition: null},
    }
    const topics = snapshot.topics.map((topic) => ({
      ...topic,
      ...{locks: {decision: [lock]}, messageSamples: {decision: sample}},
    }))
    return findings({...snapshot, topics})
      .filter(({remedies}) => remedies.some(({command}) => command.startsWith('keyshift keys owner ')))
      .map(({code}) => code)
      .toSorted()
  }
  assert.deepEqual(proposing('Key_Shared'), ['hot-key', 'locked-key'])
  assert.deepEqual(proposing('Failover'), ['hot-key', 'locked-key'])
  assert.deepEqual(proposing('Shared'), [])
})

test('a snapshot contains no properties and no metadata', () => {
  const stats = {
    subscriptions: {
      decision: {
        subscriptionProperties: {token: 'secret'},
        consumers: [{...worker('a'), metadata: {password: 'secret'}}],
      },
    },
  }
  assert.doesNotMatch(JSON.stringify(samplePartition(0, stats, null)), /secret/)
  assert.deepEqual(samplePartition(0, stats, 'other').subscriptions, {})
})

/** The cursor of a snapshot's only partition, in its second sample. */
function withCursor(snapshot: DiagnosisSnapshot, cursor: Partial<CursorSample>): DiagnosisSnapshot {
  const none = {markDeletePosition: null, readPosition: '5:10', lastConfirmedEntry: '5:99', firstUnackedEntry: null}
  const unknown = {unackedEntries: null, unreadEntries: null, hasPendingRead: null, hasPendingReplayRead: null}
  return {
    ...snapshot,
    topics: snapshot.topics.map((topic) => {
      const [first, last] = topic.samples
      const partitions = last.partitions.map((row) => ({...row, cursors: {decision: {...none, ...unknown, ...cursor}}}))
      return {...topic, samples: [first, {...last, partitions}] as const}
    }),
  }
}

test('a dispatcher that does not read is found on every type, also while a consumer has unacked messages', () => {
  const long = NOW - 120_000
  const old = {lastAckedTimestamp: long, lastConsumedTimestamp: long, lastConsumedFlowTimestamp: long}
  for (const type of ['Shared', 'Key_Shared', 'Failover', 'Exclusive']) {
    const stuck: SubscriptionSample = {
      ...{type, activeConsumerName: 'a', msgBacklog: 90, msgInReplay: 0, lastMarkDeleteAdvancedTimestamp: long},
      unackedMessages: 3,
      consumers: [worker('a', {...old, unackedMessages: 3}), worker('bb', old)],
    }
    const [first, ...others] = findings(withCursor(snapshotOf(stuck), {unreadEntries: 90}))
    assert.deepEqual(
      [first?.code, others.filter(({severity}) => severity === 'error')],
      ['dispatcher-not-reading', []],
      type,
    )
    const full = {...stuck, consumers: (stuck.consumers ?? []).map((one) => ({...one, availablePermits: 0}))}
    assert.ok(
      !codes(withCursor(snapshotOf(full), {unreadEntries: 90})).includes('dispatcher-not-reading'),
      'no consumer can take an entry',
    )
    const throttled = {...stuck, dispatchThrottledMsgEventsBySubscriptionLimit: 5}
    const more = {...stuck, dispatchThrottledMsgEventsBySubscriptionLimit: 9}
    assert.equal(findings(withCursor(snapshotOf(throttled, more), {unreadEntries: 90}))[0]?.code, 'dispatch-throttled')
  }
  assert.ok(!codes(withCursor(snapshotOf(REPLAY_STUCK), {unreadEntries: 0})).includes('dispatcher-not-reading'))
})

test('entries behind an open transaction are not a fault of the dispatcher', () => {
  const old = {lastAckedTimestamp: NOW - 120_000, lastConsumedTimestamp: NOW - 120_000}
  const stuck = {type: 'Shared', msgBacklog: 90, consumers: [worker('a', old)]}
  const snapshot = withCursor(snapshotOf(stuck), {unreadEntries: 90})
  const open = {
    ...snapshot,
    topics: snapshot.topics.map((topic) => {
      const [first, last] = topic.samples
      return {
        ...topic,
        samples: [
          first,
          {...last, partitions: last.partitions.map((row) => ({...row, ongoingTransactions: 1}))},
        ] as const,
      }
    }),
  }
  assert.deepEqual(codes(open), ['open-transactions'])
})

test('a broker that sends nothing again and again, behind an open transaction, does not deliver', () => {
  const sample = (lastConsumedTimestamp: number): SubscriptionSample => ({
    ...{type: 'Failover', activeConsumerName: 'a', msgBacklog: 6, msgOutCounter: 0, lastConsumedTimestamp},
    consumers: [worker('a', {lastAckedTimestamp: 0, lastConsumedTimestamp, msgOutCounter: 0})],
  })
  const snapshot = withCursor(snapshotOf(sample(NOW - 3050), sample(NOW - 50)), {unreadEntries: 6})
  assert.deepEqual(codes(snapshot), ['dispatcher-not-reading'])
  const delivered = {...sample(NOW - 50), msgOutCounter: 1}
  assert.deepEqual(codes(withCursor(snapshotOf(sample(NOW - 3050), delivered), {unreadEntries: 6})), [])
})

test('a block of the subscription without an unacked message is stale', () => {
  const old = {lastAckedTimestamp: NOW - 120_000, lastConsumedTimestamp: NOW - 120_000}
  const stale = {
    ...{type: 'Shared', msgBacklog: 90, unackedMessages: 0, blockedSubscriptionOnUnackedMsgs: true},
    consumers: [worker('a', old)],
  }
  assert.deepEqual(codes(snapshotOf(stale)), ['stale-block-flag'])
  assert.deepEqual(codes(snapshotOf({...stale, unackedMessages: 90})), ['subscription-blocked-on-unacked'])
})

test('a hung active consumer among several of its name is found by its address', () => {
  const long = NOW - 120_000
  const hung = worker('a', {address: '/10.0.0.9:1', lastConsumedTimestamp: long, lastAckedTimestamp: long - 5000})
  const standby = (port: number): ConsumerStats =>
    worker('a', {address: `/10.0.0.8:${String(port)}`, lastAckedTimestamp: 0, lastConsumedTimestamp: 0})
  const stuck = {
    ...{type: 'Failover', activeConsumerName: 'a', msgBacklog: 90, lastMarkDeleteAdvancedTimestamp: long},
    consumers: [standby(1), hung, standby(2)],
  }
  const [first] = findings(snapshotOf(stuck))
  assert.deepEqual(
    [first?.code, first?.subject.consumers.map(({address}) => address)],
    ['active-consumer-not-acking', ['10.0.0.9:1']],
  )
})

test('consumers that joined wait for a delayed message, too', () => {
  const waiting = {
    ...{msgBacklog: 9, msgDelayed: 1, lastMarkDeleteAdvancedTimestamp: NOW - 120_000},
    consumersAfterMarkDeletePosition: {bb: '5:9'},
    consumers: [worker('a'), worker('bb', {lastAckedTimestamp: 0})],
  }
  const [first] = findings(snapshotOf(waiting, waiting, {brokerVersion: '3.0.0'}))
  assert.equal(first?.code, 'joined-consumer-waits')
  assert.match(first.message, /a delayed message blocks mark-delete until it is due/)
})

/** Each partition unchanged in both samples. */
function findingsOf(...partitions: readonly SubscriptionSample[]): DoctorFinding[] {
  const snapshot = snapshotOf({})
  const sample = (atMs: number): DiagnosisSnapshot['topics'][number]['samples'][0] => ({
    atMs,
    partitions: partitions.map((decision, partition) => ({
      ...{partition, messagesIn: 100, ongoingTransactions: null, cursors: {}},
      subscriptions: {decision},
    })),
  })
  const samples = [sample(NOW - 3000), sample(NOW)] as const
  const topics = snapshot.topics.map((topic) => ({...topic, partitionCount: partitions.length, samples}))
  return findings({...snapshot, topics})
}

test('a client that works excuses its own partitions, and not those of a hung client of the same name', () => {
  const long = {lastAckedTimestamp: NOW - 120_000, lastConsumedTimestamp: NOW - 120_000}
  const recent = {lastAckedTimestamp: NOW - 100, lastConsumedTimestamp: NOW - 100}
  const [hung, other] = [{address: '/10.0.0.9:1'}, {address: '/10.0.0.8:1'}]
  const stuck: SubscriptionSample = {
    ...{type: 'Shared', lastMarkDeleteAdvancedTimestamp: NOW - 120_000, msgBacklog: 5, unackedMessages: 5},
    consumers: [worker('a', {...hung, ...long, unackedMessages: 5}), worker('a', {...other, ...long})],
  }
  const moving: SubscriptionSample = {
    ...{type: 'Shared', lastMarkDeleteAdvancedTimestamp: NOW - 100, msgBacklog: 1, unackedMessages: 0},
    consumers: [worker('a', {...hung, ...long}), worker('a', {...other, ...recent})],
  }
  const [first] = findingsOf(stuck, moving)
  assert.deepEqual(
    [first?.severity, first?.code, first?.subject.partitions, first?.subject.consumer?.address],
    ['error', 'consumer-holds-unacked', [0], '10.0.0.9:1'],
  )
  const [held, free] = [stuck, moving].map((sample, at) => ({
    ...sample,
    consumers: [worker('a', {...other, ...(at === 0 ? {...long, unackedMessages: 5} : recent)})],
  }))
  assert.ok(held && free)
  assert.deepEqual(findingsOf(held, free), [], 'one client, at work on the other partition')
})
