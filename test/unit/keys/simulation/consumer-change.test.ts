import assert from 'node:assert/strict'
import {test} from 'node:test'

import {
  afterChange,
  consumerChange,
  numbered,
  patternOf,
  type WantedConsumers,
} from '../../../../src/domain/keys/simulation/consumer-change.js'
import {Usage} from '../../../../src/errors.js'

const NOTHING: WantedConsumers = {join: [], leave: [], consumers: null, namesLike: null, words: []}
const APPS = ['app-0', 'app-1', 'app-2']

test('the given names leave and join', () => {
  const change = consumerChange(APPS, {...NOTHING, join: ['x'], leave: ['app-1']})
  assert.deepEqual(change, {leave: ['app-1'], join: ['x']})
})

test('a target number of consumers continues the numbers of the names', () => {
  assert.deepEqual(consumerChange(APPS, {...NOTHING, consumers: 5}), {leave: [], join: ['app-3', 'app-4']})
  assert.deepEqual(consumerChange(APPS, {...NOTHING, consumers: 2}), {leave: ['app-2'], join: []})
})

test('a pattern determines all names', () => {
  const change = consumerChange(['app-0', 'old'], {...NOTHING, consumers: 2, namesLike: 'app-{0..N}'})
  assert.deepEqual(change, {leave: ['old'], join: ['app-1']})
  assert.deepEqual(numbered('w{1..N}-eu', 3), ['w1-eu', 'w2-eu', 'w3-eu'])
})

test('each departure removes one of two consumers with the same name', () => {
  assert.deepEqual(consumerChange(['w', 'w'], {...NOTHING, leave: ['w', 'w']}).leave, ['w', 'w'])
  assert.throws(() => consumerChange(['w'], {...NOTHING, leave: ['w', 'w']}), isUsage('E_CONSUMER_UNKNOWN'))
})

test('a departure removes the latest consumer of a name, and new consumers are last', () => {
  assert.deepEqual(afterChange(['w', 'a', 'w'], {leave: ['w', 'x'], join: ['b']}), ['w', 'a', 'b'])
})

test('an unknown name and a pattern without a placeholder are refused', () => {
  assert.throws(
    () => consumerChange(APPS, {...NOTHING, leave: ['app-9']}),
    isUsage('E_CONSUMER_UNKNOWN', /did you mean app-/),
  )
  assert.throws(
    () => consumerChange([], {...NOTHING, leave: ['x']}),
    isUsage('E_CONSUMER_UNKNOWN', /no consumer is connected/),
  )
  assert.throws(() => numbered('app-N', 3), isUsage('E_NAMES_LIKE'))
  assert.throws(
    () => consumerChange(['red', 'green'], {...NOTHING, consumers: 3}),
    isUsage(
      'E_NAMES_LIKE',
      /--names-like, because the names of the connected consumers do not follow a pattern such as app-/,
    ),
  )
  assert.throws(
    () => consumerChange([], {...NOTHING, consumers: 3, words: ['orders', 'decision']}),
    (error) => {
      assert.ok(isUsage('E_NAMES_LIKE', /because there are no consumer names to continue/)(error))
      const next = "keyshift keys simulate --consumers 3 --names-like 'app-{0..N}' orders decision"
      assert.deepEqual((error as Usage).next, [next])
      return true
    },
  )
})

test('a pattern is found when all names match one', () => {
  assert.equal(patternOf(APPS), 'app-{0..N}')
  assert.equal(patternOf(['w3', 'w4']), 'w{3..N}')
  assert.equal(patternOf(['a-0', 'b-0']), null)
  assert.equal(patternOf([]), null)
})

function isUsage(code: string, message = /./): (error: unknown) => boolean {
  return (error) => error instanceof Usage && error.code === code && message.test(error.message)
}
