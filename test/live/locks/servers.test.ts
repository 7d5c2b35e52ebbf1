import assert from 'node:assert/strict'
import {join} from 'node:path'
import {test, type TestContext} from 'node:test'
import {setTimeout as delay} from 'node:timers/promises'

import calculateSlot from 'cluster-key-slot'
import {Cluster, Redis} from 'ioredis'

import {connectRedis} from '../../../src/clients/redis/connect.js'
import type {LockReleases} from '../../../src/domain/locks/release/execute-release.js'
import {type LockScan, scanLocks} from '../../../src/domain/locks/scan/collect-locks.js'
import type {ScanSettings} from '../../../src/domain/locks/scan/collect-server.js'
import {familiesWith} from '../../../src/domain/locks/families/builtin.js'
import {askCli, parseDocument, runCli} from '../../support/shells/cli.js'
import {temporaryFolder} from '../../support/shells/folder.js'
import {until} from '../../support/servers/live.js'
import {
  beginMove,
  finishMove,
  moveSlot,
  type SpareRedis,
  startCluster,
  startClusterWithLocks,
  startRedis,
  startSentinel,
  takeLocks,
} from '../../support/servers/redis-servers.js'
import {uuid1} from '../../support/fleets/held-locks.js'

const LOCKS = 6000

/** Scans in this process. The event happens when the first locks are found, and the scan waits for it. */
async function scanDuring(
  t: TestContext,
  url: string,
  event: () => Promise<void>,
  more: Partial<ScanSettings> = {},
): Promise<{scan: LockScan; reported: string[]}> {
  const connection = await connectRedis(url)
  t.after(() => connection.close())
  const reported: string[] = []
  let happening: Promise<void> | null = null
  const scan = await scanLocks(
    connection,
    {
      families: familiesWith([]),
      pattern: 'lock:*',
      limits: {maxTtlMs: 600_000, maxHoldMs: 600_000},
      signal: new AbortController().signal,
      ...more,
    },
    {
      limit: LOCKS,
      onLocks: async (locks) => {
        reported.push(...locks.map(({key}) => key))
        await (happening ??= event())
      },
    },
  )
  return {scan, reported}
}

/** Some slots of the first primary that contain keys. */
function slotsOf(keys: readonly string[], count: number): number[] {
  const slots = keys.map((key) => calculateSlot(key)).filter((slot) => slot < 5000)
  return [...new Set(slots)].slice(0, count)
}

for (const [how, more] of [
  ['one sample', {}],
  ['two samples', {observeMs: 1500}],
] as const) {
  test(`every lock is reported once when slots of a cluster migrate during the scan, with ${how}`, async (t) => {
    const {keys, servers, url} = await startClusterWithLocks(t, LOCKS)
    const [first, second, third] = servers as [SpareRedis, SpareRedis, SpareRedis]
    const slots = slotsOf(keys, 60)
    const [last = 0] = slots.splice(0, 1)
    let finishing = Promise.resolve()
    const {scan, reported} = await scanDuring(
      t,
      url,
      async () => {
        for (const [at, slot] of slots.entries()) await moveSlot(slot, first, at % 2 === 0 ? second : third)
        await beginMove(last, first, third)
        // This slot is still migrating when the first round ends.
        finishing = delay(1000).then(() => finishMove(last, first, third))
      },
      more,
    )
    await finishing
    assert.deepEqual(reported.toSorted(), keys)
    assert.deepEqual([scan.complete, scan.summary.locks, scan.summary.ended], [true, LOCKS, 0])
    assert.ok(Number(await third.call('CLUSTER', 'COUNTKEYSINSLOT', last)) > 0, 'the slot has moved')
  })
}

test('a release in a cluster goes to the new owner of a slot, and fails while the slot is migrating', async (t) => {
  const {servers, url} = await startCluster(t)
  const [first, second] = servers as [SpareRedis, SpareRedis]
  const client = new Cluster([{host: '127.0.0.1', port: first.port}])
  t.after(() => {
    client.disconnect()
  })
  const keys = ['lock:user:1', 'lock:user:2', 'lock:user:3', 'lock:user:4', 'lock:user:5', 'lock:user:6']
  // Without a TTL, because MIGRATE transfers the remaining time, which changes the expiry slightly.
  for (const key of keys) await client.set(key, uuid1(Date.now()))
  const plan = join(await temporaryFolder(t), 'plan.json')
  await askCli(['locks', 'release', ...keys, '--hard', '--redis-url', url, '-o', plan])
  const [moved = '', halfWay = ''] = keys.filter((key) => calculateSlot(key) < 5461)
  assert.ok(moved !== '' && halfWay !== '' && calculateSlot(moved) !== calculateSlot(halfWay))
  await moveSlot(calculateSlot(moved), first, second)
  await beginMove(calculateSlot(halfWay), first, second)
  const execute = ['locks', 'release', '--execute', plan, '--reason', 'a test', '--yes', '--redis-url', url]
  const run = await runCli([...execute, '--audit-log', `${plan}.audit`, '--json'])
  const {error} = parseDocument(run.stdout)
  assert.deepEqual([run.code, error.code], [4, 'E_RELEASE_FAILED'])
  assert.match(error.message, /^1 of 6 locks failed to be released .*its slot is migrating; try again/)
  assert.deepEqual(
    (error.data as unknown as LockReleases).releases.map(({key, reason, result: outcome}) => [key, outcome, reason]),
    keys.map((key) =>
      key === halfWay ? [key, 'failed', 'its slot is migrating; try again'] : [key, 'released', null],
    ),
  )
  await finishMove(calculateSlot(halfWay), first, second)
  assert.equal(await client.exists(halfWay), 1)
})

test('a primary of a cluster that is killed during the scan is reported, and the result is incomplete', async (t) => {
  const {keys, servers, url} = await startClusterWithLocks(t, LOCKS)
  const [first] = servers as [SpareRedis]
  const {scan, reported} = await scanDuring(t, url, () => first.kill())
  assert.equal(scan.complete, false)
  assert.deepEqual(
    scan.summary.failedServers.map(({address}) => address),
    [first.address],
  )
  const ofOthers = keys.filter((key) => calculateSlot(key) >= 5461)
  assert.deepEqual(
    ofOthers.filter((key) => !reported.includes(key)),
    [],
  )
  assert.equal(new Set(reported).size, reported.length)
})

test('the scan continues with the new primary after a failover by Sentinel, and reports every lock once', async (t) => {
  const {primary, url} = await startSentinel(t)
  const redis = new Redis(primary.port, '127.0.0.1')
  const keys = await takeLocks(redis, LOCKS)
  await redis.wait(1, 5000)
  redis.disconnect()
  const {scan, reported} = await scanDuring(t, url, () => primary.kill())
  assert.deepEqual(reported.toSorted(), keys)
  assert.equal(scan.complete, true)
})

test('a cluster of one node without an address of its own is scanned, and a cluster without slots is refused', async (t) => {
  const server = await startRedis(t, '--cluster-enabled', 'yes')
  const args = ['locks', 'scan', '--redis-url', server.url]
  await server.call('PING')
  const none = await runCli([...args, '--json'])
  assert.deepEqual([none.code, parseDocument(none.stdout).error.code], [4, 'E_REDIS_CLUSTER'])
  await server.call('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383)
  await until('the cluster', async () => String(await server.call('CLUSTER', 'INFO')).includes('cluster_state:ok'))
  await server.call('SET', 'lock:one', 'worker-3', 'PX', 600_000)
  const scan = await askCli<LockScan>(args)
  assert.deepEqual([scan.complete, scan.locks.map(({key}) => key)], [true, ['lock:one']])
})
