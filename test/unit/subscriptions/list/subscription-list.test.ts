import assert from 'node:assert/strict'
import {test} from 'node:test'

import fc from 'fast-check'

import type {SubscriptionStats, TopicStats} from '../../../../src/clients/pulsar-admin/types.js'
import {type ListFilter, matches, sortRows} from '../../../../src/domain/subscriptions/list/list-filter.js'
import {MatchingRows} from '../../../../src/domain/subscriptions/list/matching-rows.js'
import {countConsumers} from '../../../../src/domain/topic-stats/consumers.js'
import type {SubscriptionRow} from '../../../../src/domain/subscriptions/list/subscription-row.js'
import {groupAll, PartitionGrouping} from '../../../../src/domain/subscriptions/list/group-partitions.js'
import type {ReadingTime} from '../../../../src/domain/progress/partition-state.js'
import {STUCK_AFTER_MS} from '../../../../src/domain/progress/thresholds.js'

const TOPIC = 'persistent://public/default/orders'
const NOW = Date.parse('2026-11-28T12:00:00.000Z')
const PERIOD_MS = 60_000
const BROKER_STATS: ReadingTime = {nowMs: NOW, periodMs: PERIOD_MS, ageMs: PERIOD_MS}
const LIVE: ReadingTime = {nowMs: NOW, periodMs: PERIOD_MS, ageMs: 0}

function ago(ms: number): string {
  return new Date(NOW - ms).toISOString()
}

/** The only row of a topic whose partitions have these statistics. */
function rowOf(time: ReadingTime, ...parts: readonly SubscriptionStats[]): SubscriptionRow {
  return rowOfTopics(
    time,
    parts.map((decision) => ({subscriptions: {decision}})),
  )
}

function rowOfTopics(time: ReadingTime, topics: readonly TopicStats[]): SubscriptionRow {
  const named = topics.map((stats, at) => ({name: `${TOPIC}-partition-${String(at)}`, stats}))
  const [found, ...more] = groupAll(named, time).rows
  assert.ok(found)
  assert.deepEqual(more, [])
  return found.row
}

test('a list groups partitions into one row and detects a partition that no broker reported', () => {
  const stats = {
    subscriptions: {decision: {type: 'Shared', msgBacklog: 5, unackedMessages: 1, msgRateOut: 2, consumers: []}},
  }
  const named = (index: number) => ({name: `${TOPIC}-partition-${String(index)}`, stats})
  const whole = groupAll([named(1), named(0), {name: TOPIC.replace('orders', 'a'), stats}], BROKER_STATS)
  assert.equal(whole.isComplete, true)
  const rows = sortRows(
    whole.rows.map(({row}) => row),
    'name',
  )
  assert.deepEqual(
    rows.map(({backlogEntries, partitions, spread}) => [partitions, backlogEntries, spread]),
    [
      [null, 5, null],
      [2, 10, {least: 5, most: 5, mostOn: 0}],
    ],
  )
  assert.equal(groupAll([named(0), named(2)], BROKER_STATS).isComplete, false)
})

test('a moving topic that two brokers report counts once', () => {
  const stats = {subscriptions: {decision: {msgBacklog: 5}}}
  const grouping = new PartitionGrouping(BROKER_STATS)
  const given = [TOPIC, TOPIC, `${TOPIC}-partition-0`, `${TOPIC}-partition-0`].flatMap((name) =>
    grouping.add('public/default', {name, stats}),
  )
  const rows = [...given, ...grouping.finish('public/default')].map(({row}) => [row.partitions, row.backlogEntries])
  assert.deepEqual(rows, [
    [null, 5],
    [1, 5],
  ])
  assert.equal(grouping.isComplete, true)
  assert.deepEqual([...grouping.finishAll()], [], 'finished rows are released')
})

test('the order of partitions does not affect a row', () => {
  const part = fc.record(
    {
      type: fc.constantFrom('None', 'Shared', 'Failover'),
      msgBacklog: fc.nat(3),
      unackedMessages: fc.nat(3),
      msgRateOut: fc.nat(1),
      lastAckedTimestamp: fc.nat(3),
      consumers: fc.array(fc.record({consumerName: fc.constantFrom('a', 'b'), connectedSince: fc.constant(ago(1))})),
    },
    {requiredKeys: []},
  )
  const parts = fc.array(part, {minLength: 1, maxLength: 5})
  fc.assert(
    fc.property(parts, fc.func(fc.nat()), (stats, rank) => {
      const named = stats.map((decision, at) => ({
        name: `${TOPIC}-partition-${String(at)}`,
        stats: {subscriptions: {decision}},
      }))
      const [{row} = {row: null}] = groupAll(named, LIVE).rows
      const shuffled = named.toSorted((one, other) => rank(one.name) - rank(other.name))
      assert.deepEqual(groupAll(shuffled, LIVE).rows[0]?.row, row)
      assert.equal(
        row?.consumers,
        countConsumers(stats.map(({consumers = []}) => consumers.map((one) => one.consumerName))),
      )
    }),
  )
})

