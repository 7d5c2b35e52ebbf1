import assert from 'node:assert/strict'
import {test} from 'node:test'

import {hasColor} from '../../../../src/cli/output/color-support.js'

const TERMINAL = {isTTY: true}
const PIPE = {}
const NO_FLAGS = ['node', 'keyshift', 'locks', 'scan']

test('a terminal has colors unless it is dumb; a pipe or a file has none', () => {
  assert.equal(hasColor(TERMINAL, {TERM: 'xterm'}, NO_FLAGS), true)
  assert.equal(hasColor(TERMINAL, {}, NO_FLAGS), true)
  assert.equal(hasColor(TERMINAL, {TERM: 'dumb'}, NO_FLAGS), false)
  assert.equal(hasColor(PIPE, {TERM: 'xterm'}, NO_FLAGS), false)
})

test('FORCE_COLOR decides for terminals and pipes; 0 and false turn colors off', () => {
  for (const value of ['1', '3', 'true', '']) assert.equal(hasColor(PIPE, {FORCE_COLOR: value}, NO_FLAGS), true, value)
  for (const value of ['0', 'false']) assert.equal(hasColor(TERMINAL, {FORCE_COLOR: value}, NO_FLAGS), false, value)
})

test('NO_COLOR wins over FORCE_COLOR unless it is empty, and --no-color over both', () => {
  assert.equal(hasColor(TERMINAL, {NO_COLOR: '1', FORCE_COLOR: '1'}, NO_FLAGS), false)
  assert.equal(hasColor(PIPE, {NO_COLOR: '', FORCE_COLOR: '1'}, NO_FLAGS), true)
  assert.equal(hasColor(TERMINAL, {FORCE_COLOR: '1'}, [...NO_FLAGS, '--no-color']), false)
})

test('--no-color after -- is an argument', () => {
  assert.equal(hasColor(TERMINAL, {}, [...NO_FLAGS, '--', '--no-color']), true)
})
