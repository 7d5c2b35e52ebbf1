import assert from 'node:assert/strict'
import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {test} from 'node:test'

import fc from 'fast-check'

import {COMMAND_WORDS, visibleWidth, wrapLines} from '../../../../src/cli/output/wrap-lines.js'
import {ROOT} from '../../../support/root.js'

test('the first words of commands are those of the manifest', async () => {
  const manifest = JSON.parse(await readFile(join(ROOT, 'oclif.manifest.json'), 'utf8')) as {commands: object}
  const words = new Set(Object.keys(manifest.commands).map((id) => id.split(':')[0] ?? ''))
  assert.deepEqual([...COMMAND_WORDS].toSorted(), [...words].toSorted())
})

test('a line breaks between words, and its rest is indented', () => {
  assert.equal(wrapLines('one two three four', 9), 'one two\n  three\n  four')
  assert.equal(wrapLines('  one two three', 9), '  one two\n    three')
  assert.equal(wrapLines('one two three four', 9, 0), 'one two\nthree\nfour')
  assert.equal(wrapLines('one two three four', Infinity), 'one two three four')
})

test('the comment after a command stays on one line, so that its second half is not run as a command', () => {
  assert.equal(
    wrapLines('keyshift locks scan   # shows which locks are renewed', 40),
    'keyshift locks scan\n  # shows which locks are renewed',
  )
})

test('only a word that is longer than a line is cut', () => {
  assert.deepEqual(wrapLines('a 1234567890', 5, 0).split('\n'), ['a', '12345', '67890'])
})

test('a number stays with its unit', () => {
  assert.equal(wrapLines('set the TTL to 60 s', 18, 0), 'set the TTL to\n60 s')
  assert.equal(wrapLines('an interval of 80 % here', 19, 0), 'an interval of 80 %\nhere')
  assert.equal(wrapLines('partition 3 shares', 12, 0), 'partition 3\nshares')
})

test('a command to paste is continued by a backslash, and its quoted words are not broken', () => {
  const text = wrapLines("next: keyshift locks inspect 'lock user 42' --redis-url redis://localhost:6379", 40)
  assert.equal(
    text
      .replaceAll(/ \\\n +/g, ' ')
      .replaceAll(/\n +/g, ' ')
      .includes("'lock user 42'"),
    true,
  )
  for (const line of text.split('\n').slice(1, -1)) assert.match(line, / \\$/)
})

const words = fc
  .array(fc.constantFrom('a', 'word', 'persistent://public/default/orders', '漢字漢字', '👩‍👩‍👧', '60', 's', '\n', '  x'), {
    maxLength: 30,
  })
  .map((all) => all.join(' '))

test('every width ends, loses no character, and keeps lines within the width', () => {
  fc.assert(
    fc.property(words, fc.integer({min: 0, max: 40}), fc.integer({min: 0, max: 4}), (text, width, hangs) => {
      const wrapped = wrapLines(text, width, hangs)
      assert.equal(wrapped.replaceAll(/\s/g, ''), text.replaceAll(/\s/g, ''))
      if (width >= 2) assert.deepEqual(tooLong(wrapped, width), [])
    }),
    {numRuns: 500},
  )
})

function tooLong(text: string, width: number): string[] {
  return text.split('\n').filter((line) => visibleWidth(line.trimEnd()) > width)
}
