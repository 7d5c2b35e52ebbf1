import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {ConsumerStats, SubscriptionStats} from '../../../src/clients/pulsar-admin/types.js'
import {renderBacklog} from '../../../src/cli/render/backlog/backlog.js'
import {type BacklogReport, reportBacklog} from '../../../src/domain/backlog/backlog-report.js'
import {parseTopicName, partitionName} from '../../../src/topic-name.js'

const TOPIC = parseTopicName('orders')

interface SampledPartition extends SubscriptionStats {
  readonly msgInCounter?: number
}

/** One look a second at each partition; null where the answer does not have it. */
function report(...samples: ReadonlyArray<ReadonlyArray<SampledPartition | null>>): BacklogReport {
  return reportBacklog(
    samples.map((partitions, at) => ({
      atMs: at * 1000,
      collected: {
        topic: TOPIC,
        subscription: 'decision',
        partitionCount: partitions.length,
        partitions: partitions.flatMap((row, partition) => {
          if (row === null) return []
          const {msgInCounter = 0, ...subscription} = row
          return [{partition, name: partitionName(TOPIC, partition), stats: {msgInCounter}, subscription}]
        }),
      },
    })),
  )
}

/** Of one partition, by `[entries, messages that were delivered so far]`; the last delivery was acknowledged. */
function totalOf(readings: ReadonlyArray<readonly [number, number]>): BacklogReport['total'] {
  const samples = readings.map(([msgBacklog, msgOutCounter]) => [
    {msgBacklog, msgOutCounter, lastMarkDeleteAdvancedTimestamp: msgOutCounter},
  ])
  return report(...samples).total
}

/** Of one partition, all that changes. */
function partitionOf(samples: readonly SampledPartition[]): BacklogReport['partitions'][number] {
  const [row] = report(...samples.map((sample) => [sample])).partitions
  assert.ok(row)
  return row
}

const seconds = <T>(count: number, sample: (at: number) => T): T[] => Array.from({length: count}, (_, at) => sample(at))

test('verdicts, each with its reason where there is no time to drain', () => {
  const verdicts: Array<[ReadonlyArray<readonly [number, number]>, string, string | null]> = [
    [seconds(6, (at) => [100 - 10 * at, 10 * at] as const), 'draining', null],
    [seconds(6, (at) => [100 + 10 * at, 5 * at] as const), 'growing', 'growing'],
    [[[100, 0], [112, 5], [99, 10], [110, 15], [103, 20], [106, 25]], 'steady', 'steady'],
    [seconds(4, (at) => [10 + at, 7] as const), 'stalled', 'stalled'],
    [[[10, 7], [0, 17]], 'empty', null],
  ] // prettier-ignore
  for (const [readings, verdict, reason] of verdicts) {
    const total = totalOf(readings)
    assert.deepEqual([total.verdict, total.drainReason], [verdict, reason])
    assert.equal(total.drainMs.low === null, reason !== null)
  }
})

test('one dip does not make a growing backlog steady, nor one rise a draining one', () => {
  const growing = [100, 130, 160, 155, 190, 220, 250, 280]
  assert.equal(totalOf(growing.map((entries, at) => [entries, 9 * at])).verdict, 'growing')
  assert.equal(totalOf(growing.toReversed().map((entries, at) => [entries, 9 * at])).verdict, 'draining')
})

test('too few looks give no verdict; what waits is not known without the last one', () => {
  const three = totalOf(seconds(3, (at) => [100 - 10 * at, 10 * at]))
  assert.deepEqual([three.verdict, three.drainReason, three.slopePerSecond], [null, 'too-few-readings', null])
  const gone = report(...seconds(6, (at) => (at === 5 ? [null] : [{msgBacklog: 9}])))
  assert.deepEqual([gone.total.verdict, gone.total.drainReason, gone.total.backlogEntries], [null, 'unknown', null])
})

test('a partition that some looks lack says so, and judges by what is there', () => {
  const samples = seconds(11, (at) => [
    {msgBacklog: 1000 - 50 * at},
    at % 3 === 2 ? null : {msgBacklog: 500 - 20 * at},
    at < 6 ? null : {msgBacklog: 500 - 20 * at},
  ])
  const {partitions, total} = report(...samples)
  assert.deepEqual(
    partitions.map(({completeness, verdict}) => [completeness, verdict]),
    [
      [1, 'draining'],
      [8 / 11, 'draining'],
      [5 / 11, null],
    ],
  )
  assert.equal(total.completeness, 4 / 11)
  assert.equal(total.verdict, null)
  assert.match(renderBacklog(report(...samples)), /^partitions 1, 2: missing in some of the 11 looks$/m)
})

