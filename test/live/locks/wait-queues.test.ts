import assert from 'node:assert/strict'
import {test, type TestContext} from 'node:test'

import {Redis} from 'ioredis'

import type {LockScan} from '../../../src/domain/locks/scan/collect-locks.js'
import type {LockRecord} from '../../../src/domain/locks/recognition/lock-record.js'
import {askCli, parseDocument, runCli} from '../../support/shells/cli.js'
import {deleteAll} from '../../support/fleets/held-locks.js'
import {closeFirst, live, type Place, until} from '../../support/servers/live.js'
import {startCluster} from '../../support/servers/redis-servers.js'
import {execute, plan} from '../../support/reports/lock-releases.js'

const HOLDER = '6f0e1c52-0d3b-4a53-9d6f-3e1f6f0a9b11:7'
const waiter = (number: number): string => `9a1e1c52-0d3b-4a53-9d6f-3e1f6f0a9b${String(10 + number)}:1`

interface FairLock {
  readonly key: string
  readonly queue: string
  readonly deadlines: string
  /** the channels of the messages that waiters received */
  readonly heard: string[]
  /** Subscribes a waiter to its channel, as Redisson does. */
  listen(waiter: string, on?: Redis): Promise<void>
}

/** Stores a fair lock with its wait queue as Redisson does. */
async function storeFairLock(
  t: TestContext,
  redis: Redis,
  key: string,
  {isHeld = true, waiters}: {isHeld?: boolean; waiters: readonly string[]},
): Promise<FairLock> {
  const heard: string[] = []
  const fair = {key, queue: `redisson_lock_queue:{${key}}`, deadlines: `redisson_lock_timeout:{${key}}`, heard}
  if (isHeld) await redis.multi().hset(key, HOLDER, '1').pexpire(key, 30_000).exec()
  await redis.rpush(fair.queue, ...waiters)
  await redis.zadd(fair.deadlines, ...waiters.flatMap((one, at) => [Date.now() + 300_000 * (at + 1), one]))
  return {
    ...fair,
    async listen(one, on = redis) {
      const client = on.duplicate({enableOfflineQueue: true, retryStrategy: () => null})
      client.on('error', () => undefined) // the test may kill the server
      t.after(() => {
        client.disconnect()
      })
      client.on('message', (channel) => heard.push(channel))
      await client.subscribe(`redisson_lock__channel:{${key}}:${one}`)
    },
  }
}

async function waitQueuesOf({keyPrefix}: Place): Promise<LockRecord[]> {
  const scan = await askCli<LockScan>(['locks', 'scan', '--pattern', `redisson_lock_*:{${keyPrefix}*`])
  assert.equal(scan.complete, true)
  return scan.locks
}

test(
  'disconnected waiters are found and removed, the next waiter is notified, and the lock is not changed',
  live(async (t, place) => {
    const {keyPrefix, redis} = place
    closeFirst(t, () => deleteAll(redis, keyPrefix))
    const fair = await storeFairLock(t, redis, `${keyPrefix}fair`, {waiters: [waiter(1), waiter(2), waiter(3)]})
    await fair.listen(waiter(2))
    const [found, ...others] = await waitQueuesOf(place)
    assert.equal(others.length, 0)
    assert.deepEqual([found?.key, found?.verdict, found?.family], [fair.queue, 'disconnected-waiter', 'redisson'])
    const disconnected = [waiter(1), waiter(3)]
    assert.deepEqual(found?.waitQueue, {lock: fair.key, isHeld: true, waiters: 3, disconnected})

    const [file, {plan: planned}] = await plan(place, [fair.queue])
    assert.deepEqual(
      planned.releases.map(({action, waitQueue: in_}) => [action, in_?.disconnected]),
      [['remove-waiters', disconnected]],
    )
    assert.equal(await redis.llen(fair.queue), 3, 'planning changes nothing')
    const {executed} = await execute(place, file)
    const [release] = executed?.releases ?? []
    assert.deepEqual(
      [release?.result, release?.removedWaiters, release?.notified?.receivers],
      ['released', disconnected, 1],
    )
    assert.deepEqual(await redis.lrange(fair.queue, 0, -1), [waiter(2)])
    assert.deepEqual(await redis.zrange(fair.deadlines, '0', '-1'), [waiter(2)])
    await until('the message', () => Promise.resolve(fair.heard.length === 1))
    assert.equal(await redis.hget(fair.key, HOLDER), '1')
    assert.deepEqual(await waitQueuesOf(place), [])
    const again = (await execute(place, file)).executed?.releases[0]
    assert.equal(again?.result, 'ended')
  }),
)

