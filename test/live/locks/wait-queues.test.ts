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

interface Line {
  readonly key: string
  readonly queue: string
  readonly deadlines: string
  /** what reached waiters on their channels */
  readonly heard: string[]
  /** Has a waiter listen as Redisson does. */
  listen(waiter: string, on?: Redis): Promise<void>
}

/** A fair lock as Redisson keeps it, held unless said otherwise, and its waiters in line. */
async function layLine(
  t: TestContext,
  redis: Redis,
  key: string,
  {isHeld = true, waiters}: {isHeld?: boolean; waiters: readonly string[]},
): Promise<Line> {
  const heard: string[] = []
  const line = {key, queue: `redisson_lock_queue:{${key}}`, deadlines: `redisson_lock_timeout:{${key}}`, heard}
  if (isHeld) await redis.multi().hset(key, HOLDER, '1').pexpire(key, 30_000).exec()
  await redis.rpush(line.queue, ...waiters)
  await redis.zadd(line.deadlines, ...waiters.flatMap((one, at) => [Date.now() + 300_000 * (at + 1), one]))
  return {
    ...line,
    async listen(one, on = redis) {
      const client = on.duplicate({enableOfflineQueue: true, retryStrategy: () => null})
      client.on('error', () => undefined) // a server that the test kills
      t.after(() => {
        client.disconnect()
      })
      client.on('message', (channel) => heard.push(channel))
      await client.subscribe(`redisson_lock__channel:{${key}}:${one}`)
    },
  }
}

async function linesOf({keyPrefix}: Place): Promise<LockRecord[]> {
  const scan = await askCli<LockScan>(['locks', 'scan', '--pattern', `redisson_lock_*:{${keyPrefix}*`])
  assert.equal(scan.complete, true)
  return scan.locks
}

test(
  'a dead waiter before a living one: found, taken out of the line, and the next one is told; the lock stays',
  live(async (t, place) => {
    const {keyPrefix, redis} = place
    closeFirst(t, () => deleteAll(redis, keyPrefix))
    const line = await layLine(t, redis, `${keyPrefix}fair`, {waiters: [waiter(1), waiter(2), waiter(3)]})
    await line.listen(waiter(2))
    const [found, ...others] = await linesOf(place)
    assert.equal(others.length, 0)
    assert.deepEqual([found?.key, found?.verdict, found?.family], [line.queue, 'disconnected-waiter', 'redisson'])
    const dead = [waiter(1), waiter(3)]
    assert.deepEqual(found?.waitQueue, {lock: line.key, isHeld: true, waiters: 3, dead})

    const [file, {plan: planned}] = await plan(place, [line.queue])
    assert.deepEqual(
      planned.releases.map(({action, waitQueue: in_}) => [action, in_?.disconnected]),
      [['remove-waiters', dead]],
    )
    assert.equal(await redis.llen(line.queue), 3, 'planning changes nothing')
    const {executed} = await execute(place, file)
    const [release] = executed?.releases ?? []
    assert.deepEqual([release?.result, release?.removedWaiters, release?.notified?.receivers], ['released', dead, 1])
    assert.deepEqual(await redis.lrange(line.queue, 0, -1), [waiter(2)])
    assert.deepEqual(await redis.zrange(line.deadlines, '0', '-1'), [waiter(2)])
    await until('the message', () => Promise.resolve(line.heard.length === 1))
    assert.equal(await redis.hget(line.key, HOLDER), '1')
    assert.deepEqual(await linesOf(place), [])
    const again = (await execute(place, file)).executed?.releases[0]
    assert.equal(again?.result, 'gone')
  }),
)

test(
  'a line that the dead alone stand in, of a lock that nobody holds: found, and goes',
  live(async (t, place) => {
    const {keyPrefix, redis} = place
    closeFirst(t, () => deleteAll(redis, keyPrefix))
    const line = await layLine(t, redis, `${keyPrefix}fair`, {isHeld: false, waiters: [waiter(1), waiter(2)]})
    const [found] = await linesOf(place)
    assert.equal(found?.verdict, 'orphaned-companion')
    assert.deepEqual(found.waitQueue, {lock: line.key, isHeld: false, waiters: 2, dead: [waiter(1), waiter(2)]})
    const [file] = await plan(place, [line.queue])
    const {executed} = await execute(place, file)
    assert.equal(executed?.summary.released, 1)
    assert.equal(await redis.exists(line.queue, line.deadlines), 0)
  }),
)

test(
  'what sidekiq-unique-jobs has left of a digest that nobody locks any more is found; all else of it is nothing wrong',
  live(async (t, place) => {
    const {keyPrefix, redis} = place
    const digest = (name: string): string => `uniquejobs:${keyPrefix}${name}`
    await redis.lpush(`${digest('left')}:QUEUED`, 'b4a577edbccf1d805744efa9')
    await redis.set(`${digest('left')}:INFO`, '{}')
    // Held; left for its waiters for 5 s, as an unlock does; and what is kept for all.
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
    assert.deepEqual([planned.releases.length, skipped[0]?.reason], [0, 'belongs to a lock, and is none'])
    const inspected = await runCli(['locks', 'inspect', `${digest('left')}:QUEUED`, '--json'])
    assert.match(
      parseDocument(inspected.stdout).error.message,
      /is no lock: it holds the waiters of uniquejobs:.*:LOCKED/,
    )
  }),
)

test(
  'who listens again when the plan is executed stays in line, and so does the line whose waiters live',
  live(async (t, place) => {
    const {keyPrefix, redis} = place
    closeFirst(t, () => deleteAll(redis, keyPrefix))
    const line = await layLine(t, redis, `${keyPrefix}fair`, {waiters: [waiter(1)]})
    const [file] = await plan(place, [line.queue])
    await line.listen(waiter(1))
    const {executed} = await execute(place, file)
    assert.deepEqual(
      executed?.releases.map(({reason, result}) => [result, reason]),
      [['refused', 'waiters planned as dead are left in line: somebody listens for them, or it can not be told']],
    )
    assert.deepEqual(await redis.lrange(line.queue, 0, -1), [waiter(1)])
    assert.deepEqual(await linesOf(place), [])
    const [, {plan: planned}] = await plan(place, [line.queue])
    assert.equal(planned.releases[0]?.action, 'keep')
  }),
)

test(
  'a login that may not ask who listens: the answer is not whole and names the right; a release keeps the line',
  live(async (t, place) => {
    const {keyPrefix, redis} = place
    closeFirst(t, () => deleteAll(redis, keyPrefix))
    const line = await layLine(t, redis, `${keyPrefix}fair`, {waiters: [waiter(1)]})
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
    const [, {plan: planned}] = await plan(place, [line.queue], ...where)
    assert.deepEqual(
      planned.releases.map(({action, reason}) => [action, reason]),
      [['keep', 'who of them is dead can not be told']],
    )
  }),
)

test('a waiter that listens on another server of the cluster, or on a replica, is not dead', async (t) => {
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
  const [own, other, replica] = [
    clients[destination],
    clients[(destination + 1) % 3],
    clients[servers.indexOf(replicaServer)],
  ]
  assert.ok(own && other && replica)
  const line = await layLine(t, own, 'fair', {waiters: [waiter(1), waiter(2), waiter(3), waiter(4)]})
  await line.listen(waiter(2), own)
  await line.listen(waiter(3), other)
  await line.listen(waiter(4), replica)
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
    'its listeners are gone with it',
  )
})
