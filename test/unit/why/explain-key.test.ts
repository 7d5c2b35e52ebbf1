import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {ConsumerStats} from '../../../src/clients/pulsar-admin/types.js'
import {type ConsumerChanges, consumerChangesOf, hasChanged} from '../../../src/domain/why/consumer-changes.js'
import {lastAckEvidence, lastAckText} from '../../../src/domain/why/last-activity.js'
import type {KeyDestination, LiveConsumer} from '../../../src/domain/locks/consumers/lock-correlation.js'

const NOW = Date.parse('2026-11-27T12:00:00Z')

function consumer(name: string, more: Partial<LiveConsumer> = {}): LiveConsumer {
  const connectedSinceMs = NOW - 60_000
  return {
    ...{name, address: '10.0.0.1:4000', connectedSinceMs, lastAcked: null, lastDelivered: null, metadata: {}},
    ...more,
  }
}

test('the text states for how long a consumer has acknowledged nothing', () => {
  const textOf = (more: Partial<LiveConsumer>, partition: number | null = null): string =>
    lastAckText(consumer('a', more), partition, NOW)
  assert.equal(textOf({}), '')
  assert.equal(textOf({lastAcked: NOW - 900}), '')
  // Clocks differ: a time in the future counts as now.
  assert.equal(textOf({lastAcked: NOW + 5000}), '')
  assert.equal(textOf({lastAcked: NOW - 12_300}), '; it has acked nothing for 12 s')
  assert.equal(
    textOf({lastAcked: NOW - 2300, lastDelivered: NOW - 1500}, 3),
    '; it has acked nothing on partition 3 for 2.3 s, last delivery 1.5 s ago',
  )
  assert.equal(
    textOf({lastAcked: 'never', lastDelivered: 'never'}),
    '; it has acked nothing since it connected 60 s ago',
  )
  assert.equal(textOf({lastAcked: 'never', connectedSinceMs: null}), '')
})

test('the evidence contains the fields that the broker reports and omits the others', () => {
  assert.deepEqual(lastAckEvidence(consumer('a')), [])
  assert.deepEqual(lastAckEvidence(consumer('a', {lastAcked: 'never', lastDelivered: NOW})), [
    ['lastAckedTimestamp', 'never'],
    ['lastConsumedTimestamp', '2026-11-27T12:00:00.000Z'],
  ])
})

function destinationAt(consumerOf: LiveConsumer | null): KeyDestination {
  return {partition: null, slot: 7, receiver: 'consumer', consumer: consumerOf, drainingConsumer: null}
}

/** @param readings the names of the consumers in each reading, the last one at the end; `a2` is `a` after a restart. */
function changesOf(
  readings: readonly [...earlier: string[], newest: string],
  before: LiveConsumer | null = consumer('a'),
  now = before,
): ConsumerChanges {
  const stats = readings.map((names) => ({
    consumers: names.split(' ').map((id): ConsumerStats => {
      return {consumerName: id.slice(0, 1), connectedSince: `2026-11-27T11:00:0${id.slice(1) || '0'}Z`}
    }),
  }))
  return consumerChangesOf(stats.slice(0, -1), stats.at(-1) ?? {}, {
    before: destinationAt(before),
    now: destinationAt(now),
  })
}

test('consumers that joined or left are found whatever the order of the earlier readings', () => {
  const unchanged = changesOf(['a b', 'b a', 'a b'])
  assert.deepEqual([unchanged, hasChanged(unchanged)], [{joined: [], left: [], ownerBefore: null}, false])
  assert.deepEqual(changesOf(['a b', 'a b', 'a b c']), {joined: ['c'], left: [], ownerBefore: null})
  assert.deepEqual(changesOf(['a b', 'a', 'a']), {joined: [], left: ['b'], ownerBefore: null})
  // b is in the first reading, not in the second, and in the last one: it joined.
  assert.deepEqual(changesOf(['a b', 'a', 'a b']), {joined: ['b'], left: [], ownerBefore: null})
  assert.deepEqual(changesOf(['a', 'a b', 'a']), {joined: [], left: ['b'], ownerBefore: null})
  assert.deepEqual(changesOf(['a b', 'a2 b']), {joined: ['a'], left: ['a'], ownerBefore: null})
})

test('a changed owner alone counts as a change, and the previous owner is reported', () => {
  const moved = changesOf(['a b', 'a b'], consumer('a'), consumer('b'))
  assert.deepEqual([moved.ownerBefore, hasChanged(moved)], ['a', true])
  assert.equal(changesOf(['a', 'a'], null).ownerBefore, null)
})
