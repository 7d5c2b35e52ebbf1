import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {describe, test, type TestContext} from 'node:test'

import {parse} from 'yaml'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const LIST = 'scripts/language/patterns.yaml'

interface Rule {
  readonly pattern: string
  readonly use: string
  readonly only?: readonly string[]
  readonly finds: readonly string[]
  readonly passes: readonly string[]
}

interface Check {
  readonly code: number | null
  /** Lines of output, without what follows the line number. */
  readonly places: readonly string[]
  readonly lines: readonly string[]
}

/** Checks a checkout that has only these files. */
function check(t: TestContext, files: Readonly<Record<string, string>>): Check {
  const folder = mkdtempSync(join(tmpdir(), 'keyshift-language-'))
  t.after(() => {
    rmSync(folder, {recursive: true})
  })
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(path)), {recursive: true})
    writeFileSync(join(folder, path), text)
  }
  const run = spawnSync(process.execPath, [join(ROOT, 'scripts', 'language.mjs'), folder], {encoding: 'utf8'})
  const lines = run.stdout.split('\n').filter((line) => line !== '')
  return {code: run.status, lines, places: lines.map((line) => line.split(': ')[0] ?? '')}
}

function list(...rules: readonly object[]): string {
  return JSON.stringify({skip: [], patterns: rules})
}

const BANNED = {pattern: '\\bbanned phrase\\b', use: 'the allowed phrase'}

describe('the list of patterns', () => {
  const text = readFileSync(join(ROOT, LIST), 'utf8')
  const {patterns} = parse(text) as {readonly patterns: readonly Rule[]}
  const examples = patterns.flatMap((rule) => [
    ...rule.finds.map((example) => ({rule, example, isFound: true})),
    ...rule.passes.map((example) => ({rule, example, isFound: false})),
  ])

  test('every pattern finds and passes its examples', (t) => {
    const source = examples.map(({example}) => JSON.stringify(example)).join('\n')
    const {lines} = check(t, {[LIST]: text, 'src/examples.ts': source})
    const wrong = examples.filter(({rule, isFound}, index) => {
      const place = `src/examples.ts:${String(index + 1)}: `
      return lines.some((line) => line.startsWith(place) && line.endsWith(`: use ${rule.use}`)) !== isFound
    })
    assert.deepEqual(
      wrong.map(({rule, example, isFound}) => `${rule.pattern} should ${isFound ? 'find' : 'pass'}: ${example}`),
      [],
    )
  })

  test('every pattern has examples of both kinds and a suggestion of its own', () => {
    for (const {pattern, finds, passes} of patterns) assert.ok(finds.length > 0 && passes.length > 0, pattern)
    assert.equal(new Set(patterns.map(({use}) => use)).size, patterns.length)
  })
})

