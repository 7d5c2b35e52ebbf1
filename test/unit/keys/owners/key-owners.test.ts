import assert from 'node:assert/strict'
import {test} from 'node:test'

import {renderOwners} from '../../../../src/cli/render/keys/key-owners.js'
import {NO_FACTS} from '../../../../src/domain/keys/assignment/detect-selector.js'
import {detectRouting, type Routing} from '../../../../src/domain/keys/hashing/detect-routing.js'
import {type HashingScheme, partitionOfKey} from '../../../../src/domain/keys/hashing/partition-routing.js'
import {KeyDirectory, KeyLocator} from '../../../../src/domain/keys/owners/key-directory.js'
import {keyOwners, type KeyOwners, textKey} from '../../../../src/domain/keys/owners/key-owners.js'
import {parseTopicName, partitionName} from '../../../../src/topic-name.js'

const TOPIC = parseTopicName('persistent://public/default/orders')
const PARTITIONS = 4
const KEY = 'user-1'
const OWN = partitionOfKey(KEY, PARTITIONS, 'JavaStringHash')
const [ONE = 0, OTHER = 0] = [0, 1, 2, 3].filter((partition) => partition !== OWN)

const routed = (partitions: number): Array<{key: string; partition: number}> =>
  Array.from({length: 40}, (_, at) => `user-${String(at)}`).map((key) => ({
    key,
    partition: partitionOfKey(key, partitions, 'JavaStringHash'),
  }))
const CERTAIN = detectRouting(routed(PARTITIONS), PARTITIONS)
const GROWN = detectRouting([...routed(2), ...routed(PARTITIONS)], PARTITIONS)
const UNKNOWN = detectRouting(
  routed(PARTITIONS).map(({key}, at) => ({key, partition: at % PARTITIONS})),
  PARTITIONS,
)

/** @param names of the active consumer on each partition. */
function ask(routing: Routing, foundOn: readonly number[], names = ['a', 'b', 'c', 'd']): KeyOwners {
  const partitions = names.map((name, partition) => ({
    ...{partition, name: partitionName(TOPIC, partition), stats: {}},
    subscription: {type: 'Failover', activeConsumerName: name, consumers: [{consumerName: name, address: '/h:1'}]},
  }))
  const collected = {topic: TOPIC, subscription: 's', partitionCount: PARTITIONS, partitions}
  const owners = keyOwners(new KeyDirectory(collected, NO_FACTS), [textKey(KEY)], {
    ...{partitionCount: PARTITIONS, routing},
    foundOn: () => foundOn,
  })
  return {topic: TOPIC.full, subscription: 's', hashingScheme: routing.hashingScheme, routing, owners, slot: null}
}

function summary({owners}: KeyOwners): unknown[] {
  return owners.flatMap(({consumer, partition, partitionSource, receiver}) => [
    partition,
    partitionSource,
    receiver,
    consumer?.name ?? null,
  ])
}

const nameOn = (partition: number): string => 'abcd'.charAt(partition)

test('a certain scheme gives the partition, unless messages of the key contradict it', () => {
  assert.deepEqual(summary(ask(CERTAIN, [])), [OWN, 'scheme', 'consumer', nameOn(OWN)])
  assert.deepEqual(summary(ask(CERTAIN, [OWN])), [OWN, 'scheme', 'consumer', nameOn(OWN)])
  assert.deepEqual(summary(ask(CERTAIN, [ONE])), [ONE, 'messages', 'consumer', nameOn(ONE)])
  assert.deepEqual(summary(ask(CERTAIN, [OWN, ONE])), [null, null, 'unknown', null])
})

test('after partitions were added, older messages on another partition do not contradict the scheme', () => {
  assert.equal(GROWN.earlierPartitions, 2)
  const report = ask(GROWN, [ONE])
  assert.deepEqual(summary(report), [OWN, 'scheme', 'consumer', nameOn(OWN)])
  assert.match(renderOwners(report), /MESSAGES ON/)
})

test('without a scheme, the messages of the key give its partition; without any it is unknown', () => {
  assert.equal(UNKNOWN.hashingScheme, null)
  assert.deepEqual(summary(ask(UNKNOWN, [OTHER])), [OTHER, 'messages', 'consumer', nameOn(OTHER)])
  const none = ask(UNKNOWN, [])
  assert.deepEqual(summary(none), [null, null, 'unknown', null])
  assert.match(renderOwners(none), /user-1 +unknown .*unknown/)
  assert.match(renderOwners(none), /Partitioning: unknown \(40 messages match no known hashing scheme\)/)
})

test('with an unknown partition, a client that receives every possible partition is named', () => {
  const report = ask(UNKNOWN, [], ['a', 'a', 'a', 'a'])
  assert.deepEqual(summary(report), [null, null, 'consumer', 'a'])
})

test('a key of many has no partition where the schemes of Java and Go differ, and the empty key has one with Java only', () => {
  const partitions = ['a', 'b', 'c', 'd'].map((consumerName, partition) => ({
    ...{partition, name: partitionName(TOPIC, partition), stats: {}},
    subscription: {type: 'Exclusive', consumers: [{consumerName, address: '/h:1'}]},
  }))
  const directory = new KeyDirectory({topic: TOPIC, subscription: 's', partitionCount: 4, partitions}, NO_FACTS)
  const locate = (key: string, ...schemes: [HashingScheme, HashingScheme?]): [number | null, string] => {
    const {partition, receiver} = new KeyLocator(directory, 4, schemes).locate(Buffer.from(key))
    return [partition, receiver]
  }
  const java = partitionOfKey('été', 4, 'JavaStringHash')
  const go = partitionOfKey('été', 4, 'JavaStringHash_Go')
  assert.notEqual(java, go)
  assert.deepEqual(locate('été', 'JavaStringHash'), [java, 'consumer'])
  assert.deepEqual(locate('été', 'JavaStringHash_Go'), [go, 'consumer'])
  assert.deepEqual(locate('été', 'JavaStringHash', 'JavaStringHash_Go'), [null, 'unknown'])
  assert.deepEqual(locate(KEY, 'JavaStringHash', 'JavaStringHash_Go'), [OWN, 'consumer'])
  assert.deepEqual(locate('', 'JavaStringHash'), [0, 'consumer'])
  assert.deepEqual(locate('', 'BoostHash_1.81'), [null, 'unknown'])
})
