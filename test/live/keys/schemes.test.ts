import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {KeyOwners} from '../../../src/domain/keys/owners/key-owners.js'
import {
  HASHING_SCHEMES,
  type HashingScheme,
  partitionOfKey,
} from '../../../src/domain/keys/hashing/partition-routing.js'
import type {LockScan} from '../../../src/domain/locks/scan/collect-locks.js'
import type {Explanation} from '../../../src/domain/why/explain-key.js'
import type {TopicName} from '../../../src/topic-name.js'
import {
  publishByPython,
  publishTo,
  publishWith,
  type StoredKeys,
  WITHOUT_PYTHON,
} from '../../support/fleets/routed-keys.js'
import {ask, createTopic, live, type Place, publishKeys, until, userKeys} from '../../support/servers/live.js'
import {askCli, runCli} from '../../support/shells/cli.js'

const SUB = 'decision'
const KEYS = 150
const PARTITIONS = 7

type Publish = (place: Place, topic: TopicName, keys: readonly string[]) => Promise<StoredKeys>

interface Producers {
  readonly name: string
  readonly scheme: HashingScheme
  readonly publish: Publish
  readonly skip: string | false
}

const ROUTED = HASHING_SCHEMES.map((scheme): Producers => ({
  name: `producers with ${scheme}`,
  scheme,
  publish: (place, topic, keys) => publishWith(place, topic, keys, {partitions: PARTITIONS, scheme}),
  skip: false,
}))
const PYTHON: Producers = {
  ...{name: "Python's default producer", scheme: 'BoostHash_1.81', skip: WITHOUT_PYTHON},
  publish: (place, topic, keys) => publishByPython(place, topic, keys, PARTITIONS),
}

async function askOwners(topic: TopicName, keys: readonly string[], ...more: readonly string[]): Promise<KeyOwners> {
  return askCli<KeyOwners>(['keys', 'owner', topic.full, SUB, ...keys, ...more])
}

/** Requires that `keys owner` gives the partition that stores the messages of each key. */
function requirePartitions(report: KeyOwners, stored: StoredKeys): void {
  assert.deepEqual(
    report.owners.map(({key, partition}) => [key, partition]),
    [...stored],
  )
}

/** Requires that `why` finds the messages of some keys where they are. */
async function requireWhy(topic: TopicName, stored: StoredKeys, keys: readonly string[]): Promise<Explanation[]> {
  const found: Explanation[] = []
  for (const key of keys) {
    const explanation = await askCli<Explanation>(['why', topic.full, SUB, key])
    assert.equal(explanation.partition, stored.get(key), JSON.stringify(explanation))
    assert.match(explanation.verdict.message, new RegExp(`^1 message of ${key}[,;]`))
    found.push(explanation)
  }
  return found
}

for (const {name, publish, scheme, skip} of [...ROUTED, PYTHON]) {
  test(
    `${name}: keys owner and why name the partition that stores each key`,
    {skip},
    live(async (_t, place) => {
      const topic = await createTopic(place, {partitions: PARTITIONS, subscription: SUB})
      const stored = await publish(place, topic, [...userKeys(KEYS), 'été'])
      const report = await askOwners(topic, [...stored.keys()])
      assert.deepEqual([report.routing.hashingScheme, report.routing.source], [scheme, 'messages'])
      requirePartitions(report, stored)
      const lines = await runCli(
        ['keys', 'owner', topic.full, SUB, '--stdin'],
        {},
        `${[...stored.keys()].join('\n')}\n`,
      )
      const rows = lines.stdout.trimEnd().split('\n').slice(1)
      assert.deepEqual(
        rows.map((row) => row.split('\t').slice(0, 2)),
        [...stored].map(([key, partition]) => [key, String(partition)]),
      )
      await requireWhy(topic, stored, ['user-0', 'user-77', 'user-149', 'été'])
      const flagged = await askOwners(topic, ['user-1'], '--hashing-scheme', scheme.toLowerCase())
      assert.deepEqual([flagged.hashingScheme, flagged.routing.source], [scheme, 'flag'])
    }),
  )
}

