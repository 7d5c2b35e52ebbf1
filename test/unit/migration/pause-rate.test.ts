import assert from 'node:assert/strict'
import {test} from 'node:test'

import {
  isPaused,
  keepsCountAcrossRates,
  messagesAllowedBy,
  pausedRate,
} from '../../../src/domain/migration/pause-rate.js'

test('a pausing rate allows its number of messages, and any other rate counts as 0', () => {
  assert.equal(messagesAllowedBy(pausedRate(31)), 31)
  assert.equal(isPaused(pausedRate(31)), true)
  const owners = {...pausedRate(500), ratePeriodInSecond: 1}
  assert.deepEqual([messagesAllowedBy(owners), isPaused(owners)], [0, false])
  assert.deepEqual([messagesAllowedBy(null), isPaused(null)], [0, false])
})

test('brokers before 3.2 keep their count when the rate changes', () => {
  assert.deepEqual(['2.11.4', '3.0.7', '3.1.3', '3.2.0', '3.3.2', '4.0.7', '4.2.4'].map(keepsCountAcrossRates), [
    true,
    true,
    true,
    false,
    false,
    false,
    false,
  ])
})
