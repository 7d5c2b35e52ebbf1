import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {CollectedSubscription} from '../../src/domain/subscriptions/collect.js'
import {commonType, countConsumers, inspectSubscription, sumKnown} from '../../src/domain/subscriptions/inspect.js'
import {foldSubscriptions} from '../../src/domain/subscriptions/list.js'
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
    whole.rows.map(({backlogEntries, partitions}) => [partitions, backlogEntries]),
    [
      [null, 5],
      [2, 10],
    ],
  )
  assert.equal(foldSubscriptions([named(0), named(2)]).complete, false)
})

test('what the broker does not say is null, never 0', () => {
  const collected: CollectedSubscription = {
    topic: TOPIC,
    subscription: 'decision',
    partitionCount: null,
    partitions: [{partition: null, name: TOPIC, stats: {}, subscription: {backlogSize: -1, consumers: [{}]}}],
  }
  const {partitions, total} = inspectSubscription(collected)
  assert.equal(partitions[0]?.backlogEntries, null)
  assert.equal(partitions[0].backlogBytes, null)
  assert.equal(partitions[0].consumers[0]?.unackedMessages, null)
  assert.equal(total.backlogEntries, null)
})
