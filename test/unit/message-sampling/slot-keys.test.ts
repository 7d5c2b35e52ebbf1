import assert from 'node:assert/strict'
import {test} from 'node:test'

import {NO_FACTS} from '../../../src/domain/keys/assignment/detect-selector.js'
import {murmur3} from '../../../src/domain/keys/hashing/murmur3.js'
import {SPACES} from '../../../src/domain/keys/hashing/key-space.js'
import {KeyDirectory} from '../../../src/domain/keys/owners/key-directory.js'
import {mayHaveKey, readRestEntry, type SampledEntry} from '../../../src/domain/message-sampling/sampled-entry.js'
import {SlotKeys} from '../../../src/domain/message-sampling/slot-keys.js'
import {Usage} from '../../../src/errors.js'
import {parseTopicName, partitionName} from '../../../src/topic-name.js'

const TOPIC = parseTopicName('persistent://public/default/orders')

/** Two partitions, each with one consumer that owns all slots. */
function directory(): KeyDirectory {
  const partitions = ['a', 'b'].map((consumerName, partition) => ({
    ...{partition, name: partitionName(TOPIC, partition), stats: {}},
    subscription: {
      ...{type: 'Key_Shared', keySharedMode: 'AUTO_SPLIT'},
      consumers: [{consumerName, address: '/h:1', keyHashRanges: ['[1, 65535]']}],
    },
  }))
  const facts = {...NO_FACTS, version: {major: 4, minor: 2, patch: 4}}
  return new KeyDirectory({topic: TOPIC, subscription: 's', partitionCount: 2, partitions}, facts)
}

function entry(partition: number, headers: Readonly<Record<string, string>>): SampledEntry {
  const all = Object.fromEntries(Object.entries(headers).map(([name, value]) => [`x-pulsar-${name}`, value]))
  const read = readRestEntry({partition, ledgerId: 1, entryId: 0}, {body: Buffer.alloc(0), headers: all})
  assert.ok(read)
  return read
}

const RAW = Buffer.from('user-1').toString('base64')
const slotOf = (key: string): number => SPACES['ring-4.0'].slotOf(murmur3(Buffer.from(key)))

test('the keys of a slot are listed by their number of messages, with the consumer on each partition', () => {
  const keys = new SlotKeys(slotOf('user-1'), directory(), 4)
  for (const [partition, key] of [
    [0, 'user-1'],
    [1, 'user-1'],
    [1, 'user-1'],
    [0, 'user-2'],
  ] as const) {
    keys.add(entry(partition, {'partition-key': key}))
  }
  keys.add(entry(0, {'partition-key': 'user-9', 'base64-ordering-key': RAW}))
  keys.add(entry(1, {'partition-key': RAW, 'partition-key-b64-encoded': 'true'}))
  assert.deepEqual(
    keys.owners().map(({consumer, key, messages, partition}) => [key, partition, messages, consumer?.name]),
    [
      ['user-1', 1, 2, 'b'],
      [`base64:${RAW}`, 1, 1, 'b'],
      ['user-1', 0, 1, 'a'],
      ['user-9', 0, 1, 'a'],
    ],
  )
})

test('a slot that no key can have is refused', () => {
  for (const slot of [0, 65_536]) {
    assert.throws(
      () => new SlotKeys(slot, directory(), 4),
      (error) => error instanceof Usage && error.code === 'E_SLOT' && error.message.includes('1 to 65535'),
    )
  }
})

test('an entry may be of a key whose characters HTTP headers cannot carry', () => {
  const of = (text: string): SampledEntry => entry(0, {'partition-key': text})
  assert.equal(mayHaveKey(of('-1'), '用户-1'), true)
  assert.equal(mayHaveKey(of('a b'), 'a用b'), true)
  assert.equal(mayHaveKey(of(''), '🦊'), true)
  assert.equal(mayHaveKey(of(''), ''), true)
  assert.equal(mayHaveKey(of('user-1'), 'user-1'), false)
  assert.equal(mayHaveKey(of('été'), 'été'), false)
  assert.equal(mayHaveKey(of('-2'), '用户-1'), false)
})
