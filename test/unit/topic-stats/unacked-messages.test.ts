import assert from 'node:assert/strict'
import {test} from 'node:test'

import {countedUnacked} from '../../../src/domain/topic-stats/unacked-messages.js'

test('the 0 that brokers report for Failover and Exclusive is unknown', () => {
  for (const type of ['Failover', 'Exclusive']) assert.equal(countedUnacked(0, type), null)
  for (const type of ['Shared', 'Key_Shared', 'None', undefined]) assert.equal(countedUnacked(0, type), 0)
  assert.equal(countedUnacked(3, 'Key_Shared'), 3)
  assert.equal(countedUnacked(undefined, 'Shared'), null)
})
