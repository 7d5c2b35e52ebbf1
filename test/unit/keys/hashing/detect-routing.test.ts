import assert from 'node:assert/strict'
import {test} from 'node:test'

import {
  detectRouting,
  isCertain,
  possiblePartitions,
  type RoutedKey,
} from '../../../../src/domain/keys/hashing/detect-routing.js'
import {
  HASHING_SCHEMES,
  type HashingScheme,
  partitionOfKey,
} from '../../../../src/domain/keys/hashing/partition-routing.js'

function routed(scheme: HashingScheme, partitions: number, count: number, first = 0): RoutedKey[] {
  return Array.from({length: count}, (_, at) => {
    const key = `user-${String(first + at)}`
    return {key, partition: partitionOfKey(key, partitions, scheme)}
  })
}

for (const scheme of HASHING_SCHEMES) {
  for (const partitions of [2, 4, 7, 64]) {
    test(`${scheme} is detected from messages on ${String(partitions)} partitions`, () => {
      const routing = detectRouting(routed(scheme, partitions, 24), partitions)
      assert.deepEqual([routing.hashingScheme, routing.source, isCertain(routing)], [scheme, 'messages', true])
    })
  }

  test(`${scheme} is detected when partitions were added to the topic`, () => {
    const sampled = [...routed(scheme, 4, 20), ...routed(scheme, 6, 20, 20)]
    const routing = detectRouting(sampled, 6)
    assert.deepEqual([routing.hashingScheme, routing.source, routing.earlierPartitions], [scheme, 'messages', 4])
    const older = detectRouting(routed(scheme, 4, 24), 6)
    assert.deepEqual([older.hashingScheme, older.earlierPartitions], [scheme, 4])
  })
}

test('messages of producers with different schemes match none', () => {
  const routing = detectRouting([...routed('JavaStringHash', 8, 20), ...routed('BoostHash_1.81', 8, 20)], 8)
  assert.deepEqual([routing.hashingScheme, routing.source, routing.matchingSchemes], [null, null, []])
  assert.equal(isCertain(routing), false)
  assert.deepEqual(possiblePartitions('user-1', 8, routing), [0, 1, 2, 3, 4, 5, 6, 7])
})

test('a few messages leave several schemes, or one that is only assumed', () => {
  const key = Array.from({length: 100}, (_, at) => `user-${String(at)}`).find((text) => {
    const [java, murmur, newer, older] = HASHING_SCHEMES.map((scheme) => partitionOfKey(text, 4, scheme))
    return java === newer && java !== murmur && java !== older
  })
  assert.ok(key !== undefined)
  const partition = partitionOfKey(key, 4, 'JavaStringHash')
  const several = detectRouting([{key, partition}], 4)
  assert.deepEqual([several.hashingScheme, several.matchingSchemes], [null, ['JavaStringHash', 'BoostHash_1.81']])
  assert.deepEqual(possiblePartitions(key, 4, several), [partition])
  const few = detectRouting(routed('BoostHash_1.81', 64, 1), 64)
  assert.deepEqual([few.hashingScheme, few.source, isCertain(few)], ['BoostHash_1.81', 'assumed', false])
})

test('without messages the default of Java producers is assumed; one partition needs no scheme', () => {
  const none = detectRouting([], 4)
  assert.deepEqual([none.hashingScheme, none.source, isCertain(none)], ['JavaStringHash', 'assumed', false])
  assert.deepEqual([detectRouting([], 1).source, detectRouting([], null).source], [null, null])
  assert.equal(isCertain(detectRouting([], 1)), true)
})

test('a chosen scheme is certain only if the messages do not contradict it', () => {
  const sampled = routed('JavaStringHash', 4, 12)
  assert.equal(isCertain(detectRouting(sampled, 4, 'JavaStringHash')), true)
  const wrong = detectRouting(sampled, 4, 'Murmur3_32Hash')
  assert.deepEqual([wrong.hashingScheme, wrong.source, isCertain(wrong)], ['Murmur3_32Hash', 'flag', false])
  assert.deepEqual(wrong.matchingSchemes, ['JavaStringHash'])
})
