import assert from 'node:assert/strict'
import {test} from 'node:test'

import {murmur3} from '../../../src/domain/keys/hashing/murmur3.js'
import {RehearsalCounts} from '../../../src/domain/rehearsal/rehearsal-counts.js'
import {WaitHistogram} from '../../../src/domain/rehearsal/wait-percentiles.js'

test('percentiles of waits are at most 20 % too high and never above the longest wait', () => {
  const waits = new WaitHistogram()
  for (let ms = 1; ms <= 1000; ms++) waits.add(ms)
  for (const [share, exact] of [
    [0.5, 500],
    [0.95, 950],
    [1, 1000],
  ] as const) {
    const found = waits.percentile(share) ?? 0
    assert.ok(found >= exact && found <= exact * 1.2, `${String(share)}: ${String(found)}`)
  }
  assert.equal(waits.max, 1000)
})

test('without waits the percentiles are unknown, and a wait of 0 ms is reported as 0', () => {
  const waits = new WaitHistogram()
  assert.deepEqual([waits.percentile(0.5), waits.max], [null, null])
  waits.add(0)
  assert.deepEqual([waits.percentile(0.5), waits.max], [0, 0])
})

test('shares count the final owner of a key, message counts the consumer that received it', () => {
  const tally = new RehearsalCounts(['a', 'b'])
  for (const key of ['x', 'x', 'x', 'y']) tally.add('a', key, 1, 5, false)
  tally.add('b', null, 30, 5, true)
  const ofX = murmur3(Buffer.from('x'))
  const report = tally.report((hash) => (hash === ofX ? 'b' : 'a'), 100, 5, 1)
  assert.deepEqual(
    report.consumers.map(({busyShare, messages, name, share}) => ({busyShare, messages, name, share})),
    [
      {name: 'a', messages: 4, share: 0.25, busyShare: 0.2},
      {name: 'b', messages: 1, share: 0.75, busyShare: 0.05},
    ],
  )
  assert.deepEqual(report.hotKeys, [{key: 'x', messages: 3, share: 0.6, consumer: 'b'}])
  assert.deepEqual([report.messages, report.keylessMessages, report.distinctKeys.count], [5, 1, 2])
  assert.deepEqual(report.headOfLine, {messages: 1, share: 0.2, p95Ms: 30, maxMs: 30})
})

test('with unknown owners the receiving consumer counts, and without messages the share is unknown', () => {
  const tally = new RehearsalCounts(['a', 'b'])
  assert.deepEqual(
    tally.report(null, 100, 0, 5).consumers.map(({busyShare, share}) => [busyShare, share]),
    [
      [null, null],
      [null, null],
    ],
  )
  tally.add('a', 'x', 0, 0, false)
  assert.equal(tally.report(null, 100, 0, 5).consumers[0]?.share, 1)
})
