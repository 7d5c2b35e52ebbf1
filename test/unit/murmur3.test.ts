import assert from 'node:assert/strict'
import {test} from 'node:test'

import {murmur3} from '../../src/domain/keyshared/murmur3.js'
import {consistentHashingSlot, partitionOfKey} from '../../src/domain/keyshared/slots.js'

// Made by the broker's own class, Murmur3_32Hash of pulsar-common 4.0.8 and 3.0.0.
const HASHES: ReadonlyArray<readonly [string, number]> = [
  ['', 0],
  ['a', 1_009_084_850],
  ['ab', 465_557_343],
  ['abc', 870_159_354],
  ['abcd', 1_139_631_978],
  ['été', 865_297_935],
  ['key-0', 1_664_612_543],
  ['key-1', 414_258_592],
  ['key-2', 1_945_654_540],
  ['key-3', 2_034_982_562],
  ['order-42', 1_259_446_670],
  ['NONE_KEY', 504_741_539],
  ['Order-3459134', 964_695_987],
  ['producer-1-0', 664_740_111],
  ['c1\u00000\u00000', 1_186_414_766],
]

for (const [text, hash] of HASHES) {
  test(`murmur3 of ${JSON.stringify(text)} is the broker's`, () => {
    assert.equal(murmur3(Buffer.from(text, 'utf8')), hash)
  })
}

test('murmur3 reads a view into a larger buffer', () => {
  const whole = Buffer.from('xxkey-0xx')
  assert.equal(murmur3(whole.subarray(2, 7)), 1_664_612_543)
})

// Executed with the 4.0.8 jar.
const SLOTS: ReadonlyArray<readonly [string, number]> = [
  ['key-0', 23_544],
  ['key-1', 11_858],
  ['key-2', 51_461],
  ['key-3', 55_278],
  ['order-42', 60_576],
  ['NONE_KEY', 56_505],
  ['', 1],
]

for (const [text, slot] of SLOTS) {
  test(`the slot of ${JSON.stringify(text)} is the broker's`, () => {
    assert.equal(consistentHashingSlot(Buffer.from(text, 'utf8')), slot)
  })
}

test('a partition follows from Java string hashing, also for a negative hash', () => {
  assert.equal(partitionOfKey('', 4), 0)
  assert.equal(partitionOfKey('a', 4), 97 % 4)
  // "polygenelubricants".hashCode() is Integer.MIN_VALUE, whose sign bit is cut off.
  assert.equal(partitionOfKey('polygenelubricants', 4), 0)
  assert.equal(
    partitionOfKey('user-42', 7),
    ((): number => {
      let hash = 0n
      for (const letter of 'user-42') hash = BigInt.asIntN(32, hash * 31n + BigInt(letter.charCodeAt(0)))
      return Number((hash & 0x7f_ff_ff_ffn) % 7n)
    })(),
  )
})
