import assert from 'node:assert/strict'
import {test} from 'node:test'

import {
  type CursorSample,
  DrainProof,
  isDrained,
  type PauseProof,
  ReplayProof,
} from '../../../../src/domain/migration/proofs/drain-proof.js'

function sample(
  changes: Partial<CursorSample> & {markDelete?: string; read?: string; holes?: string} = {},
): CursorSample {
  const {holes = '[]', markDelete = '5:9', read = '5:10', ...rest} = changes
  return {
    partition: 0,
    atMs: 0,
    lastEntry: '5:12',
    cursor: {markDeletePosition: markDelete, readPosition: read, individuallyDeletedMessages: holes},
    ledgers: [{ledgerId: 5, entries: 0}],
    backlogEntries: 3,
    throttledReads: 1,
    isReading: false,
    deliveredMessages: 10,
    replayMessages: 0,
    leastPermits: 50,
    consumers: 1,
    unackedConsumers: [],
    ...rest,
  }
}

const thrice = (one: CursorSample): CursorSample[] => [one, one, one]

test('drained: the read position directly follows the mark-delete position', () => {
  assert.equal(isDrained(sample()), true)
  assert.equal(isDrained(sample({markDelete: '5:-1', read: '5:0'})), true)
  assert.equal(isDrained(sample({read: '5:11'})), false)
  assert.equal(isDrained(sample({holes: '[(5:3..5:7]]', read: '5:10'})), false)
  assert.equal(isDrained(sample({markDelete: 'nonsense'})), false)
})

test('drained across ledgers: only without entries between the positions', () => {
  const ledgers = [
    {ledgerId: 5, entries: 10},
    {ledgerId: 7, entries: 0},
    {ledgerId: 9, entries: 4},
  ]
  assert.equal(isDrained(sample({ledgers, markDelete: '5:9', read: '9:0'})), true)
  assert.equal(isDrained(sample({ledgers, markDelete: '5:8', read: '9:0'})), false)
  assert.equal(isDrained(sample({ledgers, markDelete: '5:9', read: '9:1'})), false)
  const between = [
    {ledgerId: 5, entries: 10},
    {ledgerId: 7, entries: 2},
    {ledgerId: 9, entries: 4},
  ]
  assert.equal(isDrained(sample({ledgers: between, markDelete: '5:9', read: '9:0'})), false)
  // A ledger whose entries are all consumed may be trimmed away.
  assert.equal(isDrained(sample({ledgers: [{ledgerId: 9, entries: 4}], markDelete: '5:9', read: '9:0'})), true)
})

test('the proof needs three unchanged samples and a throttled read', () => {
  assert.equal(proof(0, thrice(sample())), 'throttled')
  assert.equal(proof(0, [sample(), sample()]), null)
  assert.equal(proof(0, [sample({markDelete: '5:8', read: '5:9'}), sample(), sample()]), null)
  assert.equal(proof(0, [sample({markDelete: '5:8', read: '5:9'}), sample(), sample(), sample()]), 'throttled')
  assert.equal(proof(0, [sample(), sample({read: '5:12'}), sample(), sample()]), null)
  assert.equal(proof(1, thrice(sample())), null, 'the count has not risen since the pause')
})

test('a count that decreased belongs to a topic that was loaded after the pause', () => {
  assert.equal(proof(40, thrice(sample({throttledReads: 2}))), 'throttled')
  assert.equal(proof(40, thrice(sample({throttledReads: 0}))), null)
})

test('brokers that do not count throttled reads: a backlog that stays unread, without a pending read', () => {
  assert.equal(proof(null, thrice(sample({throttledReads: null}))), 'untouched')
  for (const isReading of [true, null]) {
    assert.equal(
      proof(null, thrice(sample({throttledReads: null, isReading}))),
      null,
      'a slow broker is not a paused one',
    )
  }
})

