import assert from 'node:assert/strict'
import {test} from 'node:test'

import fc from 'fast-check'
import {PbfWriter} from 'pbf'

import {decodeMessageId, encodeMessageId} from '../../../src/clients/pulsar-messages/message-id.js'
import {chooseEntries, ledgerIndex} from '../../../src/domain/message-sampling/choose-entries.js'
import {countEntries, type EntryRange, unackedEntries} from '../../../src/domain/topic-stats/unacked-entries.js'
import {readBatch, readRestEntry} from '../../../src/domain/message-sampling/sampled-entry.js'
import {FrequentKeys} from '../../../src/domain/message-sampling/frequent-keys.js'
import {SampleCounts} from '../../../src/domain/message-sampling/sample-counts.js'

const LEDGERS = [
  {ledgerId: 3, entries: 10},
  {ledgerId: 7, entries: 5},
  {ledgerId: 9, entries: 0}, // the broker reports no entries for the open ledger
]

function range(ledgerId: number, first: number, last: number, partition = 0): EntryRange {
  return {partition, ledgerId, first, last}
}

test('a backlog starts after the mark-delete position and omits individually acknowledged entries', () => {
  const stats = {
    ledgers: LEDGERS,
    lastConfirmedEntry: '9:3',
    cursors: {
      'a+sub': {markDeletePosition: '3:4', individuallyDeletedMessages: '[(3:5..3:7],(3:9..7:1],(9:3..9:3]]'},
    },
  }
  assert.deepEqual(unackedEntries(0, stats, 'a sub'), [range(3, 5, 5), range(3, 8, 9), range(7, 2, 4), range(9, 0, 3)])
  assert.deepEqual(unackedEntries(0, {...stats, cursors: {'a+sub': {markDeletePosition: '9:3'}}}, 'a sub'), [])
})

test('entries are numbered across ledgers', () => {
  const {numberOf} = ledgerIndex({ledgers: LEDGERS})
  assert.equal(numberOf({ledgerId: 3, entryId: 0}), 1)
  assert.equal(numberOf({ledgerId: 9, entryId: 2}), 18)
  assert.equal(numberOf({ledgerId: 1, entryId: 0}), null)
})

test('head, tail and spread choose distinct entries, exactly up to the limit', () => {
  const sizes = fc.array(fc.integer({min: 0, max: 300}), {minLength: 1, maxLength: 4})
  fc.assert(
    fc.property(sizes, fc.integer({min: 1, max: 400}), fc.constantFrom('head', 'spread', 'tail'), (all, max, where) => {
      const backlogs = all.map((size, partition) => (size === 0 ? [] : [range(1, 0, size - 1, partition)]))
      const total = all.reduce((sum, size) => sum + size, 0)
      const chosen = chooseEntries(backlogs, where, max)
      assert.equal(countEntries(chosen), Math.min(total, max))
      const ids = chosen.flatMap(({first, last, partition}) =>
        Array.from({length: last - first + 1}, (_, at) => `${String(partition)}/${String(first + at)}`),
      )
      assert.equal(new Set(ids).size, ids.length)
      for (const {last, partition} of chosen) assert.ok(last < (all[partition] ?? 0))
    }),
  )
  assert.deepEqual(chooseEntries([[range(1, 0, 99)]], 'head', 3), [range(1, 0, 2)])
  assert.deepEqual(chooseEntries([[range(1, 0, 99)]], 'tail', 3), [range(1, 97, 99)])
  assert.deepEqual(chooseEntries([[range(1, 0, 99)]], 'spread', 2), [range(1, 0, 0), range(1, 50, 50)])
})

interface Single {
  key?: string
  isBase64?: boolean
  orderingKey?: string
  payload?: string
}

/** The body of a batch as a producer encodes it. */
function batch(messages: readonly Single[]): Buffer {
  return Buffer.concat(
    messages.flatMap(({isBase64, key, orderingKey, payload = 'x'}) => {
      const writer = new PbfWriter()
      if (key !== undefined) writer.writeStringField(2, key)
      writer.writeVarintField(3, payload.length)
      writer.writeVarintField(5, 1_700_000_000_000)
      if (isBase64 === true) writer.writeBooleanField(6, true)
      if (orderingKey !== undefined) writer.writeBytesField(7, Buffer.from(orderingKey))
      const metadata = Buffer.from(writer.finish())
      const size = Buffer.alloc(4)
      size.writeUInt32BE(metadata.length)
      return [size, metadata, Buffer.from(payload)]
    }),
  )
}

