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

test('for how long a consumer has acknowledged nothing', () => {
  const says = (more: Partial<LiveConsumer>, partition: number | null = null): string =>
    lastAckText(consumer('a', more), partition, NOW)
  assert.equal(says({}), '')
  assert.equal(says({lastAcked: NOW - 900}), '')
  // Clocks differ: what has not happened yet was a moment ago.
  assert.equal(says({lastAcked: NOW + 5000}), '')
  assert.equal(says({lastAcked: NOW - 12_300}), '; it has acknowledged nothing for 12 s')
  assert.equal(
    says({lastAcked: NOW - 2300, lastDelivered: NOW - 1500}, 3),
    '; it has acknowledged nothing on partition 3 for 2.3 s, and got its last message 1.5 s ago',
  )
  assert.equal(
    says({lastAcked: 'never', lastDelivered: 'never'}),
    '; it has acknowledged nothing since it connected, 60 s ago',
  )
  assert.equal(says({lastAcked: 'never', connectedSinceMs: null}), '')
})

test('the fields that show it; those that the broker does not tell are left out', () => {
  assert.deepEqual(lastAckEvidence(consumer('a')), [])
  assert.deepEqual(lastAckEvidence(consumer('a', {lastAcked: 'never', lastDelivered: NOW})), [
    ['lastAckedTimestamp', 'never'],
    ['lastConsumedTimestamp', '2026-11-27T12:00:00.000Z'],
  ])
})

function home(consumerOf: LiveConsumer | null): KeyDestination {
  return {partition: null, slot: 7, consumer: consumerOf, drainingConsumer: null}
}

/** @param looks names of the consumers at each reading, the newest last; `a2` is `a` after a restart. */
function movement(
  looks: readonly [...earlier: string[], newest: string],
  before: LiveConsumer | null = consumer('a'),
  now = before,
): ConsumerChanges {
  const read = looks.map((names) => ({
    consumers: names.split(' ').map((id): ConsumerStats => {
      return {consumerName: id.slice(0, 1), connectedSince: `2026-11-27T11:00:0${id.slice(1) || '0'}Z`}
    }),
  }))
  return consumerChangesOf(read.slice(0, -1), read.at(-1) ?? {}, {before: home(before), now: home(now)})
}

test('who came and who went between readings, in whatever order the earlier ones were taken', () => {
  const still = movement(['a b', 'b a', 'a b'])
  assert.deepEqual([still, hasChanged(still)], [{joined: [], left: [], ownerBefore: null}, false])
  assert.deepEqual(movement(['a b', 'a b', 'a b c']), {joined: ['c'], left: [], ownerBefore: null})
  assert.deepEqual(movement(['a b', 'a', 'a']), {joined: [], left: ['b'], ownerBefore: null})
  // It was seen by the first reading, not by the second, and stays: it came.
  assert.deepEqual(movement(['a b', 'a', 'a b']), {joined: ['b'], left: [], ownerBefore: null})
  assert.deepEqual(movement(['a', 'a b', 'a']), {joined: [], left: ['b'], ownerBefore: null})
  assert.deepEqual(movement(['a b', 'a2 b']), {joined: ['a'], left: ['a'], ownerBefore: null})
})

test('that the owner has changed is enough, and who it was is told', () => {
  const moved = movement(['a b', 'a b'], consumer('a'), consumer('b'))
  assert.deepEqual([moved.ownerBefore, hasChanged(moved)], ['a', true])
  assert.equal(movement(['a', 'a'], null).ownerBefore, null)
})
