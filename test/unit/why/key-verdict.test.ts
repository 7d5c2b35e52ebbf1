import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {LiveConsumer} from '../../../src/domain/locks/consumers/lock-correlation.js'
import type {LockRecord} from '../../../src/domain/locks/recognition/lock-record.js'
import {type KeyFacts, type Verdict, verdictOf} from '../../../src/domain/why/key-verdict.js'
import {locks} from '../../support/reports/lock-reports.js'

const NOW = Date.parse('2026-11-27T12:00:00Z')
const [record] = locks.locks
assert.ok(record)

const worker: LiveConsumer = {
  ...{name: 'worker-2', address: '10.0.0.1:4000', connectedSinceMs: NOW - 600_000, metadata: {}},
  ...{lastAcked: NOW - 65_000, lastDelivered: NOW - 38_000},
}

/** A lock of a holder that is not a consumer, which blocks a message older than 10 s. */
const stalled: LockRecord = {
  ...record,
  ...{key: 'lock:user-42', ttlMs: null, verdicts: ['key-stalled', 'orphaned']},
  holder: {...record.holder, token: 'worker-9/8f14', consumer: null, host: null} as LockRecord['holder'],
  messages: {
    ...{key: 'user-42', partition: 0, slot: 7, consumer: null, holder: null, matchedBy: null, waiting: null},
    relation: 'no-consumer',
  },
}

const oldest: NonNullable<KeyFacts['messages']['oldest']> = {
  ...{partition: 0, position: '7:0', publishedAtMs: NOW - 83_000, deliverAtMs: null, isRead: true},
}

function facts(more: Partial<KeyFacts> = {}, consumer: Partial<LiveConsumer> | null = {}): KeyFacts {
  const receiver = consumer === null ? null : {...worker, ...consumer}
  return {
    ...{topic: 'persistent://shop/prod/orders', subscription: 'decision', key: 'user-42', type: 'Key_Shared'},
    routing: {
      ...{hashingScheme: 'JavaStringHash', source: 'messages', messagesSeen: 12},
      ...{matchingSchemes: [], earlierPartitions: null, byOrderingKey: false},
    },
    search: {expected: 0, isExpectedComplete: true, others: null},
    destination: {
      ...{partition: 0, slot: 7, receiver: receiver ? 'consumer' : 'any-consumer'},
      ...{consumer: receiver, drainingConsumer: null},
    },
    messages: {
      ...{entriesRead: 146, entriesUnreadable: 0, backlogEntries: 146, isComplete: true, messages: 73},
      ...{partitions: [0], oldest, entriesUncertain: 0},
    },
    ...{lock: stalled, asksForLocks: true, findings: [], asOf: new Date(NOW).toISOString(), nowMs: NOW},
    changes: {joined: [], left: [], ownerBefore: null},
    ...more,
  }
}

function messagesWith(one: Partial<typeof oldest> | null): KeyFacts['messages'] {
  const found = facts().messages
  return one === null ? {...found, messages: 0, oldest: null} : {...found, oldest: {...oldest, ...one}}
}

const HELD = 'blocked by a Redis lock held by worker-9/8f14, not a connected consumer; the lock never expires'
const OR_HUNG = ': it is waiting for the lock, or it is hung'
const LOCKED: ReadonlyArray<readonly [what: string, KeyFacts, confidence: Verdict['confidence'], cause: string]> = [
  ['a consumer that acks other messages', facts({}, {lastAcked: NOW - 2000}), 'high', HELD],
  [
    'a consumer that acks nothing',
    facts(),
    'medium',
    `may be ${HELD}; worker-2 has acked nothing on partition 0 for 65 s, last delivery 38 s ago${OR_HUNG}`,
  ],
  [
    'a consumer that never acked',
    facts({}, {lastAcked: 'never', lastDelivered: null}),
    'medium',
    `may be ${HELD}; worker-2 has acked nothing on partition 0 since it connected 10 min ago${OR_HUNG}`,
  ],
  ['any consumer', facts({type: 'Shared'}, null), 'medium', `may be ${HELD}`],
  ['a consumer whose last ack is unknown', facts({}, {lastAcked: null}), 'medium', `may be ${HELD}`],
  [
    'no consumer, because they are not delivered',
    facts({messages: messagesWith({isRead: false})}, {lastAcked: NOW - 2000}),
    'medium',
    `may be ${HELD}; the broker has not delivered them yet`,
  ],
]

for (const [what, given, confidence, cause] of LOCKED) {
  test(`a locked key whose messages are at ${what}: ${confidence} confidence`, () => {
    assert.deepEqual(verdictOf(given), {
      ...{code: 'locked', confidence, next: 'keyshift locks inspect lock:user-42'},
      message: `73 messages of user-42, oldest 83 s; ${cause}`,
    })
  })
}

test('while a slot is draining, the consumer that must ack first has the messages', () => {
  const {destination} = facts()
  const drainingConsumer = {...worker, name: 'worker-1', lastAcked: NOW - 2000}
  assert.equal(verdictOf(facts({destination: {...destination, drainingConsumer}})).confidence, 'high')
})

test('a key without an unacked message: the next step is a command that shows the producers', () => {
  const {code, message, next} = verdictOf(facts({messages: messagesWith(null)}))
  assert.deepEqual(
    [code, message, next],
    [
      'no-unacked-message',
      'the partition has no unacked message of user-42: its messages are acked, or none was published',
      'keyshift subscriptions inspect persistent://shop/prod/orders decision',
    ],
  )
})

test('an empty key is printed as (empty), and as an empty argument in commands', () => {
  assert.match(verdictOf(facts({key: ''})).message, /^73 messages of \(empty\), oldest 83 s/)
  const messages = {...messagesWith(null), isComplete: false}
  const search = {expected: null, isExpectedComplete: false, others: null}
  const {message, next} = verdictOf(facts({key: '', messages, search}))
  assert.match(message, /^no message of \(empty\) in the oldest 146 entries/)
  assert.equal(next, "keyshift why --max 146 persistent://shop/prod/orders decision ''")
})

test('a key whose messages the admin API may not show is not reported as without messages', () => {
  const messages = {...messagesWith(null), entriesUncertain: 2, isComplete: false}
  const {code, confidence, message, next} = verdictOf(facts({messages, lock: null}))
  assert.deepEqual([code, confidence], ['not-in-entries-read', 'low'])
  assert.match(message, /^no message of user-42 in the oldest 146 entries of 146, but 2 of these may have this key/)
  assert.equal(next, 'keyshift keys sample --source websocket persistent://shop/prod/orders decision')
})
