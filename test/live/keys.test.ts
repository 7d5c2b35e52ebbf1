import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {KeyOwners, KeyRanges} from '../../src/domain/keyshared/report.js'
import {askCli, requireFailure, runCli} from '../support/cli.js'
import {brokerVersion, live, openScene, until} from '../support/live.js'

const NAMES = ['keyed-0', 'keyed-1', 'keyed-2']

const skip = brokerVersion.startsWith('3.') ? 'owners are predicted for 4.x only' : false

for (const partitions of [0, 4]) {
  test(
    `each key goes to the consumer that keys owner names, ${String(partitions)} partitions`,
    {skip},
    live(async (t, place) => {
      const topic = place.topic('orders')
      if (partitions === 0) await place.admin.createTopic(topic)
      else await place.admin.createPartitionedTopic(topic, partitions)
      const received = new Map<string, string>()
      for (const name of NAMES) {
        const onMessage = ({key}: {key: string | null}): void => void received.set(key ?? '', name)
        await place.transport.consume({
          topic,
          subscription: 'decision',
          type: 'Key_Shared',
          name,
          receiverQueueSize: 1000,
          onMessage,
        })
      }
      const keys = Array.from({length: 300}, (_, at) => `user ${String(at)} é`)
      const producer = await place.transport.produce(topic)
      for (const key of keys) await producer.send({key, payload: Buffer.from('x')})
      await until('every key arriving', () => received.size === keys.length)

      const {owners} = await askCli<KeyOwners>(['keys', 'owner', topic.full, 'decision', ...keys])
      const named = owners.map(({consumer, key}) => [key, consumer?.name])
      assert.deepEqual(
        named,
        keys.map((key) => [key, received.get(key)]),
      )

      const ranges = await askCli<KeyRanges>(['keys', 'ranges', topic.full, 'decision'])
      assert.deepEqual(
        ranges.partitions.map(({partition}) => partition),
        partitions === 0 ? [null] : [0, 1, 2, 3],
      )
      for (const {consumers, coverage, selector, slotSpace} of ranges.partitions) {
        assert.equal(selector, 'consistent-hashing')
        assert.deepEqual(slotSpace, {start: 1, end: 65_535})
        assert.deepEqual(coverage, {missing: [], overlapping: []})
        assert.deepEqual(consumers.map(({name}) => name).toSorted(), NAMES)
        assert.equal(
          consumers.reduce((sum, {slots}) => sum + slots, 0),
          65_535,
        )
      }
    }),
  )
}

test(
  'a subscription of another type says so, and what would change it',
  live(async (t, place) => {
    const scene = await openScene(t, place, {partitions: 0})
    const [topic] = (await place.admin.topics('public', place.namespace.replace('public/', ''))) as [string]
    for (const command of ['ranges', 'owner']) {
      const args = ['keys', command, topic, 'decision', ...(command === 'owner' ? ['user-1'] : [])]
      await requireFailure({args, exit: 3, code: 'E_NOT_KEY_SHARED', says: /is Shared/})
      assert.match((await runCli(args)).stderr, /keyshift migrate plan /)
    }
    await scene.settle()
  }),
)
