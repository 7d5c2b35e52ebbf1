import assert from 'node:assert/strict'
import {test} from 'node:test'

import fc from 'fast-check'

import {BUILTIN_FAMILIES} from '../../../../src/domain/locks/families/builtin.js'
import {compileFamilies} from '../../../../src/domain/locks/families/compiled.js'
import {bytesOf, printable} from '../../../../src/domain/locks/reading/sampled-key.js'
import {recognize} from '../../../../src/domain/locks/recognition/recognize.js'
import {rawOf, UUID} from '../../../support/reports/lock-shapes.js'

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

test('a word for a lock is found in a key that is not UTF-8, such as a serialized Java string', () => {
  const families = compileFamilies(BUILTIN_FAMILIES)
  const kindOf = (...parts: ReadonlyArray<string | readonly number[]>): string => {
    const key = Buffer.concat(parts.map((part) => Buffer.from(part as string)))
    const raw = {...rawOf({key: 'x', stored: {string: UUID}}), key, name: printable(key)}
    return recognize(raw, families, false).kind
  }
  const serialized = [0xac, 0xed, 0x00, 0x05, 0x74, 0x00, 0x06]
  assert.equal(kindOf(serialized, 'lock:7'), 'lock')
  assert.equal(kindOf('lock:', [0xff]), 'lock')
  assert.equal(kindOf(serialized, 'user:7'), 'unknown')
})
