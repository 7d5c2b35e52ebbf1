import assert from 'node:assert/strict'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {test, type TestContext} from 'node:test'
import {setTimeout as delay} from 'node:timers/promises'

import calculateSlot from 'cluster-key-slot'
import {Cluster, Redis} from 'ioredis'

import {makeCertificates} from '../../stack/certificates.mjs'
import {connectRedis} from '../../src/clients/redis/connect.js'
import type {LockReleases} from '../../src/domain/locks/collect-release.js'
import {type LockScan, scanLocks} from '../../src/domain/locks/collect.js'
import type {LockScanOptions} from '../../src/domain/locks/collect-walk.js'
import {familiesWith} from '../../src/domain/locks/families/builtin.js'
import {askCli, parseDocument, runCli} from '../support/cli.js'
import {temporaryFolder} from '../support/folder.js'
import {until} from '../support/live.js'
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
} from '../support/redis-servers.js'

const LOCKS = 6000

/** Scans in this process; what is to happen meanwhile happens when the first locks are found, and the scan waits for it. */
async function scanWhile(
  t: TestContext,
  url: string,
  meanwhile: () => Promise<void>,
  more: Partial<LockScanOptions> = {},
): Promise<{scan: LockScan; told: string[]}> {
  const connection = await connectRedis(url)
  t.after(() => connection.close())
  const told: string[] = []
  let happening: Promise<void> | null = null
  const scan = await scanLocks(connection, {
    families: familiesWith([]),
    pattern: 'lock:*',
    avoidsScripts: false,
    fromReplica: false,
    pace: {maxOps: null, guardMs: null},
    correlation: null,
    redlock: [],
    onlyFamilies: null,
    limit: LOCKS,
    observeMs: null,
    seenBefore: null,
    maxTtlMs: 600_000,
    maxHoldMs: 600_000,
    onLocks: async (locks) => {
      told.push(...locks.map(({key}) => key))
      await (happening ??= meanwhile())
    },
    onProgress: () => undefined,
    signal: new AbortController().signal,
    ...more,
  })
  return {scan, told}
}

/** A few slots of the first of the primaries, which have keys. */
function slotsOf(keys: readonly string[], count: number): number[] {
  const slots = keys.map((key) => calculateSlot(key)).filter((slot) => slot < 5000)
  return [...new Set(slots)].slice(0, count)
}

for (const [how, more] of [
  ['one look', {}],
  ['two looks', {observeMs: 1500}],
] as const) {
  test(`a cluster whose slots move during the scan, ${how}: every lock once`, async (t) => {
    const {keys, servers, url} = await startClusterWithLocks(t, LOCKS)
    const [first, second, third] = servers as [SpareRedis, SpareRedis, SpareRedis]
    const slots = slotsOf(keys, 60)
    const [last = 0] = slots.splice(0, 1)
    let finishing = Promise.resolve()
    const {scan, told} = await scanWhile(
      t,
      url,
      async () => {
        for (const [at, slot] of slots.entries()) await moveSlot(slot, first, at % 2 === 0 ? second : third)
        await beginMove(last, first, third)
        // It is half way when the first walk ends.
        finishing = delay(1000).then(() => finishMove(last, first, third))
      },
      more,
    )
    await finishing
    assert.deepEqual(told.toSorted(), keys)
    assert.deepEqual([scan.complete, scan.summary.locks, scan.summary.ended], [true, LOCKS, 0])
    assert.ok(Number(await third.call('CLUSTER', 'COUNTKEYSINSLOT', last)) > 0, 'the slot did move')
  })
}

