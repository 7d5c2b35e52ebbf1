// cspell:ignore über Cber
import assert from 'node:assert/strict'
import {test} from 'node:test'

import {cursorOf} from '../../../src/domain/topic-stats/cursor.js'

// cspell:ignore über Cber
/** Subscription names, and their encoding by java.net.URLEncoder (JDK 17, UTF-8). */
const ENCODED: ReadonlyArray<readonly [name: string, encoded: string]> = [
  ['plain', 'plain'],
  ['orders (eu)', 'orders+%28eu%29'],
  ["it's a~b!", 'it%27s+a%7Eb%21'],
  ['a+b', 'a%2Bb'],
  ['.-*_', '.-*_'],
  ['a/b?c=d&e', 'a%2Fb%3Fc%3Dd%26e'],
  ['100%', '100%25'],
  ['über', '%C3%BCber'],
]

test('a cursor is found by its encoded name', () => {
  for (const [name, encoded] of ENCODED) {
    const cursor = {markDeletePosition: `1:${encoded}`}
    assert.equal(cursorOf({cursors: {[encoded]: cursor, other: {}}}, name), cursor, name)
  }
})

test('a missing cursor is undefined for any subscription name', () => {
  for (const name of ['plain', 'constructor', 'toString', '__proto__']) {
    assert.equal(cursorOf({cursors: {}}, name), undefined, name)
    assert.equal(cursorOf({}, name), undefined, name)
  }
})