test(
  'with producers of two schemes, or few messages, keys owner uses the messages of a key, and names no partition without them',
  {skip: WITHOUT_PYTHON},
  live(async (_t, place) => {
    const topic = await createTopic(place, {partitions: PARTITIONS, subscription: SUB})
    const [first = '', ...others] = userKeys(60)
    const one = await publishByPython(place, topic, [first], PARTITIONS)
    const few = await askOwners(topic, [first])
    requirePartitions(few, one)
    assert.equal(few.owners[0]?.partitionSource, 'messages')
    await requireWhy(topic, one, [first])
    await publishKeys(place, topic, others.slice(0, 40))
    const python = await publishByPython(place, topic, others.slice(40), PARTITIONS)
    const mixed = await askOwners(topic, [...python.keys()])
    assert.deepEqual([mixed.hashingScheme, mixed.routing.matchingSchemes], [null, []])
    requirePartitions(mixed, python)
    const [explanation] = await requireWhy(topic, python, [...python.keys()].slice(0, 1))
    assert.match(explanation?.chain[0]?.message ?? '', /where its messages are \(hashing scheme unknown; searched all/)
    const absent = await runCli(['keys', 'owner', topic.full, SUB, 'absent'])
    assert.match(absent.stdout, /unknown/)
    assert.match(absent.stderr, /the partition of 1 key of 1 is unknown; --hashing-scheme/)
    const none = await askCli<Explanation>(['why', topic.full, SUB, 'absent'])
    assert.deepEqual([none.partition, none.verdict.code], [null, 'no-unacked-message'])
    const lines = await runCli(['keys', 'owner', topic.full, SUB, '--stdin'], {}, 'user-1\n')
    assert.deepEqual([lines.code, lines.stdout], [3, ''])
    assert.match(lines.stderr, /sampled messages match no known hashing scheme[\s\S]*--stdin --hashing-scheme/)
  }),
)

test(
  'a key with messages on two partitions has no partition, and both are listed',
  live(async (_t, place) => {
    const topic = await createTopic(place, {partitions: 4, subscription: SUB})
    for (const partition of [3, 1]) await publishTo(place, topic, userKeys(20), () => partition)
    const {owners} = await askOwners(topic, ['user-1'])
    assert.deepEqual([owners[0]?.partition, owners[0]?.foundOn, owners[0]?.receiver], [null, [1, 3], 'no-consumer'])
    const explanation = await askCli<Explanation>(['why', topic.full, SUB, 'user-1'])
    assert.equal(explanation.partition, 3, 'the oldest message is there')
    assert.match(explanation.chain[0]?.message ?? '', /partitions 1, 3 have messages of the key/)
  }),
)

test(
  'after partitions were added, keys owner names the partition of new messages, and why finds the old ones',
  live(async (_t, place) => {
    const topic = await createTopic(place, {partitions: 4, subscription: SUB})
    // The hashes of short keys have no sign, so Java and Go producers agree on them.
    const keys = [...userKeys(60), ...Array.from({length: 60}, (_, at) => `k${String(at)}`)]
    const old = await publishWith(place, topic, keys, {partitions: 4, scheme: 'JavaStringHash'})
    await ask(place.addresses, 'POST', `/persistent/${place.namespace}/${topic.local}/partitions`, 6)
    const report = await askOwners(topic, keys)
    assert.deepEqual([report.hashingScheme, report.routing.earlierPartitions], ['JavaStringHash', 4])
    const moved = report.owners.filter(({key, partition}) => partition !== old.get(key))
    assert.ok(moved.length > 0)
    for (const {foundOn, key} of report.owners) assert.deepEqual(foundOn, [old.get(key)])
    const java = new Map(keys.map((key) => [key, partitionOfKey(key, 6, 'JavaStringHash')]))
    const go = new Map(keys.map((key) => [key, partitionOfKey(key, 6, 'JavaStringHash_Go')]))
    for (const {key, partition} of report.owners) {
      assert.equal(partition, java.get(key) === go.get(key) ? java.get(key) : null, 'both are possible')
    }
    const known = moved.find(({partition}) => partition !== null)?.key ?? ''
    const unknown = moved.find(({partition}) => partition === null)?.key ?? ''
    const [one, other] = await requireWhy(topic, old, [known, unknown])
    assert.match(one?.chain[0]?.message ?? '', /routes new messages to partition \d; searched all partitions/)
    assert.match(other?.chain[0]?.message ?? '', /\(JavaStringHash or JavaStringHash_Go, .*; searched all partitions\)/)
    await publishWith(place, topic, keys, {partitions: 6, scheme: 'JavaStringHash'})
    const {routing} = await askOwners(topic, keys)
    assert.deepEqual([routing.hashingScheme, routing.source], ['JavaStringHash', 'messages'])
  }),
)

test(
  'locks scan and why follow keys of the Python client, also when Java producers publish to the same topic',
  {skip: WITHOUT_PYTHON},
  live(async (_t, place) => {
    const topic = await createTopic(place, {partitions: 4, subscription: SUB})
    for (const name of ['one', 'two']) {
      const consumer = {topic, subscription: SUB, type: 'Failover' as const, name, receiverQueueSize: 100}
      await place.transport.consume({...consumer, onMessage: () => undefined})
    }
    const stored = await publishByPython(place, topic, userKeys(40), 4)
    const [key = '', partition] = [...stored].find(([, at]) => at === 1) ?? []
    const lock = `${place.keyPrefix}${key}`
    const scan = async (): Promise<unknown[]> => {
      const about = ['--topic', topic.full, '--subscription', SUB, '--key-pattern', `${place.keyPrefix}{key}`]
      const more = ['--backlog', '200', '--holder-pattern', '{consumer}', '--redis-url', place.addresses.redisUrl]
      const {locks} = await askCli<LockScan>(['locks', 'scan', ...about, ...more])
      const {messages} = locks.find((one) => one.key === lock) ?? {}
      return [messages?.partition, messages?.relation, messages?.consumer?.name]
    }
    try {
      const owner = async (): Promise<string | null | undefined> =>
        (await askOwners(topic, [key])).owners[0]?.consumer?.name
      await until('an active consumer', async () => typeof (await owner()) === 'string')
      const active = (await owner()) ?? ''
      await place.redis.set(lock, active, 'PX', 120_000)
      assert.deepEqual(await scan(), [partition, 'owner', active])
      // Now no scheme matches all messages; the waiting message of the key shows its partition.
      await publishKeys(place, topic, userKeys(100).slice(40))
      assert.equal((await askOwners(topic, [key])).hashingScheme, null)
      assert.deepEqual(await scan(), [partition, 'owner', active])
      await place.redis.set(lock, active === 'one' ? 'two' : 'one', 'PX', 120_000)
      assert.deepEqual(await scan(), [partition, 'other-consumer', active])
      const {consumer} = await askCli<Explanation>(['why', topic.full, SUB, key])
      assert.equal(consumer?.name, active)
    } finally {
      await place.redis.del(lock)
    }
  }),
)