test('counters that went back: the topic was loaded afresh, and rates are not known', () => {
  const loaded = partitionOf(
    seconds(6, (at) => ({msgBacklog: 100 - 10 * at, msgOutCounter: at < 3 ? 500 + at : 900 * at, msgInCounter: 7})),
  )
  assert.deepEqual([loaded.wasReloaded, loaded.rateOutPerSecond === null], [false, false])
  const afresh = partitionOf(
    seconds(6, (at) => ({msgBacklog: 100 - 10 * at, msgOutCounter: at < 3 ? 500 + at : at, msgInCounter: 7})),
  )
  assert.deepEqual(
    [afresh.wasReloaded, afresh.rateOutPerSecond, afresh.rateInPerSecond, afresh.verdict],
    [true, null, null, 'draining'],
  )
})

/** A consumer that was given 5 messages a second, and what else is said. */
function consumer(at: number, more: Partial<ConsumerStats>): ConsumerStats {
  const lastAckedTimestamp = 1000 + at
  return {
    consumerName: 'a',
    msgOutCounter: 5 * at,
    unackedMessages: 3,
    availablePermits: 9,
    lastAckedTimestamp,
    ...more,
  }
}

test('acknowledgements behind a mark-delete position that stands are no stall', () => {
  const held = partitionOf(
    seconds(6, (at) => ({
      ...{msgBacklog: 50, msgOutCounter: 5 * at, lastMarkDeleteAdvancedTimestamp: 77, type: 'Shared'},
      nonContiguousDeletedMessagesRanges: 2 * at,
      consumers: [consumer(at, {})],
    })),
  )
  assert.deepEqual([held.verdict, held.markDelete], ['steady', 'blocked'])
  const moving = seconds(6, (at) => ({msgBacklog: 50 - at, lastMarkDeleteAdvancedTimestamp: 70 + at}))
  assert.equal(partitionOf(moving).markDelete, 'advancing')
  const still = seconds(6, (at) => ({msgBacklog: 50 + at, lastMarkDeleteAdvancedTimestamp: 70}))
  assert.deepEqual([partitionOf(still).markDelete, partitionOf(still).verdict], ['unchanged', 'stalled'])
  const silent = seconds(6, (at) => ({msgBacklog: 50 - at}))
  assert.equal(partitionOf(silent).markDelete, null, 'a broker that does not say when it moved')
})

test('a backlog that was empty meanwhile is not stalled', () => {
  const samples = [0, 0, 3, 4, 5, 6].map((msgBacklog) => ({msgBacklog}))
  assert.notEqual(partitionOf(samples).verdict, 'stalled')
})

const none = {lastAckedTimestamp: 1000}
const CONSUMERS: ReadonlyArray<readonly [string, string, (at: number) => Partial<ConsumerStats>]> = [
  ['acking', 'Shared', () => ({})],
  ['not-acking', 'Shared', () => ({...none, msgOutCounter: 40})],
  ['not-acking', 'Failover', () => ({...none, unackedMessages: 0, lastConsumedTimestamp: 1500, msgOutCounter: 40})],
  ['receiving', 'Shared', (at) => ({...none, unackedMessages: at})],
  ['no-permits', 'Shared', () => ({...none, msgOutCounter: 40, unackedMessages: 0, availablePermits: 0})],
  ['idle', 'Shared', () => ({...none, msgOutCounter: 40, unackedMessages: 0})],
  ['idle', 'Failover', () => ({...none, unackedMessages: 0, lastConsumedTimestamp: 900, msgOutCounter: 40})],
]

for (const [verdict, type, of] of CONSUMERS) {
  test(`a consumer is ${verdict} on ${type}: ${JSON.stringify(of(2))}`, () => {
    const row = partitionOf(seconds(6, (at) => ({type, msgBacklog: 50, consumers: [consumer(at, of(at))]})))
    assert.equal(row.consumers[0]?.verdict, verdict)
  })
}

test('what a consumer settled is what it was delivered, less what it has more than before', () => {
  const samples = (type: string): SampledPartition[] =>
    seconds(6, (at) => ({type, msgBacklog: 50, consumers: [consumer(at, {unackedMessages: at})]}))
  const {consumers} = partitionOf(samples('Shared'))
  assert.deepEqual([consumers[0]?.deliveredMessages, consumers[0]?.ackedOrReturnedMessages], [25, 20])
  const [active] = partitionOf(samples('Failover')).consumers
  assert.deepEqual([active?.ackedOrReturnedMessages, active?.unackedMessages], [null, null], 'nobody counts it')
})

test('a consumer that came in the window, or whose acknowledgements are not told, has no verdict', () => {
  const late = partitionOf(
    seconds(6, (at) => ({type: 'Shared', msgBacklog: 50, consumers: at < 3 ? [] : [consumer(at, {})]})),
  )
  assert.deepEqual(
    late.consumers.map(({name, verdict}) => [name, verdict]),
    [['a', null]],
  )
  const silent: ConsumerStats = {consumerName: 'a', unackedMessages: 3}
  assert.equal(
    partitionOf(seconds(6, () => ({type: 'Shared', msgBacklog: 50, consumers: [silent]}))).consumers[0]?.verdict,
    null,
  )
})
