// Runs alone: it counts the commands that Redis gets.
import assert from 'node:assert/strict'
import {test, type TestContext} from 'node:test'

import type {LockScan} from '../../../src/domain/locks/scan/collect-locks.js'
import {askCli, parseDocument, runCli} from '../../support/shells/cli.js'
import {until} from '../../support/servers/live.js'
import {type SpareRedis, startClusterWithLocks, startRedis, startSentinel} from '../../support/servers/redis-servers.js'

const TOKEN = '8f14e45f-ceea-467f-a8f5-3b2b7c1d9a01'
/** The commands that an auditor's login may run, and those that every connection starts with. */
const ALLOWED = [
  ...['scan', 'type', 'pttl', 'pexpiretime', 'object|idletime', 'object|encoding', 'time', 'eval_ro', 'dbsize'],
  ...['get', 'getrange', 'hgetall', 'lrange', 'zrange', 'client|no-touch', 'client|setname', 'hello', 'auth', 'select'],
  ...['pubsub|numsub', 'pubsub|shardnumsub', 'exists', 'llen'],
  ...['info', 'ping', 'cluster|slots', 'cluster|info', 'readonly', 'command', 'quit', 'client'],
]

/** Redis counts idle times in full seconds of its own clock. */
const CLOCK_TICK_MS = 1000

/** Locks in every Redis type of the families, and keys that are not locks. */
async function fill(redis: SpareRedis, locks: number): Promise<void> {
  for (let at = 0; at < locks; at++) await redis.call('SET', `lock:user:${String(at)}`, TOKEN, 'PX', 600_000)
  await redis.call('HSET', 'lock:order:1', `${TOKEN}:1`, 1)
  await redis.call('PEXPIRE', 'lock:order:1', 600_000)
  await redis.call('ZADD', 'lock:report:1', Date.now() / 1000 + 600, TOKEN)
  await redis.call('RPUSH', 'lock:list:1', TOKEN)
  await redis.call('SET', 'cache:1', 'x')
}

/** How often each command was called; those that failed too. */
async function calls(redis: SpareRedis): Promise<Map<string, number>> {
  const text = String(await redis.call('INFO', 'commandstats'))
  const rows = [...text.matchAll(/^cmdstat_(\S+):calls=(\d+)/gm)]
  return new Map(rows.map(([, name = '', count]) => [name, Number(count)]))
}

/** Commands that were called between, without the test's own. */
function calledSince(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): Map<string, number> {
  return new Map(
    [...after].flatMap(([name, count]) =>
      count > (before.get(name) ?? 0) ? [[name, count - (before.get(name) ?? 0)]] : [],
    ),
  )
}

/** Seconds since the last access to each key; OBJECT IDLETIME is not an access. */
async function idleTimes(redis: SpareRedis, keys: readonly string[]): Promise<number[]> {
  return Promise.all(keys.map(async (key) => Number(await redis.call('OBJECT', 'IDLETIME', key))))
}

function scan(url: string, ...more: readonly string[]): Promise<LockScan> {
  return askCli<LockScan>(['locks', 'scan', '--redis-url', url, ...more])
}

for (const more of [[], ['--avoid-scripts'], ['--observe', '1s'], ['--latency-guard', '5ms']]) {
  test(`a scan ${more.join(' ')} uses only commands that an auditor is allowed`, async (t: TestContext) => {
    const redis = await startRedis(t)
    await fill(redis, 50)
    const before = await calls(redis)
    const {summary} = await scan(redis.url, ...more)
    assert.equal(summary.locks, 53)
    const called = calledSince(before, await calls(redis))
    assert.equal(called.has('eval_ro'), !more.includes('--avoid-scripts'))
    assert.deepEqual(
      [...called.keys()].filter((name) => !ALLOWED.includes(name)),
      [],
    )
  })
}

test('a scan of a replica keeps the idle times of the primary and shows when each lock was last written', async (t) => {
  const {primary, url} = await startSentinel(t)
  await fill(primary, 50)
  const keys = Array.from({length: 50}, (_, at) => `lock:user:${String(at)}`)
  const isIdle = async (): Promise<boolean> => (await idleTimes(primary, keys)).every((seconds) => seconds >= 4)
  await until('idle keys', isIdle) // one second more than is expected of the replica, which counts full seconds
  // A failed attempt to acquire a lock is an access on the primary only.
  assert.equal(await primary.call('SET', 'lock:user:7', 'other', 'NX'), null)
  assert.equal(await isIdle(), false, 'the failed attempt was an access')
  const {complete, locks, summary} = await scan(url, '--from-replica')
  assert.deepEqual([complete, summary.locks, summary.readFrom], [true, 53, 'replica'])
  const others = keys.filter((key) => key !== 'lock:user:7')
  assert.ok((await idleTimes(primary, others)).every((seconds) => seconds >= 4))
  const tried = locks.find(({key}) => key === 'lock:user:7')
  assert.ok((tried?.heldAtLeastMs ?? 0) >= 3000, JSON.stringify(tried))
  // On the primary the attempt resets the idle time, so the hold time is shorter.
  const triedAtMs = Date.now()
  assert.equal(await primary.call('SET', 'lock:user:7', 'other', 'NX'), null)
  const direct = (await scan(url)).locks.find(({key}) => key === 'lock:user:7')
  assert.ok((direct?.heldAtLeastMs ?? 0) <= Date.now() - triedAtMs + CLOCK_TICK_MS, JSON.stringify(direct))
})

test('a scan of the replicas of a cluster reports every lock once and does not read the primaries', async (t) => {
  const {keys, servers, url} = await startClusterWithLocks(t, 300)
  const before = await Promise.all(servers.map(calls))
  const {complete, locks} = await scan(url, '--from-replica')
  assert.equal(complete, true)
  assert.deepEqual(locks.map(({key}) => key).toSorted(), keys)
  const scanned = await Promise.all(
    servers.map(async (server, at) => calledSince(before[at] ?? new Map(), await calls(server)).has('scan')),
  )
  assert.deepEqual(scanned, [false, false, false, true, true, true])
})

test('a scan of replicas fails when there is no replica', async (t) => {
  const {url} = await startRedis(t)
  const run = await runCli(['locks', 'scan', '--redis-url', url, '--from-replica', '--json'])
  assert.equal(run.code, 4)
  assert.equal(parseDocument(run.stdout).error.code, 'E_NO_REPLICA')
})

test('--max-ops limits the commands per second on the server', async (t) => {
  const redis = await startRedis(t)
  await fill(redis, 300)
  const most = 500
  for (const more of [[], ['--avoid-scripts']]) {
    const before = await calls(redis)
    const startedAt = performance.now()
    const {summary} = await scan(redis.url, '--max-ops', String(most), ...more)
    const seconds = (performance.now() - startedAt) / 1000
    assert.equal(summary.locks, 303)
    const count = [...calledSince(before, await calls(redis)).values()].reduce((sum, one) => sum + one, 0)
    assert.ok(count > 2 * most, `only ${String(count)} commands were needed`)
    assert.ok(count / seconds <= most, `${String(count)} commands in ${seconds.toFixed(1)} s`)
  }
})
