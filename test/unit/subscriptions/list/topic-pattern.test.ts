import assert from 'node:assert/strict'
import {test} from 'node:test'

import {parsePattern} from '../../../../src/domain/subscriptions/list/topic-pattern.js'
import {parseTopicName, partitionName, splitPartition} from '../../../../src/topic-name.js'

test('a topic name has several notations', () => {
  assert.equal(parseTopicName('orders').full, 'persistent://public/default/orders')
  assert.equal(parseTopicName('shop/orders').full, 'persistent://public/shop/orders')
  assert.equal(parseTopicName('acme/shop/orders').full, 'persistent://acme/shop/orders')
  assert.equal(parseTopicName('persistent://acme/shop/a/b').local, 'a/b')
})

test('an invalid topic name is refused', () => {
  for (const text of ['', 'a//b', 'persistent://acme/shop', 'a/b/c/d', 'http://acme/shop/orders']) {
    assert.throws(() => parseTopicName(text), {code: 'E_TOPIC_NAME'}, text)
  }
})

test('other kinds of topics are refused with their own code', () => {
  for (const text of ['non-persistent://a/b/c', 'topic://a/b/c', 'segment://a/b/c']) {
    assert.throws(() => parseTopicName(text), {code: 'E_TOPIC_UNSUPPORTED'}, text)
  }
})

test('a partition name has a base and an index', () => {
  const topic = parseTopicName('orders')
  assert.deepEqual(splitPartition(partitionName(topic, 12).full), {base: topic.full, index: 12})
  assert.deepEqual(splitPartition(topic.full), {base: topic.full, index: null})
})

const MATCHES: ReadonlyArray<readonly [string | undefined, string, boolean]> = [
  [undefined, 'persistent://a/b/c', true],
  ['a', 'persistent://a/b/c', true],
  ['a', 'persistent://ab/b/c', false],
  ['a/b', 'persistent://a/b/c', true],
  ['a/b', 'persistent://a/bb/c', false],
  ['persistent://a/b/c*', 'persistent://a/b/cd', true],
  ['a/*/c', 'persistent://a/x/c', true],
  ['a/*/c', 'persistent://a/x/d', false],
  ['persistent://a/b/c', 'persistent://a/b/c', true],
  ['persistent://a/b/c', 'persistent://a/b/cd', false],
  ['persistent://a/b/c(1)[2]!', 'persistent://a/b/c(1)[2]!', true],
  ['a/b/c(1)', 'persistent://a/b/c(1)', true],
]

for (const [pattern, name, expected] of MATCHES) {
  test(`pattern ${String(pattern)} ${expected ? 'matches' : 'does not match'} ${name}`, () => {
    assert.equal(parsePattern(pattern).matches(name), expected)
  })
}

test('a pattern limits the search to a tenant or a namespace', () => {
  assert.equal(parsePattern('a/b').namespace, 'b')
  assert.equal(parsePattern('a/b*').namespace, null)
  assert.equal(parsePattern('*').tenant, null)
  assert.throws(() => parsePattern('non-persistent://a'), {code: 'E_PATTERN'})
})
