import assert from 'node:assert/strict'
import {test} from 'node:test'

import {widthOf} from '../../../../src/cli/output/view.js'

test('COLUMNS decides, then the terminal; a pipe or a file has no width', () => {
  assert.equal(widthOf({isTTY: true, columns: 120}, {COLUMNS: '100'}), 100)
  assert.equal(widthOf({}, {COLUMNS: '100'}), 100)
  assert.equal(widthOf({isTTY: true, columns: 120}, {}), 120)
  assert.equal(widthOf({columns: 120}, {}), Infinity)
  assert.equal(widthOf({}, {}), Infinity)
})

test('a terminal with an unknown width gets 80 columns', () => {
  assert.equal(widthOf({isTTY: true}, {}), 80)
  assert.equal(widthOf({isTTY: true, columns: 0}, {}), 80)
})

test('lines are laid out for at least 20 columns', () => {
  assert.equal(widthOf({isTTY: true, columns: 1}, {}), 20)
  assert.equal(widthOf({isTTY: true, columns: 19}, {}), 20)
  assert.equal(widthOf({}, {COLUMNS: '1'}), 20)
})

test('COLUMNS that is not a positive number is ignored', () => {
  for (const columns of ['', '0', '-5', 'wide', '80x24', '1.5', ' 80']) {
    assert.equal(widthOf({isTTY: true, columns: 120}, {COLUMNS: columns}), 120, columns)
  }
})
