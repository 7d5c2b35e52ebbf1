import assert from 'node:assert/strict'
import {test} from 'node:test'

import fc from 'fast-check'

import type {InternalStats} from '../../../src/clients/pulsar-admin/types.js'
import {entryGaps} from '../../../src/domain/backlog/ack-gaps.js'
import {gapRow} from '../../../src/domain/backlog/gap-report.js'
import {countEntries} from '../../../src/domain/topic-stats/unacked-entries.js'

interface Cursor {
  readonly ledgers: NonNullable<InternalStats['ledgers']>
  readonly last: string
  readonly markDelete: string
  readonly acked: string
}

function gapsIn({acked, last, ledgers, markDelete}: Cursor): string[] {
  const stats: InternalStats = {
    lastConfirmedEntry: last,
    ledgers,
    cursors: {sub: {markDeletePosition: markDelete, individuallyDeletedMessages: acked}},
  }
  return entryGaps(0, stats, 'sub').map((gap) => {
    const {entries, first, last: end} = gapRow({partition: null, gap, stats: {}}, null, 0)
    return `${first}..${end} ${String(entries)}`
  })
}

const ONE = {ledgers: [{ledgerId: 7, entries: 0}], last: '7:9', markDelete: '7:1'}
/** 10 entries each; the last ledger is open. */
const THREE = {
  ledgers: [
    {ledgerId: 5, entries: 10},
    {ledgerId: 7, entries: 10},
    {ledgerId: 8, entries: 0},
  ],
  last: '8:4',
  markDelete: '5:1',
}

const CASES: ReadonlyArray<readonly [what: string, cursor: Cursor, gaps: readonly string[]]> = [
  ['an empty topic has none', {ledgers: [], last: '-1:-1', markDelete: '-1:-1', acked: '[]'}, []],
  ['a backlog without acknowledged entries has none', {...ONE, acked: '[]'}, []],
  ['a backlog of 0 has none', {...ONE, markDelete: '7:9', acked: '[]'}, []],
  ['unacked entries at the end are not a gap', {...ONE, acked: '[(7:2..7:5]]'}, ['7:2..7:2 1']],
  ['several gaps', {...ONE, acked: '[(7:2..7:3],(7:6..7:9]]'}, ['7:2..7:2 1', '7:4..7:6 3']],
  ['a gap that spans ledgers is one', {...THREE, acked: '[(5:4..5:6],(8:1..8:2]]'}, ['5:2..5:4 3', '5:7..8:1 15']],
  ['acknowledged entries that span ledgers', {...THREE, acked: '[(5:7..8:2]]'}, ['5:2..5:7 6']],
  ['a gap that ends with its ledger', {...THREE, acked: '[(7:-1..7:9]]'}, ['5:2..5:9 8']],
  ['a gap that begins with its ledger', {...THREE, acked: '[(5:3..5:9],(7:2..7:4]]'}, ['5:2..5:3 2', '7:0..7:2 3']],
  ['a ledger that is one gap', {...THREE, acked: '[(5:2..5:9],(8:-1..8:0]]'}, ['5:2..5:2 1', '7:0..7:9 10']],
]

for (const [what, cursor, gaps] of CASES) {
  test(`gaps: ${what}`, () => {
    assert.deepEqual(gapsIn(cursor), gaps)
  })
}

test('gaps: for any acknowledged entries, they are the unacked entries before the last acknowledged one', () => {
  const sizes = fc.array(fc.integer({min: 1, max: 5}), {minLength: 1, maxLength: 4})
  fc.assert(
    fc.property(sizes, fc.array(fc.boolean(), {minLength: 20, maxLength: 20}), (entries, isAcked) => {
      const all = entries.flatMap((count, ledger) =>
        Array.from({length: count}, (_, entryId) => ({ledgerId: 2 * ledger + 1, entryId})),
      )
      const acked = all.filter((_, at) => at > 0 && isAcked[at] === true)
      const last = all.at(-1) ?? assert.fail()
      const found = entryGaps(
        0,
        {
          lastConfirmedEntry: `${String(last.ledgerId)}:${String(last.entryId)}`,
          ledgers: entries.map((count, at) => ({ledgerId: 2 * at + 1, entries: at === entries.length - 1 ? 0 : count})),
          cursors: {
            sub: {
              markDeletePosition: '1:-1',
              individuallyDeletedMessages: `[${acked.map(({entryId, ledgerId}) => `(${String(ledgerId)}:${String(entryId - 1)}..${String(ledgerId)}:${String(entryId)}]`).join(',')}]`,
            },
          },
        },
        'sub',
      )
      const end = acked.at(-1)
      const before = end === undefined ? [] : all.slice(0, all.indexOf(end))
      assert.equal(
        found.reduce((sum, {ranges}) => sum + countEntries(ranges), 0),
        before.filter((one) => !acked.includes(one)).length,
      )
      const starts = before.filter(
        (one, at) => !acked.includes(one) && (at === 0 || acked.includes(all[at - 1] ?? assert.fail())),
      )
      assert.deepEqual(
        found.map(({ranges: [{first, ledgerId}]}) => [ledgerId, first]),
        starts.map(({entryId, ledgerId}) => [ledgerId, entryId]),
      )
    }),
  )
})

const RANGE = {partition: 0, ledgerId: 7, first: 2, last: 2}
const consumers = (...names: string[]) => names.map((consumerName) => ({consumerName}))

test('the consumer of a gap is known only where one alone can have its messages', () => {
  const consumerOf = (stats: Parameters<typeof gapRow>[0]['stats']): string | null =>
    gapRow({partition: 0, gap: {ranges: [RANGE]}, stats}, null, 0).consumer
  assert.equal(consumerOf({type: 'Shared', consumers: consumers('a')}), 'a')
  assert.equal(consumerOf({type: 'Shared', consumers: consumers('a', 'b')}), null)
  assert.equal(consumerOf({type: 'Failover', activeConsumerName: 'b', consumers: consumers('a', 'b')}), 'b')
  assert.equal(consumerOf({type: 'Failover', activeConsumerName: 'c', consumers: consumers('a', 'b')}), null)
  assert.equal(consumerOf({type: 'Shared', consumers: []}), null)
})

test('the first message gives key and age; what was not read is null', () => {
  const gap = {partition: 0, gap: {ranges: [RANGE] as const}, stats: {}}
  const read = gapRow(gap, {key: 'a', isBase64: false, publishedAtMs: 1000}, 4000)
  assert.deepEqual(
    [read.key, read.isKeyBase64, read.ageMs, read.publishedAt],
    ['a', false, 3000, '1970-01-01T00:00:01.000Z'],
  )
  const unread = gapRow(gap, null, 4000)
  assert.deepEqual([unread.key, unread.isKeyBase64, unread.ageMs, unread.publishedAt], [null, null, null, null])
})
