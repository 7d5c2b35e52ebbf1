import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {KeyOwners} from '../../../src/domain/keys/owners/key-owners.js'
import type {LockScan} from '../../../src/domain/locks/scan/collect-locks.js'
import type {LockRecord} from '../../../src/domain/locks/recognition/lock-record.js'
import type {TopicName} from '../../../src/topic-name.js'
import {askCli, parseDocument, runCli} from '../../support/shells/cli.js'
import {KeyedFleet} from '../../support/fleets/keyed-fleet.js'
import {connectIdle, createTopic, live, type Place, publishKeys, until, userKeys} from '../../support/servers/live.js'

const ID = '8f14e45fceea467fa8f53b2b7c1d9a01'
const PARTITIONS = 4

async function take(place: Place, key: string, holder: string, ttlMs: number | null = 60_000): Promise<string> {
  const name = `${place.keyPrefix}user:${key}`
  await place.redis.set(name, `${holder}/${ID}`)
  if (ttlMs !== null) await place.redis.pexpire(name, ttlMs)
  return name
}

async function startFleet(place: Place, names: readonly string[]): Promise<{fleet: KeyedFleet; topic: TopicName}> {
  const topic = await createTopic(place, {partitions: PARTITIONS})
  return {fleet: await KeyedFleet.start(place, topic, names), topic}
}

function scanArgs(place: Place, topic: string): string[] {
  const about = ['--topic', topic, '--subscription', 'decision', '--key-pattern', `${place.keyPrefix}user:{key}`]
  return ['locks', 'scan', ...about, '--redis-url', place.addresses.redisUrl]
}

test(
  'locks of a Key_Shared subscription are held by the consumer of their key, by another one, by another process, or since before a restart',
  live(async (_t, place) => {
    const names = ['keyed-0', 'keyed-1', 'keyed-2']
    const {fleet, topic} = await startFleet(place, names)
    const keys = Array.from({length: 20}, (_, at) => String(at))
    const {owners} = await askCli<KeyOwners>(['keys', 'owner', topic.full, 'decision', ...keys])
    const taken: string[] = []
    for (const {consumer, key} of owners) taken.push(await take(place, key, consumer?.name ?? ''))
    const [first] = owners
    const other = names.find((name) => name !== first?.consumer?.name) ?? ''
    taken.push(await take(place, '0', other)) // in place of its owner
    taken.push(await take(place, 'cron', 'cron-7'), await take(place, 'blocked', 'keyed-9', null))
    taken.push(await take(place, 'late', 'keyed-late'))
    const strange = `${place.keyPrefix}user:strange`
    await place.redis.set(strange, ID, 'PX', 60_000)
    taken.push(strange)
    try {
      await until('a lock that is older than its holder', async () => {
        return Number(await place.redis.object('IDLETIME', `${place.keyPrefix}user:late`)) >= 8
      })
      await fleet.join('keyed-late')
      const after = await askCli<KeyOwners>(['keys', 'owner', topic.full, 'decision', ...keys])

      const scan = await askCli<LockScan>([...scanArgs(place, topic.full), '--holder-pattern', '{consumer}/*'])
      const lock = (key: string): LockRecord => {
        const found = scan.locks.find((one) => one.key === `${place.keyPrefix}user:${key}`)
        assert.ok(found)
        return found
      }
      // `keys owner` reports the consumer of each key. A holder from before the last join may no longer be that consumer.
      const consumers = owners.map(({consumer}) => consumer?.name)
      for (const [at, {consumer, key, partition, slot}] of after.owners.entries()) {
        const {messages} = lock(key)
        assert.deepEqual([messages?.key, messages?.partition, messages?.slot], [key, partition, slot])
        assert.equal(messages?.consumer?.name, consumer?.name)
        const holder = at === 0 ? other : consumers[at]
        assert.equal(messages?.holder?.name, holder)
        assert.equal(messages?.relation, holder === consumer?.name ? 'owner' : 'other-consumer')
        assert.equal(lock(key).verdict, holder === consumer?.name ? 'healthy' : 'wrong-consumer')
      }
      const reported = (key: string): unknown[] => [lock(key).messages?.relation, lock(key).verdict]
      assert.deepEqual(reported('cron'), ['no-consumer', 'not-a-consumer'])
      assert.deepEqual(reported('blocked'), ['no-consumer', 'orphaned'])
      assert.deepEqual(reported('late'), ['restarted', 'healthy'])
      assert.deepEqual(reported('strange'), [null, 'healthy'])
      assert.equal(scan.subscription?.topic, topic.full)
      const {relations} = scan.summary
      assert.deepEqual(
        [relations['no-consumer'], relations.restarted, relations.unknown],
        [2, 1, 1],
        JSON.stringify(relations),
      )
      assert.equal((relations.owner ?? 0) + (relations['other-consumer'] ?? 0), 20)
      assert.ok((relations.owner ?? 0) >= 10, 'most keys kept their consumer')

      const table = (await runCli([...scanArgs(place, topic.full), '--holder-pattern', '{consumer}/*'])).stdout
      assert.match(table, /locks? held by the wrong consumer/)
      assert.match(table, /2 locks held by a process that is not a consumer/)
    } finally {
      await place.redis.del(...taken)
    }
  }),
)