test('a backlog is stalled when the last sign of progress is too long ago', () => {
  const waiting = {type: 'Shared', msgBacklog: 5, msgRateOut: 0}
  const since = (...times: number[]) => ({...waiting, consumers: times.map((ms) => ({connectedSince: ago(ms)}))})
  const [short, long] = [STUCK_AFTER_MS - 1, STUCK_AFTER_MS + 1]
  assert.equal(rowOf(LIVE, since(short)).isStalled, false, 'the topic may have just been loaded')
  assert.equal(rowOf(LIVE, since(long)).isStalled, true)
  assert.equal(rowOf(LIVE, since(1, long)).isStalled, true, 'one consumer has waited longer than the limit')
  for (const time of ['lastConsumedTimestamp', 'lastAckedTimestamp', 'earliestMsgPublishTimeInBacklog']) {
    assert.equal(rowOf(LIVE, {...since(long), [time]: NOW - short}).isStalled, false, time)
    assert.equal(rowOf(LIVE, {...since(long), [time]: NOW - long}).isStalled, true, time)
  }
  assert.equal(rowOf(LIVE, {...since(long), msgDelayed: 5}).isStalled, false, 'no message is due')
  assert.equal(rowOf(LIVE, {...since(long), msgDelayed: 4}).isStalled, true)
  assert.equal(rowOf(LIVE, {...since(long), msgBacklog: 0}).isStalled, false)
  assert.equal(rowOf(LIVE, {...waiting, lastConsumedTimestamp: NOW - long}).isStalled, true, 'no consumer is connected')
  assert.equal(rowOf(LIVE, {...waiting, consumers: [{}]}).isStalled, null, 'the broker reports no times')
  assert.equal(rowOf(LIVE, since(short), since(long)).isStalled, true, 'on one partition')
})

test('by broker statistics, which contain no times, a rate of 0 for a whole period means stalled', () => {
  const waiting = {type: 'Shared', msgBacklog: 5, msgRateOut: 0, messageAckRate: 0}
  const since = (...times: number[]) => ({...waiting, consumers: times.map((ms) => ({connectedSince: ago(ms)}))})
  const long = 2 * PERIOD_MS + 1
  assert.equal(rowOf(BROKER_STATS, since(PERIOD_MS + 1)).isStalled, null, 'broker stats may be one period old')
  assert.equal(rowOf(BROKER_STATS, since(long)).isStalled, true)
  assert.equal(rowOf(BROKER_STATS, waiting).isStalled, true, 'no consumer is connected')
  assert.equal(rowOf(BROKER_STATS, {...since(long), msgRateOut: 1}).isStalled, false)
  assert.equal(rowOf(BROKER_STATS, {...since(long), messageAckRate: 1}).isStalled, false)
  const redelivered = {...since(long), msgRateOut: 2, msgRateRedeliver: 2}
  assert.equal(rowOf(BROKER_STATS, redelivered).isStalled, true, 'all deliveries are redeliveries')
  assert.equal(rowOf(BROKER_STATS, {msgBacklog: 5}).isStalled, null)
  assert.equal(rowOf(BROKER_STATS, {...since(1), msgRateOut: 9}, since(1)).isStalled, null)
})

test('unackedSince is the earliest of the partitions with a backlog', () => {
  const at = (ms: number) => ({msgBacklog: 1, lastAckedTimestamp: NOW - ms, lastMarkDeleteAdvancedTimestamp: 0})
  assert.equal(rowOf(LIVE, at(5000), at(9000), {...at(20_000), msgBacklog: 0}).unackedSince, ago(9000))
  const moved = {...at(9000), lastMarkDeleteAdvancedTimestamp: NOW - 3000}
  assert.equal(rowOf(LIVE, moved).unackedSince, ago(3000))
  assert.equal(rowOf(BROKER_STATS, {msgBacklog: 1}).unackedSince, null, 'broker stats do not contain it')
  const never = {msgBacklog: 1, lastAckedTimestamp: 0, lastMarkDeleteAdvancedTimestamp: 0}
  assert.equal(rowOf(LIVE, never).unackedSince, null, 'without a client the load time of the topic is unknown')
  const publishers = [{connectedSince: ago(7000)}, {connectedSince: ago(4000)}]
  assert.equal(rowOfTopics(LIVE, [{publishers, subscriptions: {decision: never}}]).unackedSince, ago(7000))
})

