import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {ConsumerStats, SubscriptionStats} from '../../../src/clients/pulsar-admin/types.js'
import {renderBacklog} from '../../../src/cli/render/backlog/backlog.js'
import {type BacklogFigures, type BacklogReport, reportBacklog} from '../../../src/domain/backlog/backlog-report.js'
import {parseTopicName, partitionName} from '../../../src/topic-name.js'
import {backlog} from '../../support/reports/reports.js'

const TOPIC = parseTopicName('orders')

interface SampledPartition extends SubscriptionStats {
  readonly msgInCounter?: number
}

/** When the first sample is taken, epoch ms: all times in the samples are long before, unless they are relative to it. */
const START = Date.parse('2026-11-27T12:00:00Z')

/** One sample per second of each partition; null when the sample does not contain it. */
function report(...samples: ReadonlyArray<ReadonlyArray<SampledPartition | null>>): BacklogReport {
  return reportBacklog(
    samples.map((partitions, at) => ({
      atMs: START + at * 1000,
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

/** The acknowledged rates of two partitions, from their counters in each sample; null where a cursor was not read. */
function ackedRates(counters: ReadonlyArray<readonly [number | null, number | null]>): Array<number | null> {
  const partitions = [0, 1].map((partition) => ({
    ...{partition, name: partitionName(TOPIC, partition), stats: {}},
    subscription: {msgBacklog: 9},
  }))
  const {partitions: rows, total} = reportBacklog(
    counters.map((row, at) => ({
      atMs: START + at * 1000,
      collected: {topic: TOPIC, subscription: 'decision', partitionCount: 2, partitions},
      acked: new Map(row.flatMap((acked, partition) => (acked === null ? [] : [[partition, acked] as const]))),
    })),
  )
  return [...rows, total].map(({rateAckedPerSecond}) => rateAckedPerSecond)
}

test('the acknowledged rate is that of the cursors over the window, and null unless both ends were read', () => {
  assert.deepEqual(ackedRates([[-10, 5], [0, 10], [10, 25]]), [10, 10, 20]) // prettier-ignore
  assert.deepEqual(ackedRates([[-10, 5], [null, null], [10, 5]]), [10, 0, 10]) // prettier-ignore
  assert.deepEqual(ackedRates([[null, 5], [0, 10], [10, 25]]), [null, 10, null]) // prettier-ignore
  assert.deepEqual(ackedRates([[0, 5], [0, 10], [10, null]]), [5, null, null]) // prettier-ignore
  assert.deepEqual(ackedRates([[50, 5], [60, 10], [10, 25]]), [null, 10, null]) // prettier-ignore
  const [row] = report([{msgBacklog: 9}], [{msgBacklog: 8}]).partitions
  assert.equal(row?.rateAckedPerSecond, null)
})

/** The total of one partition, from `[entries, messages delivered so far]`; the last delivery was acknowledged. */
function totalOf(readings: ReadonlyArray<readonly [number, number]>): BacklogReport['total'] {
  const samples = readings.map(([msgBacklog, msgOutCounter]) => [
    {msgBacklog, msgOutCounter, lastMarkDeleteAdvancedTimestamp: msgOutCounter},
  ])
  return report(...samples).total
}

/** The report of one partition, from its samples. */
function partitionOf(samples: readonly SampledPartition[]): BacklogReport['partitions'][number] {
  const [row] = report(...samples.map((sample) => [sample])).partitions
  assert.ok(row)
  return row
}

const seconds = <T>(count: number, sample: (at: number) => T): T[] => Array.from({length: count}, (_, at) => sample(at))

test('each verdict without a time to drain has a reason', () => {
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

test('one outlier does not change the verdict growing or draining', () => {
  const growing = [100, 130, 160, 155, 190, 220, 250, 280]
  assert.equal(totalOf(growing.map((entries, at) => [entries, 9 * at])).verdict, 'growing')
  assert.equal(totalOf(growing.toReversed().map((entries, at) => [entries, 9 * at])).verdict, 'draining')
})

test('too few samples give no verdict; without the last sample the backlog is unknown', () => {
  const three = totalOf(seconds(3, (at) => [100 - 10 * at, 10 * at]))
  assert.deepEqual([three.verdict, three.drainReason, three.slopePerSecond], [null, 'too-few-readings', null])
  const gone = report(...seconds(6, (at) => (at === 5 ? [null] : [{msgBacklog: 9}])))
  assert.deepEqual([gone.total.verdict, gone.total.drainReason, gone.total.backlogEntries], [null, 'unknown', null])
})

test('a partition that some samples lack reports it and is evaluated by the others', () => {
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
  assert.match(renderBacklog(report(...samples)), /^partitions 1, 2: missing from some of the 11 samples$/m)
})

test('counters that decrease show a reload of the topic, and rates are unknown', () => {
  const loaded = partitionOf(
    seconds(6, (at) => ({msgBacklog: 100 - 10 * at, msgOutCounter: at < 3 ? 500 + at : 900 * at, msgInCounter: 7})),
  )
  assert.deepEqual([loaded.wasReloaded, loaded.rateOutPerSecond === null], [false, false])
  const reloaded = partitionOf(
    seconds(6, (at) => ({msgBacklog: 100 - 10 * at, msgOutCounter: at < 3 ? 500 + at : at, msgInCounter: 7})),
  )
  assert.deepEqual(
    [reloaded.wasReloaded, reloaded.rateOutPerSecond, reloaded.rateInPerSecond, reloaded.verdict],
    [true, null, null, 'draining'],
  )
})

/** A consumer that received 5 messages per second, with further fields. */
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

test('acknowledgements after a blocked mark-delete position are not a stall', () => {
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
  assert.equal(partitionOf(silent).markDelete, null, 'the broker does not report when it advanced')
})

test('a backlog that was empty in between is not stalled', () => {
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

test('acked or returned messages are the deliveries minus the increase of unacked messages', () => {
  const samples = (type: string): SampledPartition[] =>
    seconds(6, (at) => ({type, msgBacklog: 50, consumers: [consumer(at, {unackedMessages: at})]}))
  const {consumers} = partitionOf(samples('Shared'))
  assert.deepEqual([consumers[0]?.deliveredMessages, consumers[0]?.ackedOrReturnedMessages], [25, 20])
  const [active] = partitionOf(samples('Failover')).consumers
  assert.deepEqual(
    [active?.ackedOrReturnedMessages, active?.unackedMessages],
    [null, null],
    'the broker does not count it',
  )
})

test('a consumer that connected in the window or without reported acknowledgements has no verdict', () => {
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

test('a partition with a backlog and without a consumer says that no consumer is connected', () => {
  const found = report(
    ...seconds(6, (at) => [
      {type: 'Shared', msgBacklog: 50, lastMarkDeleteAdvancedTimestamp: 70},
      {type: 'Shared', msgBacklog: 0},
      {type: 'Shared', msgBacklog: 50, consumers: [consumer(at, {})]},
    ]),
  )
  const text = renderBacklog(found)
  assert.match(text, /^0 .* stalled$/m)
  assert.match(text, /^partition 0: no consumer is connected$/m)
})

const LAST_ACKS: ReadonlyArray<
  readonly [shown: string, lastAckedTimestamp: number | undefined, hasAcked: boolean | null]
> = [
  ['4.0 s ago', START + 1000, true],
  ['never', 0, false],
  ['-', undefined, null],
]
for (const [shown, lastAckedTimestamp, hasAcked] of LAST_ACKS) {
  test(`the last acknowledgement is ${shown} where the broker reports ${String(lastAckedTimestamp)}`, () => {
    const stats: ConsumerStats = {consumerName: 'a', ...(lastAckedTimestamp === undefined ? {} : {lastAckedTimestamp})}
    const found = report(...seconds(6, () => [{type: 'Shared', msgBacklog: 50, consumers: [stats]}]))
    assert.equal(found.partitions[0]?.consumers[0]?.hasAcked, hasAcked)
    const [head = '', row = ''] = renderBacklog(found)
      .split('\n')
      .filter((line) => /LAST ACK|^0 +a /.test(line))
    assert.equal(row.slice(head.indexOf('LAST ACK'), head.indexOf('VERDICT')).trim(), shown)
  })
}

test('the time to drain of a small backlog is caught up or below a second', () => {
  const [row] = backlog.partitions
  assert.ok(row)
  const textOf = (figures: Partial<BacklogFigures>): string =>
    renderBacklog({...backlog, partitions: [{...row, consumers: [], ...figures}]})
  const steady = {
    verdict: 'steady',
    drainReason: 'steady',
    drainMs: {low: null, high: null},
    rateOutPerSecond: 20,
  } as const
  assert.match(textOf({...steady, backlogMessages: 20}), /caught up +steady$/m)
  assert.match(textOf({...steady, backlogMessages: 21}), /not draining \(steady\) +steady$/m)
  assert.match(textOf({...steady, backlogMessages: null}), /not draining \(steady\) +steady$/m)
  const draining = {verdict: 'draining', drainReason: null, backlogMessages: 900, rateOutPerSecond: 20} as const
  assert.match(textOf({...draining, drainMs: {low: 5, high: 8}}), /< 1 s +draining$/m)
  assert.match(textOf({...draining, drainMs: {low: 2000, high: null}}), /at least 2\.0 s +draining$/m)
})

test('the meaning of the time to drain is explained where it is a range', () => {
  const [row] = backlog.partitions
  assert.ok(row)
  const isExplained = (figures: Partial<BacklogFigures>): boolean => {
    const both = {
      verdict: 'draining',
      drainReason: null,
      backlogMessages: 900,
      rateOutPerSecond: 20,
      ...figures,
    } as const
    const text = renderBacklog({...backlog, partitions: [{...row, ...both}], total: {...backlog.total, ...both}})
    return text.includes('\nThe time to drain is an estimate: in 8 of 10 cases it lies within the range shown.\n')
  }
  assert.ok(isExplained({drainMs: {low: 2000, high: 9000}}))
  assert.ok(isExplained({drainMs: {low: 2000, high: null}}))
  assert.ok(!isExplained({drainMs: {low: 5, high: 8}}), '< 1 s')
  assert.ok(!isExplained({drainMs: {low: null, high: null}, drainReason: 'steady', verdict: 'steady'}))
  assert.ok(!isExplained({drainMs: {low: 0, high: 0}, verdict: 'empty'}))
})