test('a release in a cluster goes to who has the lock by then; while its slot is half way, it fails and says so', async (t) => {
  const {servers, url} = await startCluster(t)
  const [first, second] = servers as [SpareRedis, SpareRedis]
  const client = new Cluster([{host: '127.0.0.1', port: first.port}])
  t.after(() => {
    client.disconnect()
  })
  const keys = ['lock:user:1', 'lock:user:2', 'lock:user:3', 'lock:user:4', 'lock:user:5', 'lock:user:6']
  // Without a TTL: MIGRATE takes along what is left of one, so that a lock's end shifts by its way.
  for (const key of keys) await client.set(key, '8f14e45f-ceea-467f-a8f5-3b2b7c1d9a01')
  const plan = join(await temporaryFolder(t), 'plan.json')
  await askCli(['locks', 'release', ...keys, '--hard', '--redis-url', url, '-o', plan])
  const [moved = '', halfWay = ''] = keys.filter((key) => calculateSlot(key) < 5461)
  assert.ok(moved !== '' && halfWay !== '' && calculateSlot(moved) !== calculateSlot(halfWay))
  await moveSlot(calculateSlot(moved), first, second)
  await beginMove(calculateSlot(halfWay), first, second)
  const execute = ['locks', 'release', '--execute', plan, '--reason', 'a test', '--yes', '--redis-url', url]
  const {result} = parseDocument<{executed: LockReleases}>(
    (await runCli([...execute, '--audit-log', `${plan}.audit`, '--json'])).stdout,
  )
  assert.deepEqual(
    result.executed.releases.map(({key, reason, result: outcome}) => [key, outcome, reason]),
    keys.map((key) => (key === halfWay ? [key, 'failed', 'its slot moves: try again'] : [key, 'released', null])),
  )
  await finishMove(calculateSlot(halfWay), first, second)
  assert.equal(await client.exists(halfWay), 1)
})

test('a primary of a cluster is killed during the scan: the answer is not whole, and names it', async (t) => {
  const {keys, servers, url} = await startClusterWithLocks(t, LOCKS)
  const [first] = servers as [SpareRedis]
  const {scan, told} = await scanWhile(t, url, () => first.kill())
  assert.equal(scan.complete, false)
  assert.deepEqual(
    scan.summary.failedServers.map(({address}) => address),
    [first.address],
  )
  const ofOthers = keys.filter((key) => calculateSlot(key) >= 5461)
  assert.deepEqual(
    ofOthers.filter((key) => !told.includes(key)),
    [],
  )
  assert.equal(new Set(told).size, told.length)
})

test('Sentinel replaces the primary during the scan: it goes on with the new one, every lock once', async (t) => {
  const {primary, url} = await startSentinel(t)
  const redis = new Redis(primary.port, '127.0.0.1')
  const keys = await takeLocks(redis, LOCKS)
  await redis.wait(1, 5000)
  redis.disconnect()
  const {scan, told} = await scanWhile(t, url, () => primary.kill())
  assert.deepEqual(told.toSorted(), keys)
  assert.equal(scan.complete, true)
})

test('a login without a right: it is named', async (t) => {
  const redis = await startRedis(t)
  await redis.call('SET', 'lock:a', 'x', 'PX', 60_000)
  await redis.call('HSET', 'lock:b', '8f14e45f-ceea-467f-a8f5-3b2b7c1d9a01:1', 1)
  const as = redis.url.replace('redis://', 'redis://auditor:right@')
  const rights = ['%R~*', '+info', '+scan', '+dbsize', '+type', '+pexpiretime', '+pttl', '+object', '+get', '+hgetall']
  const scanAs = async (...granted: string[]): Promise<ReturnType<typeof parseDocument<LockScan>>> => {
    await redis.call('ACL', 'SETUSER', 'auditor', 'reset', 'on', '>right', '-@all', ...granted)
    return parseDocument<LockScan>((await runCli(['locks', 'scan', '--redis-url', as, '--json'])).stdout)
  }
  assert.deepEqual((await scanAs(...rights)).result.summary.missingRights, [])
  const cases: ReadonlyArray<readonly [without: string, lacks: string, unreadable: number]> = [
    ['+hgetall', '+hgetall', 1],
    ['+get', '+get', 1],
    ['+type', '+type', 2],
    ['%R~*', '~KEY', 2],
  ]
  for (const [without, lacks, unreadable] of cases) {
    const {result, warnings} = await scanAs(...rights.filter((right) => right !== without))
    assert.deepEqual([result.summary.missingRights, result.summary.unreadable], [[lacks], unreadable])
    assert.equal(result.complete, false)
    assert.ok(warnings.join().includes(`lacks ${lacks}`), warnings.join())
  }
  // Whoever reads the table must not take it for all there is.
  assert.match(
    (await runCli(['locks', 'scan', '--redis-url', as])).stdout,
    /at least 0 locks[^]*not whole: 2 keys.*~KEY/,
  )
  for (const without of ['+scan', '+info']) {
    const {error} = await scanAs(...rights.filter((right) => right !== without))
    assert.equal(error.code, 'E_REDIS_ACL')
    assert.deepEqual(error.data['lacks'], without)
    assert.match(error.next.join(), new RegExp(`ACL SETUSER USER \\${without}`))
  }
})