test('filters do not match unknown values, and sorting puts them last', () => {
  const worker = {consumerName: 'a', connectedSince: ago(10 * PERIOD_MS)}
  const named = (subscription: string, ...parts: SubscriptionStats[]) => ({...rowOf(LIVE, ...parts), subscription})
  const rows = [
    named('fine', {type: 'Shared', msgBacklog: 10, msgRateOut: 3, lastAckedTimestamp: NOW - 10, consumers: [worker]}),
    named('stalled', {
      type: 'Key_Shared',
      msgBacklog: 500,
      msgRateOut: 0,
      lastAckedTimestamp: NOW - 40_000,
      consumers: [worker],
    }),
    named(
      'missing',
      {type: 'Shared', msgBacklog: 7, msgRateOut: 1, lastConsumedTimestamp: NOW - 10, consumers: [worker]},
      {type: 'Shared', msgBacklog: 0, msgRateOut: 0},
    ),
    named('mixed', {type: 'Shared', consumers: [worker]}, {type: 'Failover', consumers: [worker]}),
    named('blocked', {
      type: 'Shared',
      msgBacklog: 1,
      msgRateOut: 0,
      consumers: [{...worker, blockedConsumerOnUnackedMsgs: true}],
    }),
  ]
  const kept = (filter: ListFilter): string[] =>
    rows.filter((row) => matches(row, filter)).map(({subscription}) => subscription)
  assert.equal(kept({}).length, rows.length)
  assert.deepEqual(kept({types: ['Key_Shared']}), ['stalled'])
  assert.deepEqual(kept({minBacklog: 10}), ['fine', 'stalled'])
  assert.deepEqual(
    kept({minBacklog: 0}),
    ['fine', 'stalled', 'missing', 'blocked'],
    'an unknown backlog does not match',
  )
  assert.deepEqual(kept({isWithoutConsumers: true}), ['missing'])
  assert.deepEqual(kept({isStalled: true}), ['stalled', 'blocked'])
  assert.deepEqual(kept({isBlocked: true}), ['blocked'])
  assert.deepEqual(kept({isMixedType: true}), ['mixed'])
  assert.deepEqual(kept({unackedSinceMs: NOW - 40_000}), ['stalled'], 'since then, or longer')
  assert.deepEqual(kept({unackedSinceMs: NOW - 40_001}), [])
  assert.deepEqual(
    sortRows(rows, 'backlog').map(({subscription}) => subscription),
    ['stalled', 'fine', 'missing', 'blocked', 'mixed'],
  )
})

test('only the first rows up to the limit are kept', async () => {
  const row = rowOf(LIVE, {msgBacklog: 1})
  const backlogs = Array.from({length: 100}, (_, at) => (at * 37) % 100)
  const rows = new MatchingRows({filter: {minBacklog: 10}, order: 'backlog', limit: 3})
  for (const backlogEntries of backlogs) await rows.take([{...row, backlogEntries}])
  assert.equal(rows.matched, 90)
  assert.deepEqual(
    rows.sorted().map(({backlogEntries}) => backlogEntries),
    [99, 98, 97],
  )
  const given: SubscriptionRow[] = []
  const handedOn = new MatchingRows({
    filter: {minBacklog: 10},
    order: 'name',
    limit: 3,
    onRows: (some) => Promise.resolve(void given.push(...some)),
  })
  for (const backlogEntries of backlogs) await handedOn.take([{...row, backlogEntries}, row])
  assert.equal(handedOn.matched, 90)
  assert.equal(given.length, 3)
  assert.deepEqual(handedOn.sorted(), [])
})

test('subscriptions that may be stalled are counted, unless another filter leaves them out', async () => {
  const waiting = {type: 'Shared', msgBacklog: 5, consumers: [{}]}
  const rows = [
    rowOf(LIVE, waiting),
    rowOf(LIVE, {...waiting, msgBacklog: 0}),
    {...rowOf(LIVE, waiting), subscription: '__compaction'},
    rowOf(LIVE, {...waiting, type: 'Failover'}),
  ]
  const count = async (filter: ListFilter): Promise<number> => {
    const matching = new MatchingRows({filter, order: 'name', limit: 10})
    await matching.take(rows)
    assert.equal(matching.matched, filter.isStalled === true ? 0 : rows.length)
    return matching.unknown
  }
  assert.equal(await count({isStalled: true}), 2)
  assert.equal(await count({isStalled: true, types: ['Failover']}), 1)
  assert.equal(await count({}), 0)
})
