import assert from 'node:assert/strict'
import {test} from 'node:test'

import {
  globOf,
  type KeyDestination,
  type LiveConsumer,
  LockCorrelation,
  type WaitingKeys,
} from '../../../../src/domain/locks/consumers/lock-correlation.js'
import {familiesWith} from '../../../../src/domain/locks/families/builtin.js'
import {recognize} from '../../../../src/domain/locks/recognition/recognize.js'
import {lockRecord, type LockRecord} from '../../../../src/domain/locks/recognition/lock-record.js'
import {rawOf} from '../../../support/reports/lock-shapes.js'

const NOW = Date.parse('2026-11-27T12:00:00Z')
const FAMILIES = familiesWith([])

function consumer(name: string, more: Partial<LiveConsumer> = {}): LiveConsumer {
  return {
    ...{name, address: `10.0.0.${name.slice(-1)}:4000`, connectedSinceMs: NOW - 600_000},
    ...{lastAcked: null, lastDelivered: null, metadata: {}},
    ...more,
  }
}

const [ONE, TWO] = [consumer('keyed-1'), consumer('keyed-2', {metadata: {pod: 'pod-2'}})]

function lockOf(value: string, more: Partial<LockRecord> = {}): LockRecord {
  const raw = rawOf({key: 'lock:user:42', stored: {string: value}}, {idleSeconds: 60})
  const found = recognize(raw, FAMILIES, true)
  assert.equal(found.kind, 'lock')
  return {...lockRecord(raw, found, {maxHoldMs: 600_000, maxTtlMs: 600_000}), ...more}
}

function assess(
  lock: LockRecord,
  {
    destination = {},
    ...options
  }: Partial<ConstructorParameters<typeof LockCorrelation>[0]> & {destination?: Partial<KeyDestination>} = {},
): readonly [relation: unknown, by: unknown, verdict: string] {
  const correlation = new LockCorrelation({
    about: {topic: 'orders', subscription: 'decision', asOf: ''},
    consumers: [ONE, TWO],
    destinationOf: (key) => {
      assert.equal(key, '42')
      return {partition: 3, slot: 7, receiver: 'consumer', consumer: ONE, drainingConsumer: null, ...destination}
    },
    keyPattern: 'lock:user:{key}',
    holderPattern: '{consumer}/*',
    waiting: null,
    ...options,
  })
  const {messages, verdict} = correlation.assess(lock, NOW)
  return [messages?.relation, messages?.matchedBy, verdict]
}

