// cspell:ignore behaviour recieved
import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {test} from 'node:test'

const ROOT = join(import.meta.dirname, '..', '..', '..')

test('American spelling is required, and the words of the project are known', () => {
  const spelling = spawnSync(
    process.execPath,
    [join(ROOT, 'node_modules', 'cspell', 'bin.mjs'), 'lint', '--no-progress', '--no-cache', 'stdin://src/seed.ts'],
    {
      cwd: ROOT,
      encoding: 'utf8',
      input: "// The behaviour of unacked messages.\nexport const text = 'it is recieved'\n",
    },
  )
  assert.match(spelling.stdout, /seed\.ts:1:8 - Unknown word \(behaviour\)/)
  assert.match(spelling.stdout, /seed\.ts:2:28 - Unknown word \(recieved\)/)
  assert.equal(spelling.stdout.trim().split('\n').length, 2)
  assert.equal(spelling.status, 1)
})

test('the dictionary is sorted and has each word once', () => {
  const words = readFileSync(join(ROOT, 'scripts', 'language', 'words.txt'), 'utf8')
    .trimEnd()
    .split('\n')
  assert.deepEqual(words, [...new Set(words.map((word) => word.toLowerCase()))].sort())
})
