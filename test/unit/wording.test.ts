import assert from 'node:assert/strict'
import {test} from 'node:test'

import {counted, durationText, messageOf, numberText, partitionLabel} from '../../src/wording.js'

test('a count has its noun in the right number and its thousands apart', () => {
  assert.deepEqual(
    [counted(0, 'lock'), counted(1, 'lock'), counted(3600, 'message'), counted(1, 'entry', 'entries')],
    ['0 locks', '1 lock', '3,600 messages', '1 entry'],
  )
  assert.equal(counted(2, 'entry', 'entries'), '2 entries')
  assert.equal(numberText(1_234_567), '1,234,567')
})

test('a duration has two or three digits and its unit', () => {
  const texts = [0, 0.4, 850, 2400, 42_000, 180_000, 18_000_000, 345_600_000].map((ms) => durationText(ms))
  assert.deepEqual(texts, ['0 ms', '< 1 ms', '850 ms', '2.4 s', '42 s', '3 min', '5 h', '4 d'])
})

test('a topic without partitions has a label too', () => {
  assert.deepEqual([partitionLabel(0), partitionLabel(null)], ['partition 0', 'the topic'])
})

test('anything that was thrown has a message', () => {
  assert.deepEqual([messageOf(new Error('no')), messageOf('text')], ['no', 'text'])
})