for (const type of ['Failover', 'Shared'] as const) {
  test(
    `locks of a ${type} subscription: ${type === 'Shared' ? 'any consumer may hold them' : 'the active consumer of the partition should hold them'}`,
    live(async (_t, place) => {
      const topic = await createTopic(place)
      const consumers = await Promise.all(
        ['worker-0', 'worker-1'].map((name) =>
          place.transport.consume({
            topic,
            subscription: 'decision',
            type,
            name,
            receiverQueueSize: 10,
            onMessage: () => undefined,
          }),
        ),
      )
      const taken = [await take(place, 'a', 'worker-0'), await take(place, 'b', 'worker-1')]
      try {
        // The broker chooses the active consumer of a Failover subscription shortly after they have connected.
        let relations: unknown[] = []
        const expected = type === 'Shared' ? ['consumer', 'consumer'] : ['other-consumer', 'owner']
        await until('an active consumer', async () => {
          const scan = await askCli<LockScan>([...scanArgs(place, topic.full), '--holder-pattern', '{consumer}/*'])
          relations = scan.locks.map(({messages}) => messages?.relation ?? null).toSorted()
          return relations.join() === expected.join()
        })
        assert.deepEqual(relations, expected)
      } finally {
        await place.redis.del(...taken)
        await Promise.all(consumers.map((consumer) => consumer.close()))
      }
    }),
  )
}

test(
  'messages blocked by an orphaned lock are reported, and so are keys that wait without a lock',
  live(async (_t, place) => {
    const topic = await createTopic(place, {partitions: PARTITIONS})
    await connectIdle(place, topic, 'decision', 'worker-0')
    await publishKeys(place, topic, ['blocked', 'blocked', 'own', 'free', 'free-too'])
    const taken = [await take(place, 'blocked', 'worker-9', null), await take(place, 'own', 'worker-0')]
    taken.push(await take(place, 'idle', 'worker-9', null))
    try {
      const args = [...scanArgs(place, topic.full), '--holder-pattern', '{consumer}/*', '--backlog', '100']
      let scan: LockScan | null = null
      const reported = (key: string): unknown[] => {
        const found = scan?.locks.find((one) => one.key === `${place.keyPrefix}user:${key}`)
        return [found?.verdict, found?.messages?.waiting?.messages]
      }
      await until('messages that have waited for long', async () => {
        scan = await askCli<LockScan>(args)
        return reported('blocked')[0] === 'key-stalled'
      })
      assert.deepEqual(['blocked', 'own', 'idle'].map(reported), [
        ['key-stalled', 2],
        ['healthy', 1],
        ['orphaned', 0],
      ])
      const {subscription} = scan as unknown as LockScan
      assert.deepEqual(subscription?.waiting, {entriesRead: 5, isComplete: true, keys: 4, keysWithoutLock: 2})
      const part = await askCli<LockScan>([...args.slice(0, -1), '2'])
      assert.equal(part.subscription?.waiting?.isComplete, false)
      const table = (await runCli(args)).stdout
      assert.match(table, /key-stalled, orphaned/)
      assert.match(table, /entire backlog \(5 entries\): 4 keys have waiting messages; 2 of them without a lock/)
    } finally {
      await place.redis.del(...taken)
    }
  }),
)

test(
  'a comparison is refused for an unknown subscription, wrong partitioning, a pattern without its variable, and missing flags',
  live(async (_t, place) => {
    const {fleet, topic} = await startFleet(place, ['keyed-0'])
    await publishKeys(place, topic, userKeys(50))
    await fleet.drained()
    const url = ['--redis-url', place.addresses.redisUrl]
    const cases: ReadonlyArray<readonly [args: readonly string[], code: string]> = [
      [['--topic', topic.full, '--subscription', 'none', '--key-pattern', 'lock:{key}'], 'E_SUBSCRIPTION_NOT_FOUND'],
      [['--topic', topic.full, '--subscription', 'decision', '--key-pattern', 'lock:*'], 'E_PATTERN'],
      [
        [
          ...['--topic', topic.full, '--subscription', 'decision', '--key-pattern', 'lock:{key}'],
          ...['--hashing-scheme', 'Murmur3_32Hash'],
        ],
        'E_ROUTING',
      ],
      [['--topic', topic.full, '--subscription', 'decision'], 'E_USAGE'],
      [['--key-pattern', 'lock:{key}'], 'E_USAGE'],
    ]
    for (const [args, code] of cases) {
      const run = await runCli(['locks', 'scan', ...args, ...url, '--json'])
      assert.equal(parseDocument(run.stdout).error.code, code, run.stdout)
    }
  }),
)