test('a partition without traffic is drained once nothing was published for a second', () => {
  const idle = (atMs: number, lastEntry = '5:9'): CursorSample =>
    sample({atMs, lastEntry, backlogEntries: 0, throttledReads: 0})
  assert.equal(proof(0, [idle(0), idle(20), idle(40)]), null, 'a moment without messages is not enough')
  assert.equal(proof(0, [idle(0), idle(20), idle(990), idle(1000)]), 'idle')
  assert.equal(proof(0, [idle(0), idle(20), idle(990), idle(1000, '5:10')]), null)
})

function proof(throttledBefore: number | null, samples: readonly CursorSample[]): PauseProof | null {
  const watch = new DrainProof(throttledBefore)
  return samples.map((one) => watch.observe(one)).at(-1) ?? null
}

test('a partition without consumers is switched at its position once three samples agree', () => {
  const alone = sample({consumers: 0, read: '5:14'})
  const watch = new DrainProof(0)
  assert.deepEqual(
    [alone, alone, alone].map((one) => watch.observe(one)),
    [null, null, 'unattended'],
  )
  assert.equal(
    watch.observe(sample({read: '5:14'})),
    null,
    'a consumer has connected: now the partition must be drained',
  )
})

test('a reloaded topic delivers the messages before acknowledged ones again', () => {
  const observe = (one: CursorSample): number => {
    const watch = new ReplayProof()
    return thrice(one).map((again) => watch.observe(again))[2] ?? -1
  }
  const holes = '[(5:11..5:20],(5:23..5:25]]'
  assert.equal(observe(sample({holes})), 2 + 3, '5:10 and 5:11, then 5:21 to 5:23')
  assert.equal(observe(sample({holes, replayMessages: null})), 5)
  assert.equal(observe(sample({holes, leastPermits: 3})), 3)
  assert.equal(observe(sample({holes, read: '5:26'})), 0, 'it has read all of them')
  assert.equal(observe(sample()), 0, 'there are no ack holes')
  assert.equal(observe(sample({holes: '[(6:1..6:4]]'})), 2, 'in the next ledger')
})

test('read but undelivered messages are reported once the positions stop and no message is unacked', () => {
  const stuck = sample({read: '5:40', holes: '[(5:11..5:20]]', replayMessages: 12})
  const observe = (...samples: CursorSample[]): number[] => {
    const watch = new ReplayProof()
    return samples.map((one) => watch.observe(one))
  }
  assert.deepEqual(observe(stuck, stuck, stuck, stuck), [0, 0, 12, 12])
  const busy = {...stuck, unackedConsumers: [{consumer: 'a', unackedMessages: 1}]}
  assert.deepEqual(observe(stuck, stuck, busy, stuck), [0, 0, 0, 0], 'a consumer still has unacked messages')
  const moving = sample({read: '5:40', holes: '[(5:11..5:20]]', replayMessages: 11})
  assert.deepEqual(observe(stuck, stuck, moving, moving, moving), [0, 0, 0, 0, 11])
  const crowded = {...stuck, leastPermits: 5}
  assert.deepEqual(
    observe(crowded, crowded, crowded),
    [0, 0, 5],
    'not more than the permits of the consumer that has the fewest',
  )
  const full = {...stuck, leastPermits: -3}
  assert.deepEqual(observe(full, full, full), [0, 0, 1])
  const drained = sample({replayMessages: 12})
  assert.deepEqual(observe(drained, drained, drained), [0, 0, 0])
  const unknown = sample({read: '5:40', replayMessages: null})
  assert.deepEqual(observe(unknown, unknown, unknown), [0, 0, 0])
})

test('a renewed pause proves nothing until it has delivered its message', () => {
  const before = sample({throttledReads: 5, deliveredMessages: 100})
  const throttledByTheOldOne = sample({throttledReads: 6, deliveredMessages: 100})
  const watch = new DrainProof(5, 100)
  assert.deepEqual(
    [before, throttledByTheOldOne, throttledByTheOldOne, throttledByTheOldOne].map((one) => watch.observe(one)),
    [null, null, null, null],
  )
  const handedOut = sample({throttledReads: 7, deliveredMessages: 101, markDelete: '5:10', read: '5:11'})
  assert.deepEqual(
    thrice(handedOut).map((one) => watch.observe(one)),
    [null, null, 'throttled'],
  )
})
