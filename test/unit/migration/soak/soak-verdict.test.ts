import assert from 'node:assert/strict'
import {test} from 'node:test'

import {type Baseline, baselineOf, regressionsOf} from '../../../../src/domain/migration/soak/soak-verdict.js'
import {
  type PartitionWindow,
  type SoakPartition,
  type SoakSample,
  type SoakWindow,
  windowBetween,
} from '../../../../src/domain/migration/soak/soak-window.js'

const PARTITION: SoakPartition = {
  partition: 0,
  type: 'Key_Shared',
  inMessages: 1000,
  outMessages: 990,
  backlogEntries: 20,
  unackedMessages: 10,
  oldestPublishedMs: 9900,
  slotsWithoutOwner: 0,
  consumers: [
    {name: 'a', unackedMessages: 3},
    {name: 'b', unackedMessages: 7},
  ],
  hasBatches: false,
}

function lookAt(atMs: number, changes: Partial<SoakPartition> = {}): SoakSample {
  return {atMs, partitions: [{...PARTITION, ...changes}], oldConsumers: []}
}

function between(then: Partial<SoakPartition>, now: Partial<SoakPartition>): PartitionWindow {
  const [row] = windowBetween(lookAt(10_000, then), lookAt(12_000, now)).partitions
  assert.ok(row)
  return row
}

test('a window has the published and delivered messages, the oldest age, and the consumer with the most unacked messages', () => {
  const row = between({}, {inMessages: 1300, outMessages: 1290})
  assert.deepEqual(row, {
    partition: 0,
    type: 'Key_Shared',
    consumers: 2,
    slotsWithoutOwner: 0,
    inMessages: 300,
    outMessages: 300,
    redeliveredMessages: 0,
    backlogEntries: 20,
    oldestAgeMs: 2100,
    heaviest: {name: 'b', unackedMessages: 7},
  })
})

test('redelivered messages are the delivered ones minus the published ones that did not stay undelivered', () => {
  assert.equal(between({}, {inMessages: 1300, outMessages: 1340}).redeliveredMessages, 50)
  const caughtUp = {inMessages: 1300, outMessages: 1300, backlogEntries: 10, unackedMessages: 10}
  assert.equal(between({}, caughtUp).redeliveredMessages, 0, 'ten waiting messages were delivered for the first time')
})

test('unknown values stay unknown', () => {
  assert.equal(between({}, {inMessages: 5, outMessages: 5}).outMessages, null, 'the topic was reloaded')
  assert.equal(between({}, {inMessages: 1300, outMessages: 1340, hasBatches: true}).redeliveredMessages, null)
  assert.equal(between({}, {inMessages: 1300, outMessages: 1340, type: 'Failover'}).redeliveredMessages, null)
  assert.equal(between({}, {oldestPublishedMs: -1}).oldestAgeMs, null)
  assert.equal(between({}, {oldestPublishedMs: 5, backlogEntries: 0}).oldestAgeMs, 0, 'without a backlog the age is 0')
})

const BASELINE: Baseline = {oldestAgeMs: 200, redeliveredShare: 0.01}
const HEALTHY: PartitionWindow = between({}, {inMessages: 1300, outMessages: 1300, oldestPublishedMs: 11_900})

function windowOf(changes: Partial<PartitionWindow> = {}, oldConsumers: string[] = []): SoakWindow {
  return {atMs: 12_000, partitions: [{...HEALTHY, ...changes}], oldConsumers}
}

const CASES: ReadonlyArray<readonly [what: string, codes: string[], now: SoakWindow, before?: SoakWindow]> = [
  ['healthy consumers', [], windowOf()],
  ['old, but no older than before', [], windowOf({oldestAgeMs: 9000}), windowOf({oldestAgeMs: 9500})],
  ['growing older', ['age'], windowOf({oldestAgeMs: 9000}), windowOf({oldestAgeMs: 7000})],
  ['a little older than the baseline', [], windowOf({oldestAgeMs: 3000}), windowOf({oldestAgeMs: 1000})],
  ['an unknown age', [], windowOf({oldestAgeMs: null})],
  ['many redeliveries', ['redelivery'], windowOf({outMessages: 400, redeliveredMessages: 100})],
  ['few redeliveries', [], windowOf({outMessages: 40, redeliveredMessages: 10})],
  ['uncounted deliveries', [], windowOf({outMessages: null, redeliveredMessages: null})],
  ['no delivery in one window', [], windowOf({outMessages: 0})],
  ['no delivery in two windows', ['no-progress'], windowOf({outMessages: 0}), windowOf({outMessages: 0})],
  ['idle', [], windowOf({outMessages: 0, backlogEntries: 0}), windowOf({outMessages: 0, backlogEntries: 0})],
  ['a partition without a consumer', ['coverage'], windowOf({consumers: 0})],
  ['slots without an owner', ['coverage'], windowOf({slotsWithoutOwner: 9})],
  ['another subscription type', ['type-changed'], windowOf({type: 'Shared'})],
  ['an old consumer has reconnected', ['old-consumers'], windowOf({}, ['old-3'])],
]

for (const [what, codes, now, before] of CASES) {
  test(`${what}: ${codes.join(', ') || 'no regression'}`, () => {
    assert.deepEqual(
      regressionsOf(BASELINE, before ?? null, now, 'Key_Shared').map(({code}) => code),
      codes,
    )
  })
}

test('the consumer with the most unacked messages is named', () => {
  const [regressions] = regressionsOf(BASELINE, windowOf({outMessages: 0}), windowOf({outMessages: 0}), 'Key_Shared')
  assert.match(
    regressions?.message ?? '',
    /partition 0 delivers no messages although some are waiting; b has 7 unacked messages/,
  )
})

test('the baseline has the worst normal values, and unknown where no value was known', () => {
  const windows = [
    windowOf({oldestAgeMs: 100}),
    windowOf({oldestAgeMs: 300, outMessages: 300, redeliveredMessages: 30}),
  ]
  assert.deepEqual(baselineOf(windows), {oldestAgeMs: 300, redeliveredShare: 0.1})
  const unknown = windowOf({oldestAgeMs: null, redeliveredMessages: null, backlogEntries: null})
  assert.deepEqual(baselineOf([unknown]), {oldestAgeMs: null, redeliveredShare: null})
  const doubtful = regressionsOf(baselineOf([unknown]), windowOf(), windowOf({oldestAgeMs: 99_999}), 'Key_Shared')
  assert.deepEqual(doubtful, [], 'an unknown baseline cannot be exceeded')
})
