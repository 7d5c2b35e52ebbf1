import assert from 'node:assert/strict'
import {test} from 'node:test'

import fc from 'fast-check'

import {bytesOf, printable} from '../../../../src/domain/locks/reading/sampled-key.js'

test('any key can be written as text and read again, and two keys never have the same text', () => {
  const texts = fc.oneof(
    fc.string({unit: 'binary'}),
    fc.constant('base64:'),
    fc.string().map((text) => `base64:${text}`),
  )
  const keys = fc.oneof(
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    texts.map((text) => Buffer.from(text)),
  )
  fc.assert(
    fc.property(keys, (key) => {
      assert.deepEqual(bytesOf(printable(key)), key)
    }),
    {examples: [[Buffer.from('base64:AQL/')], [Buffer.from([0xff, 0])], [Buffer.from('base64:not base64')]]},
  )
})

test('a text after the prefix that is not base64 is part of the key', () => {
  assert.equal(String(bytesOf('base64:order 7')), 'base64:order 7')
})