describe('places that are checked', () => {
  test('literals, templates, concatenations and comments of TypeScript', (t) => {
    const source = [
      "const one = 'a banned phrase'",
      'const two = `${one} has a banned phrase`',
      "const three = 'a banned ' +",
      "  'phrase'",
      '// A comment with a banned',
      '// phrase that continues on the next line.',
      '/**',
      ' * A documentation comment with a',
      ' * banned phrase.',
      ' */',
      "export type Four = 'banned phrase'",
      "const five = `${one.concat('a banned phrase')}`",
      "const six = 'it\\'s a banned phrase' // and a banned phrase",
    ].join('\n')
    const {code, places} = check(t, {[LIST]: list(BANNED), 'src/a/b.ts': source})
    assert.deepEqual(
      places,
      [1, 2, 3, 5, 9, 11, 12, 13, 13].map((line) => `src/a/b.ts:${String(line)}`),
    )
    assert.equal(code, 1)
  })

  test('code, names, module paths and regular expressions are no text', (t) => {
    const source = [
      "import {door} from './door.js'",
      "export {door as other} from './door.js'",
      "const loaded = await import('./door.js')",
      "type Door = import('./door.js').Door",
      'const pattern = /door \'door\' "door" \\/\\/ door/',
      'const url = `http://${door.door}/` // the address',
    ].join('\n')
    const {code, lines} = check(t, {[LIST]: list({pattern: '\\bdoor\\b', use: 'gate'}), 'bin/run.js': source})
    assert.deepEqual(lines, [])
    assert.equal(code, 0)
  })

  test('an interpolated expression is ${} in a pattern', (t) => {
    const rule = {pattern: '\\$\\{\\} locks\\b', use: 'a plural by the count', only: ['src/']}
    const source = ["const one = String(count) + ' locks'", 'const two = `${count} locks`'].join('\n')
    const {places} = check(t, {[LIST]: list(rule), 'src/a.ts': source, 'test/a.test.ts': source})
    assert.deepEqual(places, ['src/a.ts:1', 'src/a.ts:2'])
  })

  test('Markdown: paragraphs over several lines, headings, lists, tables and fenced blocks', (t) => {
    const page = [
      '# A banned phrase',
      '',
      'A paragraph with a banned',
      'phrase. Another banned',
      '',
      'phrase is not one: a blank line is between.',
      '- an item with a banned',
      '  phrase',
      '',
      '| a | banned phrase |',
      '```',
      'output with a banned phrase',
      'banned',
      'phrase',
      '```',
    ].join('\n')
    const {places} = check(t, {[LIST]: list(BANNED), 'docs/decisions/0001.md': page, 'README.md': page})
    const found = [1, 3, 7, 10, 12].map(String)
    assert.deepEqual(places, [
      ...found.map((line) => `README.md:${line}`),
      ...found.map((line) => `docs/decisions/0001.md:${line}`),
    ])
  })

  test('descriptions in package.json, golden files, scripts and programs of other languages', (t) => {
    const {places} = check(t, {
      [LIST]: list(BANNED),
      'package.json': '{\n"name": "banned phrase",\n"description": "a banned phrase"\n}',
      'test/golden/help.txt': 'USAGE\n  a banned phrase',
      'docs/hooks/kubernetes/start-new': '#!/bin/sh\n# A banned\n# phrase.\necho banned phrase',
      'completions/keyshift.bash': "local text='a banned phrase'",
      'test/python/fleet.py': 'x = 1  # a banned phrase\nprint("banned phrase")\n"""A banned\nphrase."""',
      'test/java/Fleet.java': 'int x; // a banned phrase\n/** A banned\n * phrase. */',
      'test/vectors/data.json': '{"description": "a banned phrase"}',
    })
    assert.deepEqual(places.toSorted(), [
      'completions/keyshift.bash:1',
      'docs/hooks/kubernetes/start-new:2',
      'package.json:3',
      'test/golden/help.txt:2',
      'test/java/Fleet.java:1',
      'test/java/Fleet.java:2',
      'test/python/fleet.py:1',
      'test/python/fleet.py:2',
      'test/python/fleet.py:3',
    ])
  })

  test('a finding shows the text around it and what to write instead', (t) => {
    const {lines} = check(t, {[LIST]: list(BANNED), 'README.md': 'Not a BANNED phrase.'})
    assert.deepEqual(lines, ['README.md:1: "Not a >BANNED phrase<.": use the allowed phrase'])
  })
})

describe('exceptions', () => {
  const except = [{path: 'README.md', text: 'quotes a banned phrase', because: 'it is a quotation'}]

  test('allow their own phrase in their own file, and nothing else', (t) => {
    const page = 'This quotes a banned phrase, and a banned phrase is used.'
    const {places} = check(t, {[LIST]: list({...BANNED, except}), 'README.md': `\n${page}`, 'CHANGELOG.md': page})
    assert.deepEqual(places, ['README.md:2', 'CHANGELOG.md:1', 'CHANGELOG.md:1'])
  })

  test('are reported when they allow nothing', (t) => {
    const {code, lines} = check(t, {[LIST]: list({...BANNED, except}), 'README.md': 'Nothing of the kind.'})
    assert.deepEqual(lines, [`${LIST}: the exception for README.md allows nothing; delete it`])
    assert.equal(code, 1)
  })

  test('a skipped file is not checked; one that does not exist is reported', (t) => {
    const skip = [{path: 'README.md'}, {path: 'docs/absent.md'}]
    const {lines} = check(t, {
      [LIST]: JSON.stringify({skip, patterns: [BANNED]}),
      'README.md': 'A banned phrase.',
    })
    assert.deepEqual(lines, [`${LIST}: the exception for docs/absent.md allows nothing; delete it`])
  })
})
