import assert from 'node:assert/strict'
import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {test} from 'node:test'

import {DIAGNOSIS_OUTPUTS} from '../../../../src/cli/flags/diagnosis-flags.js'
import {asksForJson, LIST_OUTPUTS} from '../../../../src/cli/flags/output-flags.js'
import {ROOT} from '../../../support/root.js'

const JSON_LINES: ReadonlyArray<readonly string[]> = [
  ['--output', 'json'],
  ['--output=json'],
  ['a', '--output', 'json', 'b'],
]
const OTHER_LINES: ReadonlyArray<readonly string[]> = [
  [],
  ['--output'],
  ['--output', 'table'],
  ['--output=jsonl'],
  ['--reason', 'use --output json'],
  ['--', '--output', 'json'],
]

test('--output json is found on the command line, but not within a value or after --', () => {
  for (const line of JSON_LINES) assert.equal(asksForJson(line), true, line.join(' '))
  for (const line of OTHER_LINES) assert.equal(asksForJson(line), false, line.join(' '))
})

interface Manifest {
  readonly commands: Readonly<Record<string, {readonly flags: Readonly<Record<string, {options?: readonly string[]}>>}>>
}

test('--output has the same formats in every command: those of tables, of lists, or of a diagnosis', async () => {
  const {commands} = JSON.parse(await readFile(join(ROOT, 'oclif.manifest.json'), 'utf8')) as Manifest
  const formats = Object.values(commands).flatMap(({flags}) => (flags['output'] ? [flags['output'].options] : []))
  const known = [LIST_OUTPUTS.join(), ['table', 'wide', 'json'].join(), DIAGNOSIS_OUTPUTS.join()]
  assert.ok(formats.length > 15)
  assert.deepEqual(
    formats.filter((options = []) => !known.includes(options.join())),
    [],
  )
})