test('each message of a batch has its own key', () => {
  const messages = readBatch(
    batch([{key: '用户', payload: 'abc'}, {}, {key: 'YQ==', isBase64: true}, {key: '', orderingKey: 'o'}]),
    4,
  )
  assert.deepEqual(
    messages.map(({isBase64, key, orderingKey}) => [key, isBase64, orderingKey && Buffer.from(orderingKey).toString()]),
    [
      ['用户', false, null],
      [null, false, null],
      ['YQ==', true, null],
      ['', false, 'o'],
    ],
  )
  assert.throws(() => readBatch(batch([{key: 'a'}]), 2), RangeError)
})

const AT = {partition: 0, ledgerId: 1, entryId: 2}

test('a key that a header may have corrupted counts as uncertain, not as a key', () => {
  const counts = new SampleCounts()
  for (const key of ['plain', 'us\u00e9r', 'a b', '']) {
    const entry = readRestEntry(AT, {headers: {'x-pulsar-partition-key': key}, body: Buffer.from('x')})
    assert.ok(entry)
    counts.add(entry)
  }
  assert.equal(counts.uncertainKeys, 2)
  assert.equal(counts.keys.distinct, 2)
  assert.deepEqual(
    counts.keysAsShown
      .top(2)
      .map(({value}) => value.text)
      .toSorted(),
    ['', 'a b'],
  )
  assert.equal(counts.keylessMessages, 0)
})

test('an encrypted batch is counted without its keys; a marker is not a message', () => {
  const headers = {'x-pulsar-is-encrypted': 'true', 'x-pulsar-num-batch-message': '7'}
  const entry = readRestEntry(AT, {headers, body: Buffer.from('secret')})
  assert.ok(entry)
  const counts = new SampleCounts()
  counts.add(entry)
  assert.deepEqual(
    [counts.encryptedEntries, counts.messages, counts.keylessMessages, counts.mixedBatches],
    [1, 7, 0, 0],
  )
  assert.equal(readRestEntry(AT, {headers: {'x-pulsar-marker-type': '10'}, body: Buffer.alloc(0)}), null)
})

test('a chunked message counts once', () => {
  const counts = new SampleCounts()
  for (const index of ['0', '1', '2']) {
    const headers = {'x-pulsar-chunk-id': index, 'x-pulsar-num-chunks-from-msg': '3', 'x-pulsar-partition-key': 'k'}
    const entry = readRestEntry(AT, {headers, body: Buffer.from('x')})
    assert.ok(entry)
    counts.add(entry)
  }
  assert.deepEqual([counts.chunkedMessages, counts.chunkEntries, counts.messages, counts.entries], [1, 3, 1, 3])
  assert.equal(counts.keys.top(1)[0]?.count, 1)
})

test('counts of frequent keys are exact up to the capacity, and have a bounded error beyond it', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({min: 0, max: 30}), {maxLength: 600}), (numbers) => {
      const keys = new FrequentKeys<null>(10)
      const truth = new Map<string, number>()
      for (const number of numbers) {
        const key = String(Math.floor(Math.sqrt(number * 7)))
        keys.add(key, () => null)
        truth.set(key, (truth.get(key) ?? 0) + 1)
      }
      const counted = new Map(keys.top(10).map(({count, key}) => [key, count]))
      assert.ok(counted.size <= 10)
      for (const [key, count] of truth) {
        const found = counted.get(key) ?? 0
        assert.ok(found <= count && count <= found + keys.missed, `${key}: ${String(found)} of ${String(count)}`)
      }
      if (keys.isExact) assert.equal(keys.distinct, truth.size)
      else assert.ok(keys.distinct <= truth.size)
    }),
  )
})

test('a message id can be encoded and decoded', () => {
  const place = decodeMessageId(encodeMessageId({ledgerId: 2 ** 40, entryId: 77}))
  assert.deepEqual(place, {ledgerId: 2 ** 40, entryId: 77, batchIndex: -1, batchSize: 0, isChunked: false})
})
