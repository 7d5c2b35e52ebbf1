// cspell:ignore decison
import assert from 'node:assert/strict'
import {test} from 'node:test'

import {nearestNames} from '../../src/nearest-name.js'

test('the nearest names come first, and only those that are near', () => {
  assert.deepEqual(nearestNames('decison', ['orders', 'decision', 'decisions', 'version']), ['decision', 'decisions'])
  assert.deepEqual(nearestNames('Decision', ['decision']), ['decision'])
  assert.deepEqual(nearestNames('x', ['orders']), [])
})
