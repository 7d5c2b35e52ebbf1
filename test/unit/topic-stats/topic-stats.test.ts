import assert from 'node:assert/strict'
import {test} from 'node:test'

import {commonType} from '../../../src/domain/topic-stats/subscription-type.js'
import {sumKnown} from '../../../src/domain/topic-stats/known-sums.js'
import {countConsumers} from '../../../src/domain/topic-stats/consumers.js'

test('a client with one consumer per partition counts once', () => {
  assert.equal(
    countConsumers([
      ['a', 'b'],
      ['a', 'b'],
    ]),
    2,
  )
  assert.equal(countConsumers([['a'], ['b']]), 2)
  assert.equal(countConsumers([['a', 'a'], ['a']]), 2, 'two clients with the same name')
  assert.equal(countConsumers([]), 0)
})

test('None matches any type; two different types give null', () => {
  assert.equal(commonType(['Shared', 'None', 'Shared']), 'Shared')
  assert.equal(commonType(['None', 'None']), 'None')
  assert.equal(commonType(['Shared', 'Key_Shared']), null)
})

test('a sum with an unknown part is unknown', () => {
  assert.equal(sumKnown([1, 2]), 3)
  assert.equal(sumKnown([1, null]), null)
})
