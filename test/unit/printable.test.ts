// cspell:ignore Grüße заказ
import assert from 'node:assert/strict'
import {test} from 'node:test'

import {assert as property, property as forAll, string} from 'fast-check'

import {printable, printableJson, printableLines, withoutFormula} from '../../src/printable.js'

/** What a terminal obeys or hides, by Unicode's own properties. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

test('control characters, direction overrides and invisible characters are shown escaped', () => {
  assert.equal(printable('a\u001b[31mb'), String.raw`a\x1b[31mb`)
  assert.equal(printable('a\nb\r\tc\u0000\u009b'), String.raw`a\nb\r\tc\x00\x9b`)
  assert.equal(printable('user\u202egnp.exe\u2066\u200b\ufeff'), String.raw`user\u202egnp.exe\u2066\u200b\ufeff`)
  assert.equal(printable('\u{e0041}\ud800'), String.raw`\u{e0041}\ud800`)
})

test('letters of all scripts, emoji and backslashes stay', () => {
  for (const text of ['Grüße', 'заказ', '注文', 'طلب', '🔑', String.raw`C:\x1b`]) assert.equal(printable(text), text)
})

test('no text brings a character that a terminal obeys or hides', () => {
  property(
    forAll(string({unit: 'binary'}), (text) => {
      assert.doesNotMatch(printable(text), UNSAFE)
      assert.doesNotMatch(printableLines(text).replaceAll('\n', ''), UNSAFE)
    }),
    {numRuns: 2000},
  )
})

test('JSON keeps the value', () => {
  property(
    forAll(string({unit: 'binary'}), (text) => {
      const json = printableJson(JSON.stringify({text}))
      assert.doesNotMatch(json, UNSAFE)
      assert.equal((JSON.parse(json) as {text: string}).text, text)
    }),
    {numRuns: 2000},
  )
})

test('a formula is shown by a spreadsheet as text, and a number stays a number', () => {
  for (const text of ['=1+1', '+cmd|x', '-a', '@SUM(A1)', '-1-1']) assert.equal(withoutFormula(text), `'${text}`)
  for (const text of ['-5', '+5', '-0.25', '12', 'a=b', '']) assert.equal(withoutFormula(text), text)
})
