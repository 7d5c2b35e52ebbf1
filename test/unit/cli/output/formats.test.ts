import assert from 'node:assert/strict'
import {test} from 'node:test'

import fc from 'fast-check'

import {listText, rowLines} from '../../../../src/cli/render/subscriptions/subscription-list.js'
import {headLine, type LineFormat, lockLines} from '../../../../src/cli/render/locks/lock-rows.js'
import type {ConsumerStats} from '../../../../src/clients/pulsar-admin/types.js'
import {KeyDirectory, KeyLocator} from '../../../../src/domain/keys/owners/key-directory.js'
import {DEFAULT_SETTINGS} from '../../../../src/domain/keys/selectors/algorithms.js'
import {parseVersion} from '../../../../src/domain/keys/selectors/broker-version.js'
import {ownerRows} from '../../../../src/domain/keys/owners/owner-rows.js'
import {jsonDocument, jsonLine} from '../../../../src/printable.js'
import {parseTopicName} from '../../../../src/topic-name.js'
import {locks} from '../../../support/reports/lock-reports.js'
import {list} from '../../../support/reports/reports.js'

/** C0 and C1 except the newline and the tab that separate rows and fields, U+2028, U+2029 and direction overrides. */
const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/

const name = fc
  .array(
    fc.constantFrom(
      ...['\0', '\u0007', '\u001b[2J', '\r', '\n', '\t', '\u007f', '\u009b31m', '\u2028', '\u2029', '\u202e', '\u2066'],
      ...['a', '"', '\\', ',', '漢', '🔑', '=1', ' '],
    ),
    {minLength: 1, maxLength: 8},
  )
  .map((pieces) => pieces.join(''))

/** The rows of lines: none contains an unsafe character, and no value starts a line of its own. */
function rowsOf(text: string, count: number): string[] {
  assert.doesNotMatch(text, UNSAFE)
  const rows = text.replace(/\n$/, '').split('\n')
  assert.equal(rows.length, count)
  return rows
}

const [subscription] = list.subscriptions
const [lock] = locks.locks
assert.ok(subscription && lock?.holder)
const {holder} = lock
const ORIGIN = {scannedAt: '2026-01-02T03:04:05.000Z', server: 'redis://a:6379'}

test('JSON documents and NDJSON lines contain no control characters, and keep every value', () => {
  fc.assert(
    fc.property(name, (text) => {
      const value = {[text]: text, list: [text]}
      const [line = ''] = rowsOf(jsonLine(value), 1)
      assert.deepEqual(JSON.parse(line), value)
      const document = jsonDocument(value)
      assert.doesNotMatch(document, UNSAFE)
      assert.deepEqual(JSON.parse(document), value)

      const [row = ''] = rowsOf(rowLines([{...subscription, topic: text, subscription: text}]), 1)
      assert.deepEqual(JSON.parse(row), {...subscription, topic: text, subscription: text})
      const hostile = {...lock, key: text, holder: {...holder, token: text}}
      const [lockRow = ''] = rowsOf(lockLines([hostile], 'scan', 'ndjson', ORIGIN), 1)
      assert.deepEqual(JSON.parse(lockRow), {...hostile, ...ORIGIN})
    }),
  )
})

test('CSV and TSV contain no control characters, and no value starts a row or a field', () => {
  fc.assert(
    fc.property(name, fc.constantFrom<'csv' | 'tsv'>('csv', 'tsv'), (text, format) => {
      const rows = rowsOf(
        listText({...list, subscriptions: [{...subscription, topic: text, subscription: text}]}, format),
        2,
      )
      const hostile = {...lock, key: text, holder: {...holder, token: text, host: text}}
      const lockRows = rowsOf(headLine('scan', format) + lockLines([hostile], 'scan', format, ORIGIN), 2)
      if (format === 'tsv') {
        for (const [head = '', row = ''] of [rows, lockRows]) {
          assert.equal(row.split('\t').length, head.split('\t').length)
        }
      }
    }),
  )
})

const RATES: ReadonlyArray<readonly [rate: number, field: string]> = [
  [3.000_176_48, '3'],
  [299.749_999_9, '299.75'],
  [1 / 900, '0.001'],
  [-0.000_01, '0'],
  [120, '120'],
]
for (const [rate, field] of RATES) {
  test(`the rate ${String(rate)} is ${field} in CSV and TSV, and exact in NDJSON`, () => {
    const subscriptions = [{...subscription, rateOutPerSecond: rate}]
    for (const [output, between] of [
      ['csv', ','],
      ['tsv', '\t'],
    ] as const) {
      const [head = '', row = ''] = listText({...list, subscriptions}, output).split('\n')
      assert.equal(row.split(between)[head.split(between).indexOf('rateOutPerSecond')], field)
    }
    assert.equal((JSON.parse(rowLines(subscriptions)) as {rateOutPerSecond: number}).rateOutPerSecond, rate)
  })
}

const FORMATS: readonly LineFormat[] = ['csv', 'ndjson', 'tsv']

test('the owners of keys contain no control characters in any format, and NDJSON keeps keys and names', async () => {
  await fc.assert(
    fc.asyncProperty(name, fc.constantFrom(...FORMATS), async (text, format) => {
      const key = text.replaceAll(/[\r\n]/g, '')
      const consumers: ConsumerStats[] = [{consumerName: text, keyHashRangeArrays: [[0, 65_535]]}]
      const topic = parseTopicName('orders')
      const partition = {partition: null, name: topic, stats: {}}
      const directory = new KeyDirectory(
        {
          ...{topic, subscription: 's', partitionCount: null},
          partitions: [{...partition, subscription: {type: 'Key_Shared', keySharedMode: 'STICKY', consumers}}],
        },
        {version: parseVersion('4.2.4'), settings: DEFAULT_SETTINGS},
      )
      let output = ''
      for await (const chunk of ownerRows(keys(key), new KeyLocator(directory, null, ['JavaStringHash']), format))
        output += chunk.toString()
      const rows = rowsOf(output, format === 'ndjson' ? 1 : 2)
      if (format !== 'ndjson') return
      const row = JSON.parse(rows[0] ?? '') as {key: string; consumer: {name: string}}
      assert.deepEqual([row.key, row.consumer.name], [key, text])
    }),
    {numRuns: 50},
  )
})

async function* keys(key: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(`${key}\n`))
}
