import assert from 'node:assert/strict'
import {test} from 'node:test'

import {diagnose} from '../../../src/domain/doctor/diagnose.js'
import type {DoctorFinding} from '../../../src/domain/doctor/facts/doctor-finding.js'
import {type DiagnosisSnapshot, samplePartition} from '../../../src/domain/doctor/facts/diagnosis-snapshot.js'
import {type Look, NEGATIVE_PERMITS, NOW, REPLAY_STUCK, snapshotOf, worker} from '../../support/faults/fault-replays.js'

const codes = (snapshot: DiagnosisSnapshot): string[] => findings(snapshot).map(({code}) => code)
const findings = (snapshot: DiagnosisSnapshot): DoctorFinding[] => diagnose(snapshot, 30_000).findings

test('as in apache/pulsar#23845: messages in replay that nobody gets, though all could have them', () => {
  const stuck = REPLAY_STUCK
  const old = {brokerVersion: '4.0.5'}
  const [first, ...others] = findings(snapshotOf(stuck, stuck, old))
  assert.equal(first?.code, 'replay-stuck')
  assert.ok(first.links.some((link) => link.includes('#24736')))
  assert.deepEqual(
    others.map(({code}) => code),
    ['known-bugs'],
  )
  assert.deepEqual(codes(snapshotOf(stuck, {...stuck, msgOutCounter: 51}, old)), ['known-bugs'], 'something moves')
  const held = {...stuck, consumers: [worker('a', {unackedMessages: 3}), worker('bb')]}
  assert.deepEqual(codes(snapshotOf(held, held, old)), ['known-bugs'], 'somebody has to acknowledge first')
})

test('as in apache/pulsar#26288: fewer permits than none, and nothing unacknowledged', () => {
  const leaked = NEGATIVE_PERMITS
  const [first] = findings(snapshotOf(leaked))
  assert.deepEqual([first?.code, first?.subject.consumer?.name], ['negative-permits', 'a'])
  assert.deepEqual(codes(snapshotOf({...leaked, consumers: [worker('a')]}, leaked)), [], 'once is a batch on its way')
})

test('partitions of one type with different Key_Shared policies', () => {
  const snapshot = snapshotOf({})
  const [topic] = snapshot.topics
  assert.ok(topic)
  const [mode, other] = ['AUTO_SPLIT', 'STICKY'].map((keySharedMode, partition) => ({
    ...{partition, messagesIn: 0},
    subscriptions: {decision: {type: 'Key_Shared', keySharedMode, allowOutOfOrderDelivery: false}},
  }))
  assert.ok(mode && other)
  const sample = {atMs: NOW, partitions: [mode, other]}
  const mixed = {...snapshot, topics: [{...topic, partitionCount: 2, samples: [sample, sample] as const}]}
  const [first] = findings(mixed)
  assert.equal(first?.code, 'mixed-key-shared-policies')
  assert.deepEqual(first.subject.partitions, [0, 1])
})

test('a consumer that holds messages and still acknowledges others is not stuck, nor is one of a moment ago', () => {
  const holding = (lastAckedTimestamp: number): Look => ({
    msgBacklog: 5,
    consumers: [worker('a', {unackedMessages: 5, lastAckedTimestamp})],
  })
  assert.deepEqual(codes(snapshotOf(holding(NOW - 60_000))), ['consumer-holds-unacked'])
  assert.deepEqual(codes(snapshotOf(holding(NOW - 60_000), holding(NOW - 100))), [])
  assert.deepEqual(codes(snapshotOf(holding(NOW - 10_000))), [])
})

test('a counter that went back belongs to a topic that was loaded afresh: nothing follows from it', () => {
  const row: Look = {msgBacklog: 10, unackedMessages: 0, msgOutCounter: 500, consumers: [worker('a')]}
  assert.deepEqual(codes(snapshotOf(row, {...row, msgOutCounter: 3})), [])
  assert.deepEqual(codes(snapshotOf(row, {...row, msgOutCounter: 560})), ['redelivered-over-and-over'])
})

test('a snapshot holds nothing of properties and metadata', () => {
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
