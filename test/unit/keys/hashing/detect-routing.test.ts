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

const JAVA_AND_GO = ['JavaStringHash', 'JavaStringHash_Go'] as const

/** With a power of two as the number of partitions, ASCII keys do not distinguish the schemes of Java and Go. */
function detectable(scheme: HashingScheme, partitions: number): HashingScheme {
  return scheme === 'JavaStringHash_Go' && partitions !== 7 && partitions !== 6 ? 'JavaStringHash' : scheme
}

for (const scheme of HASHING_SCHEMES) {
  for (const partitions of [2, 4, 7, 64]) {
    test(`${scheme} is detected from messages on ${String(partitions)} partitions`, () => {
      const routing = detectRouting(routed(scheme, partitions, 24), partitions)
      const expected = detectable(scheme, partitions)
      assert.deepEqual([routing.hashingScheme, routing.source, isCertain(routing)], [expected, 'messages', true])
    })
  }

  test(`${scheme} is detected when partitions were added to the topic`, () => {
    const sampled = [...routed(scheme, 4, 20), ...routed(scheme, 6, 20, 20)]
    const routing = detectRouting(sampled, 6)
    assert.deepEqual([routing.hashingScheme, routing.source, routing.earlierPartitions], [scheme, 'messages', 4])
  })

  test(`${scheme} is detected from messages before partitions were added`, () => {
    const older = detectRouting(routed(scheme, 4, 24), 6)
    const shared = JAVA_AND_GO.some((one) => one === scheme) ? [...JAVA_AND_GO] : [scheme]
    assert.deepEqual(
      [older.hashingScheme, older.earlierPartitions, older.matchingSchemes],
      [detectable(scheme, 4), 4, shared],
    )
    for (const key of ['user-1', 'user-2', 'user-3', 'user-4']) {
      const possible = new Set(shared.map((one) => partitionOfKey(key, 6, one)))
      assert.deepEqual(possiblePartitions(key, 6, older), [...possible].toSorted())
    }
    const grown = detectRouting(routed(scheme, 2, 24), 4)
    assert.deepEqual([grown.hashingScheme, grown.earlierPartitions], [detectable(scheme, 4), 2])
  })
}

test('Java and Go producers differ in keys beyond ASCII: both partitions are possible until a message of such a key decides', () => {
  const key = 'été'
  const both = JAVA_AND_GO.map((scheme) => partitionOfKey(key, 4, scheme))
  assert.equal(new Set(both).size, 2)
  const ascii = routed('JavaStringHash', 4, 24)
  const routing = detectRouting(ascii, 4)
  assert.deepEqual([routing.hashingScheme, routing.matchingSchemes], ['JavaStringHash', [...JAVA_AND_GO]])
  assert.deepEqual(possiblePartitions(key, 4, routing), both.toSorted())
  assert.deepEqual(possiblePartitions('user-1', 4, routing), [partitionOfKey('user-1', 4, 'JavaStringHash')])
  for (const [at, scheme] of JAVA_AND_GO.entries()) {
    const decided = detectRouting([...ascii, {key, partition: both[at] ?? 0}], 4)
    assert.deepEqual([decided.hashingScheme, decided.matchingSchemes], [scheme, [scheme]])
    const chosen = detectRouting(ascii, 4, scheme)
    assert.deepEqual([possiblePartitions(key, 4, chosen), isCertain(chosen)], [[both[at]], true])
  }
})

test('Go producers route by the ordering key, so that the key alone does not give the partition', () => {
  const sampled = Array.from({length: 24}, (_, at) => {
    const orderingKey = Buffer.from(`order-${String(at)}`)
    return {
      key: `user-${String(at)}`,
      orderingKey,
      partition: partitionOfKey(`order-${String(at)}`, 7, 'JavaStringHash_Go'),
    }
  })
  const routing = detectRouting(sampled, 7)
  assert.deepEqual(
    [routing.hashingScheme, routing.byOrderingKey, isCertain(routing)],
    ['JavaStringHash_Go', true, false],
  )
  assert.deepEqual(possiblePartitions('user-1', 7, routing), [0, 1, 2, 3, 4, 5, 6])
  const java = detectRouting(
    sampled.map((one) => ({...one, partition: partitionOfKey(one.key, 7, 'JavaStringHash')})),
    7,
  )
  assert.deepEqual([java.hashingScheme, java.byOrderingKey, isCertain(java)], ['JavaStringHash', false, true])
})

test('an empty key has a partition with Java and WebSocket producers only', () => {
  assert.deepEqual(possiblePartitions('', 7, detectRouting(routed('JavaStringHash', 7, 24), 7)), [0])
  const python = detectRouting(
    [...routed('BoostHash_1.81', 4, 24), {key: '', partition: 3}, {key: '', partition: 2}],
    4,
  )
  assert.equal(python.hashingScheme, 'BoostHash_1.81')
  assert.deepEqual(possiblePartitions('', 4, python), [0, 1, 2, 3])
})

test('messages of producers with different schemes match none', () => {
  const routing = detectRouting([...routed('JavaStringHash', 8, 20), ...routed('BoostHash_1.81', 8, 20)], 8)
  assert.deepEqual([routing.hashingScheme, routing.source, routing.matchingSchemes], [null, null, []])
  assert.equal(isCertain(routing), false)
  assert.deepEqual(possiblePartitions('user-1', 8, routing), [0, 1, 2, 3, 4, 5, 6, 7])
})

test('a few messages leave several schemes, or one that is only assumed', () => {
  const key = Array.from({length: 100}, (_, at) => `user-${String(at)}`).find((text) => {
    const [java, , murmur, newer, older] = HASHING_SCHEMES.map((scheme) => partitionOfKey(text, 4, scheme))
    return java === newer && java !== murmur && java !== older
  })
  assert.ok(key !== undefined)
  const partition = partitionOfKey(key, 4, 'JavaStringHash')
  const several = detectRouting([{key, partition}], 4)
  assert.deepEqual([several.hashingScheme, several.matchingSchemes], [null, [...JAVA_AND_GO, 'BoostHash_1.81']])
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
  assert.deepEqual(wrong.matchingSchemes, [...JAVA_AND_GO])
})
