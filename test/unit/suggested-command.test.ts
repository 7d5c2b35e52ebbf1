import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {test} from 'node:test'

import fc from 'fast-check'

import {lockCommand, operands, shellWord, suggestedCommand} from '../../src/suggested-command.js'

test('plain words stay as typed, others are quoted', () => {
  assert.equal(suggestedCommand('locks', 'inspect', 'lock:user:42'), 'keyshift locks inspect lock:user:42')
  assert.equal(suggestedCommand('locks', 'inspect', "x'$(cmd)'"), String.raw`keyshift locks inspect 'x'\''$(cmd)'\'''`)
  assert.equal(suggestedCommand('why', ''), "keyshift why ''")
})

test('arguments that start with a dash follow --', () => {
  assert.equal(suggestedCommand('why', '--max', '5', ...operands('t', 's', '-k')), 'keyshift why --max 5 -- t s -k')
  assert.equal(suggestedCommand('why', ...operands('t', 's', 'a-k')), 'keyshift why t s a-k')
})

test('a lock key that starts with a dash follows the flags and --', () => {
  assert.equal(lockCommand('release', 'lock:7', '-o', 'plan.json'), 'keyshift locks release lock:7 -o plan.json')
  assert.equal(lockCommand('release', '-7', '-o', 'plan.json'), 'keyshift locks release -o plan.json -- -7')
})

test('a shell reads every word back unchanged', () => {
  const word = fc.string({unit: 'binary', maxLength: 12}).filter((text) => !text.includes('\0'))
  const words = fc.sample(word, 500)
  const {stdout, status} = spawnSync('bash', ['-c', `printf '%s\\0' ${words.map(shellWord).join(' ')}`], {
    encoding: 'utf8',
  })
  assert.equal(status, 0)
  assert.deepEqual(
    stdout.split('\0').slice(0, -1),
    words.map((text) => Buffer.from(text).toString('utf8')),
  )
})