const TABLE: ReadonlyArray<readonly [what: string, got: () => unknown, expected: unknown]> = [
  ['its holder is the consumer of the key', () => assess(lockOf('keyed-1/a1')), ['owner', 'name', 'healthy']],
  ['its holder is another consumer', () => assess(lockOf('keyed-2/a1')), ['other-consumer', 'name', 'wrong-consumer']],
  ['its holder is identified by the address', () => assess(lockOf('10.0.0.1/a1')), ['owner', 'address', 'healthy']],
  [
    'its holder is identified by the metadata',
    () => assess(lockOf('pod-2/a1')),
    ['other-consumer', 'metadata', 'wrong-consumer'],
  ],
  [
    'its holder is not a consumer, after one sample',
    () => assess(lockOf('cron-1/a1')),
    ['no-consumer', null, 'not-a-consumer'],
  ],
  [
    'its holder is not a consumer, and the lock may have a fixed lease',
    () => assess(lockOf('cron-1/a1', {renewal: 'unchanged'})),
    ['no-consumer', null, 'not-a-consumer'],
  ],
  [
    'its holder is not a consumer, and renews the lock no more',
    () => assess(lockOf('cron-1/a1', {renewal: 'unchanged', verdicts: ['not-renewed']})),
    ['no-consumer', null, 'orphaned'],
  ],
  [
    'its holder is not a consumer, and the lock never expires',
    () => assess(lockOf('cron-1/a1', {ttlMs: null})),
    ['no-consumer', null, 'orphaned'],
  ],
  [
    'its holder is not a consumer, and the lock is renewed',
    () => assess(lockOf('cron-1/a1', {renewal: 'renewed'})),
    ['no-consumer', null, 'not-a-consumer'],
  ],
  ['its token does not match the pattern', () => assess(lockOf('whatever')), [null, null, 'healthy']],
  [
    'without a pattern, a holder that matches no consumer may still be one',
    () => assess(lockOf('cron-1/a1'), {holderPattern: null}),
    [null, null, 'healthy'],
  ],
  [
    'its holder must first acknowledge older messages of the key',
    () => assess(lockOf('keyed-2/a1'), {destination: {drainingConsumer: TWO}}),
    ['owner', 'name', 'healthy'],
  ],
  [
    'any consumer may receive the messages of the key',
    () => assess(lockOf('keyed-2/a1'), {destination: {consumer: null, slot: null}}),
    ['consumer', 'name', 'healthy'],
  ],
  [
    'its holder connected after the lock was acquired, or connected again while it works',
    () => assess(lockOf('keyed-1/a1'), {consumers: [consumer('keyed-1', {connectedSinceMs: NOW - 50_000})]}),
    ['restarted', 'name', 'healthy'],
  ],
  [
    'its holder connected after the lock was acquired, and the lock never expires',
    () =>
      assess(lockOf('keyed-1/a1', {ttlMs: null}), {
        consumers: [consumer('keyed-1', {connectedSinceMs: NOW - 50_000})],
      }),
    ['restarted', 'name', 'orphaned'],
  ],
  [
    'its holder connected after the lock was acquired, and the lock is renewed',
    () =>
      assess(lockOf('keyed-1/a1', {renewal: 'renewed'}), {
        consumers: [consumer('keyed-1', {connectedSinceMs: NOW - 50_000})],
      }),
    ['restarted', 'name', 'healthy'],
  ],
  [
    'the time when its holder connected is unknown',
    () => assess(lockOf('keyed-1/a1'), {consumers: [{...ONE, connectedSinceMs: null}]}),
    ['owner', 'name', 'healthy'],
  ],
  [
    'its key does not match the key pattern',
    () => assess({...lockOf('keyed-1/a1'), key: 'lock:job:42'}),
    [undefined, undefined, 'healthy'],
  ],
]

const waitingFor = (oldestMs: number | null): {readonly waiting: WaitingKeys} => ({
  waiting: {keys: new Map([['42', {messages: 2, oldestMs, partitions: [3]}]]), entries: 2, isComplete: true},
})

test('a lock blocks messages that have waited for more than 10 s, unless their consumer holds it', () => {
  const [old, young] = [waitingFor(NOW - 11_000), waitingFor(NOW - 9000)]
  const verdicts = [
    assess(lockOf('keyed-2/a1'), old),
    assess(lockOf('cron-1/a1', {ttlMs: null}), old),
    assess(lockOf('cron-1/a1'), old),
    assess(lockOf('keyed-1/a1'), old),
    assess(lockOf('keyed-2/a1'), young),
    assess(lockOf('keyed-2/a1'), waitingFor(null)),
  ].map(([, , verdict]) => verdict)
  assert.deepEqual(verdicts, [
    ...['key-stalled', 'key-stalled', 'not-a-consumer', 'healthy', 'wrong-consumer', 'wrong-consumer'],
  ])
})

for (const [what, got, expected] of TABLE) {
  test(`a lock of a message key: ${what}`, () => {
    assert.deepEqual(got(), expected)
  })
}

test('a pattern is literal apart from its variables, and must contain its variable once', () => {
  assert.equal(globOf('lock[1]:{key}:?'), String.raw`lock\[1\]:*:\?`)
  for (const pattern of ['lock:user:*', '{key}:{key}']) {
    assert.throws(() => assess(lockOf('keyed-1/a1'), {keyPattern: pattern}), {code: 'E_PATTERN'})
  }
  assert.throws(() => assess(lockOf('keyed-1/a1'), {holderPattern: '{key}'}), {code: 'E_PATTERN'})
})