test('TLS and an ACL user: authorities, a certificate and a password in a file, by variables and by a context', async (t) => {
  const folder = await temporaryFolder(t)
  const {authority, pairs} = await makeCertificates(folder, {authority: 'ca', names: ['redis', 'auditor']})
  const {certificate, key} = pairs.redis
  const files = ['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', authority]
  const user = ['--user', 'auditor', 'on', '>right', '~*', '+@all']
  const {port} = await startRedis(t, '--port', '0', '--tls-port', 'PORT', ...files, ...user)
  const url = `rediss://auditor@127.0.0.1:${String(port)}`
  const password = join(folder, 'password')
  await writeFile(password, 'right\n')
  const own = {KEYSHIFT_REDIS_TLS_CERT_FILE: pairs.auditor.certificate, KEYSHIFT_REDIS_TLS_KEY_FILE: pairs.auditor.key}
  const refusal = async (env: Record<string, string>): Promise<[number | null, string, string]> => {
    const {code, stdout} = await runCli(['locks', 'scan', '--redis-url', url, '--json'], env)
    const {error} = parseDocument(stdout)
    return [code, error.code, error.message]
  }
  const unknown = await refusal({...own, KEYSHIFT_REDIS_PASSWORD_FILE: password})
  assert.deepEqual(unknown.slice(0, 2), [4, 'E_REDIS_TLS'], unknown[2])
  const all = {...own, KEYSHIFT_REDIS_TLS_CA_FILE: authority, KEYSHIFT_REDIS_PASSWORD_FILE: password}
  const wrong = await refusal({...all, KEYSHIFT_REDIS_PASSWORD: 'wrong'})
  assert.deepEqual(wrong.slice(0, 2), [4, 'E_REDIS_AUTH'])
  assert.match(wrong[2], /sent with a password from the environment variable KEYSHIFT_REDIS_PASSWORD$/)
  assert.equal((await askCli<LockScan>(['locks', 'scan', '--redis-url', url], all)).complete, true)

  const home = {XDG_CONFIG_HOME: folder, KEYSHIFT_REDIS_URL: ''}
  const {auditor} = pairs
  const tls = ['--redis-ca-file', authority, '--redis-cert-file', auditor.certificate, '--redis-key-file', auditor.key]
  const add = ['context', 'add', 'tls', '--redis-url', url, '--redis-password-file', password, ...tls, '--yes']
  await askCli(add, home)
  assert.equal((await askCli<LockScan>(['locks', 'scan'], home)).complete, true)
  assert.equal(
    (
      await askCli<LockScan>(['locks', 'scan', '--redis-url', url, '--insecure'], {
        ...all,
        KEYSHIFT_REDIS_TLS_CA_FILE: '',
      })
    ).complete,
    true,
  )
})

test('a cluster of one server that was never told its address; and one in which nobody serves a slot', async (t) => {
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
