import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {SubscriptionStats} from '../../src/clients/pulsar-admin/types.js'
import {commonType, countConsumers, sumKnown} from '../../src/domain/subscriptions/inspect.js'
import {fits, type ListFilter, sortRows} from '../../src/domain/subscriptions/filter.js'
import {foldSubscriptions, type SubscriptionRow} from '../../src/domain/subscriptions/list.js'
import {parseTopicName} from '../../src/topic-name.js'

const TOPIC = parseTopicName('orders')

test('a client has one consumer on each partition, and counts once', () => {
  assert.equal(
    countConsumers([
      ['a', 'b'],
      ['a', 'b'],
    ]),
    2,
  )
  assert.equal(countConsumers([['a'], ['b']]), 2)
  assert.equal(countConsumers([['a', 'a'], ['a']]), 2, 'two clients of one name')
  assert.equal(countConsumers([]), 0)
})

test('None agrees with any type; two types agree with none', () => {
  assert.equal(commonType(['Shared', 'None', 'Shared']), 'Shared')
  assert.equal(commonType(['None', 'None']), 'None')
  assert.equal(commonType(['Shared', 'Key_Shared']), null)
})

test('a sum with an unknown part is unknown', () => {
  assert.equal(sumKnown([1, 2]), 3)
  assert.equal(sumKnown([1, null]), null)
})

test('a list folds partitions into one row, and notices a partition that no broker reported', () => {
  const stats = {
    subscriptions: {decision: {type: 'Shared', msgBacklog: 5, unackedMessages: 1, msgRateOut: 2, consumers: []}},
  }
  const named = (index: number) => ({name: `${TOPIC.full}-partition-${String(index)}`, stats})
  const whole = foldSubscriptions([named(1), named(0), {name: TOPIC.full.replace('orders', 'a'), stats}])
  assert.equal(whole.complete, true)
  assert.deepEqual(
    sortRows(whole.rows, 'name').map(({backlogEntries, partitions, spread}) => [partitions, backlogEntries, spread]),
    [
      [null, 5, null],
      [2, 10, {least: 5, most: 5, mostOn: 0}],
    ],
  )
  assert.equal(foldSubscriptions([named(0), named(2)]).complete, false)
})

test('rows are kept by what is known of them, and sorted with the unknown last', () => {
  const rowOf = (subscription: string, ...parts: ReadonlyArray<Partial<SubscriptionStats>>): SubscriptionRow => {
    const {rows} = foldSubscriptions(
      parts.map((stats, at) => ({
        name: `${TOPIC.full}-partition-${String(at)}`,
        stats: {subscriptions: {[subscription]: stats}},
      })),
    )
    const [row] = rows
    assert.ok(row)
    return row
  }
  const worker = {consumerName: 'a'}
  const rows = [
    rowOf('fine', {type: 'Shared', msgBacklog: 10, msgRateOut: 3, consumers: [worker]}),
    rowOf('stalled', {type: 'Key_Shared', msgBacklog: 500, msgRateOut: 0, consumers: [worker]}),
    rowOf(
      'missing',
      {type: 'Shared', msgBacklog: 7, msgRateOut: 1, consumers: [worker]},
      {type: 'Shared', msgBacklog: 0, msgRateOut: 0},
    ),
    rowOf('mixed', {type: 'Shared', consumers: [worker]}, {type: 'Failover', consumers: [worker]}),
    rowOf('blocked', {
      type: 'Shared',
      msgBacklog: 1,
      msgRateOut: 0,
      consumers: [{...worker, blockedConsumerOnUnackedMsgs: true}],
    }),
  ]
  const kept = (filter: ListFilter): string[] =>
    rows.filter((row) => fits(row, filter)).map(({subscription}) => subscription)
  assert.equal(kept({}).length, rows.length)
  assert.deepEqual(kept({types: ['Key_Shared']}), ['stalled'])
  assert.deepEqual(kept({minBacklog: 10}), ['fine', 'stalled'])
  assert.deepEqual(kept({minBacklog: 0}), ['fine', 'stalled', 'missing', 'blocked'], 'what is unknown is no number')
  assert.deepEqual(kept({isWithoutConsumers: true}), ['missing'])
  assert.deepEqual(kept({isStalled: true}), ['stalled', 'blocked'])
  assert.deepEqual(kept({isBlocked: true}), ['blocked'])
  assert.deepEqual(kept({isMixedType: true}), ['mixed'])
  assert.deepEqual(
    sortRows(rows, 'backlog').map(({subscription}) => subscription),
    ['stalled', 'fine', 'missing', 'blocked', 'mixed'],
  )
})