test(
  'a wait queue with only disconnected waiters of a lock that is not held is found and deleted',
  live(async (t, place) => {
    const {keyPrefix, redis} = place
    closeFirst(t, () => deleteAll(redis, keyPrefix))
    const fair = await storeFairLock(t, redis, `${keyPrefix}fair`, {isHeld: false, waiters: [waiter(1), waiter(2)]})
    const [found] = await waitQueuesOf(place)
    assert.equal(found?.verdict, 'orphaned-companion')
    assert.deepEqual(found.waitQueue, {lock: fair.key, isHeld: false, waiters: 2, disconnected: [waiter(1), waiter(2)]})
    const [file] = await plan(place, [fair.queue])
    const {executed} = await execute(place, file)
    assert.equal(executed?.summary.released, 1)
    assert.equal(await redis.exists(fair.queue, fair.deadlines), 0)
  }),
)

test(
  'orphaned keys of sidekiq-unique-jobs are found, and its other keys are not reported',
  live(async (t, place) => {
    const {keyPrefix, redis} = place
    const digest = (name: string): string => `uniquejobs:${keyPrefix}${name}`
    await redis.lpush(`${digest('left')}:QUEUED`, 'b4a577edbccf1d805744efa9')
    await redis.set(`${digest('left')}:INFO`, '{}')
    // A held digest, a queue that an unlock leaves to the waiters for 5 s, and a key of all digests.
    await redis.hset(`${digest('held')}:LOCKED`, 'b4a577edbccf1d805744efa9', String(Date.now() / 1000))
    await redis.lpush(`${digest('held')}:QUEUED`, 'c')
    await redis.lpush(`${digest('free')}:QUEUED`, '1')
    await redis.pexpire(`${digest('free')}:QUEUED`, 60_000)
    await redis.set(digest('live'), '1')
    closeFirst(t, () => deleteAll(redis, keyPrefix))
    const {locks} = await askCli<LockScan>(['locks', 'scan', '--pattern', `uniquejobs:${keyPrefix}*`])
    assert.deepEqual(
      locks
        .filter(({verdict, waitQueue}) => verdict !== 'healthy' || waitQueue !== null)
        .map(({key, verdict}) => [key, verdict]),
      [
        [`${digest('left')}:INFO`, 'orphaned-companion'],
        [`${digest('left')}:QUEUED`, 'orphaned-companion'],
      ],
    )
    const [, {plan: planned, skipped}] = await plan(place, [`${digest('left')}:QUEUED`])
    assert.deepEqual([planned.releases.length, skipped[0]?.reason], [0, 'not a lock: belongs to another key'])
    const inspected = await runCli(['locks', 'inspect', `${digest('left')}:QUEUED`, '--json'])
    assert.match(
      parseDocument(inspected.stdout).error.message,
      /is not a lock; it contains the waiters of uniquejobs:.*:LOCKED/,
    )
  }),
)

