import assert from 'node:assert/strict'
import {test} from 'node:test'

import {murmur3} from '../../../../src/domain/keys/hashing/murmur3.js'
import {
  HASHING_SCHEMES,
  partitionOfBytes,
  partitionOfKey,
} from '../../../../src/domain/keys/hashing/partition-routing.js'
import {SPACES, type SpaceName} from '../../../../src/domain/keys/hashing/key-space.js'
import {stickyKeyOf} from '../../../../src/domain/keys/hashing/sticky-key.js'

// Computed by the broker's own class, Murmur3_32Hash of pulsar-common 4.0.8 and 3.0.0.
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
  test(`murmur3 of ${JSON.stringify(text)} equals the broker's hash`, () => {
    assert.equal(murmur3(Buffer.from(text, 'utf8')), hash)
  })
}

test('murmur3 reads a view into a larger buffer', () => {
  const whole = Buffer.from('xxkey-0xx')
  assert.equal(murmur3(whole.subarray(2, 7)), 1_664_612_543)
  assert.equal(murmur3(whole, 2, 7), 1_664_612_543)
})

// Computed by the 4.0.8 jar, the 2.4 spaces by the 3.0.0 jar.
const SLOTS: ReadonlyArray<readonly [SpaceName, string, number]> = [
  ['ring-4.0', 'key-0', 23_544],
  ['ring-4.0', 'key-1', 11_858],
  ['ring-4.0', 'key-2', 51_461],
  ['ring-4.0', 'key-3', 55_278],
  ['ring-4.0', 'order-42', 60_576],
  ['ring-4.0', 'NONE_KEY', 56_505],
  ['ring-4.0', '', 1],
  ['ring-4.0', 'c1\u00000\u00000', 34_662],
  ['ranges-4.0', 'key-0', 63_679],
  ['ranges-4.0', 'key-1', 5536],
  ['ranges-4.0', 'order-42', 41_358],
  ['ranges-4.0', '', 1],
  ['ranges-2.4', '', 0],
  ['ranges-2.4', 'key-2', 21_772],
  ['ring-classic', 'key-0', 1_664_612_544],
  ['ring-2.4', 'key-0', 1_664_612_543],
]

for (const [space, text, slot] of SLOTS) {
  test(`the slot of ${JSON.stringify(text)} in ${space} equals the broker's slot`, () => {
    assert.equal(SPACES[space].slotOf(murmur3(Buffer.from(text, 'utf8'))), slot)
  })
}

test('the ordering key overrides the key; without both the broker version decides', () => {
  const fields = {orderingKey: null, partitionKey: null, isBase64: false, producerName: 'producer-1', sequenceId: 0}
  const hash = (more: object, major: number): number => murmur3(stickyKeyOf({...fields, ...more}, major))
  assert.equal(hash({orderingKey: Buffer.from('a'), partitionKey: 'key-0'}, 4), 1_009_084_850)
  assert.equal(hash({partitionKey: 'key-0'}, 4), 1_664_612_543)
  assert.equal(hash({partitionKey: 'YQ==', isBase64: true}, 4), 1_009_084_850)
  assert.equal(hash({partitionKey: ''}, 4), 0)
  assert.equal(hash({}, 4), 664_740_111)
  assert.equal(hash({}, 3), 504_741_539)
  assert.equal(hash({producerName: null}, 4), 504_741_539)
})

test('JavaStringHash gives the partition, also for a negative hash', () => {
  assert.equal(partitionOfKey('', 4, 'JavaStringHash'), 0)
  assert.equal(partitionOfKey('a', 4, 'JavaStringHash'), 97 % 4)
  // "polygenelubricants".hashCode() is Integer.MIN_VALUE, whose sign bit is cleared.
  assert.equal(partitionOfKey('polygenelubricants', 4, 'JavaStringHash'), 0)
  assert.equal(
    partitionOfKey('user-42', 7, 'JavaStringHash'),
    ((): number => {
      let hash = 0n
      for (const letter of 'user-42') hash = BigInt.asIntN(32, hash * 31n + BigInt(letter.charCodeAt(0)))
      return Number((hash & 0x7f_ff_ff_ffn) % 7n)
    })(),
  )
})

test('Murmur3_32Hash hashes UTF-8, and bytes give the same partition as their text', () => {
  assert.equal(partitionOfKey('key-0', 7, 'Murmur3_32Hash'), 1_664_612_543 % 7)
  for (const key of ['', 'user-42', 'été', '用户-1', '𝄞']) {
    const bytes = Buffer.from(`<${key}>`, 'utf8')
    for (const scheme of HASHING_SCHEMES) {
      assert.equal(partitionOfBytes(bytes, 1, bytes.length - 1, 11, scheme), partitionOfKey(key, 11, scheme), key)
    }
  }
})