test(
  'a waiter that is connected again when the plan is executed stays in the wait queue',
  live(async (t, place) => {
    const {keyPrefix, redis} = place
    closeFirst(t, () => deleteAll(redis, keyPrefix))
    const fair = await storeFairLock(t, redis, `${keyPrefix}fair`, {waiters: [waiter(1)]})
    const [file] = await plan(place, [fair.queue])
    await fair.listen(waiter(1))
    const {executed} = await execute(place, file)
    assert.deepEqual(
      executed?.releases.map(({reason, result}) => [result, reason]),
      [['refused', 'waiters of the plan stay in the wait queue: they are connected again, or their state is unknown']],
    )
    assert.deepEqual(await redis.lrange(fair.queue, 0, -1), [waiter(1)])
    assert.deepEqual(await waitQueuesOf(place), [])
    const [, {plan: planned}] = await plan(place, [fair.queue])
    assert.equal(planned.releases[0]?.action, 'keep')
  }),
)

test(
  'without the right to count subscribers the result is incomplete and shows the right, and a release keeps the wait queue',
  live(async (t, place) => {
    const {keyPrefix, redis} = place
    closeFirst(t, () => deleteAll(redis, keyPrefix))
    const fair = await storeFairLock(t, redis, `${keyPrefix}fair`, {waiters: [waiter(1)]})
    const user = keyPrefix.replaceAll(':', '')
    await redis.call('ACL', 'SETUSER', user, 'on', '>secret', '~*', '&*', '+@all', '-pubsub')
    closeFirst(t, async () => {
      await redis.call('ACL', 'DELUSER', user)
    })
    const url = new URL(place.addresses.redisUrl)
    url.username = user
    url.password = 'secret'
    const where = ['--redis-url', url.href]
    const pattern = `redisson_lock_*:{${keyPrefix}*`
    const {complete, locks, summary} = await askCli<LockScan>(['locks', 'scan', '--pattern', pattern, ...where])
    assert.deepEqual([complete, locks.length, summary.unverifiedQueues], [false, 0, 1])
    assert.match(summary.unverifiedReason ?? '', /^\+pubsub/)
    const [, {plan: planned}] = await plan(place, [fair.queue], ...where)
    assert.deepEqual(
      planned.releases.map(({action, reason}) => [action, reason]),
      [['keep', 'it is unknown which waiters are disconnected']],
    )
  }),
)

test('a waiter that subscribes on another node of the cluster or on a replica is not reported as disconnected', async (t) => {
  const {servers, url} = await startCluster(t)
  const clients = servers.map(({port}) => new Redis({port, host: '127.0.0.1', retryStrategy: () => null}))
  for (const client of clients) client.on('error', () => undefined)
  t.after(() => {
    for (const client of clients) client.disconnect()
  })
  const slot = Number(await servers[0]?.call('CLUSTER', 'KEYSLOT', 'fair'))
  const destination = Math.floor((slot * 3) / 16_384)
  const info = String(await servers[destination]?.call('INFO', 'replication'))
  const replicaServer = servers.find(({port}) => info.includes(`port=${String(port)},state=online`))
  assert.ok(replicaServer)
  const [owner, other, replica] = [
    clients[destination],
    clients[(destination + 1) % 3],
    clients[servers.indexOf(replicaServer)],
  ]
  assert.ok(owner && other && replica)
  const fair = await storeFairLock(t, owner, 'fair', {waiters: [waiter(1), waiter(2), waiter(3), waiter(4)]})
  await fair.listen(waiter(2), owner)
  await fair.listen(waiter(3), other)
  await fair.listen(waiter(4), replica)
  const scan = (): Promise<LockScan> =>
    askCli<LockScan>(['locks', 'scan', '--redis-url', url, '--pattern', 'redisson_lock_queue:*'])
  const {complete, locks} = await scan()
  assert.deepEqual([complete, locks.map((one) => one.waitQueue?.disconnected)], [true, [[waiter(1)]]])

  await replicaServer.kill()
  await until('the primary to see it', async () =>
    String(await servers[destination]?.call('INFO', 'replication')).includes('connected_slaves:0'),
  )
  assert.deepEqual(
    (await scan()).locks[0]?.waitQueue?.disconnected,
    [waiter(1), waiter(4)],
    'its subscribers are disconnected',
  )
})
