import assert from 'node:assert/strict'
import {join} from 'node:path'
import {test} from 'node:test'

import {Redis} from 'ioredis'

import type {LockScan} from '../../../../src/domain/locks/scan/collect-locks.js'
import {askCli, parseDocument, requireFailure, runCli} from '../../../support/shells/cli.js'
import {temporaryFolder} from '../../../support/shells/folder.js'
import {startRedis} from '../../../support/servers/redis-servers.js'

const UUID = '6f0e1c52-0d3b-4a53-9d6f-3e1f6f0a9b11'

test('without a pattern, unambiguous formats and names with a word for a lock are found in the whole database', async (t) => {
  const redis = await startRedis(t)
  await redis.call('HSET', 'orders:7', `${UUID}:31`, 1)
  await redis.call('PEXPIRE', 'orders:7', 30_000)
  await redis.call('SET', 'invoice_mutex', UUID, 'PX', 30_000)
  await redis.call('SET', 'block:height', '812345')
  await redis.call('SET', 'clock:skew', '3')
  await redis.call('SET', 'unlock-code:7', '4711')
  const found = async (...more: string[]): Promise<string[]> => {
    const scan = await askCli<LockScan>(['locks', 'scan', '--redis-url', redis.url, ...more])
    return scan.locks.map(({isAssumed, key}) => `${key}${isAssumed ? ' (assumed)' : ''}`).toSorted()
  }
  assert.deepEqual(await found(), ['invoice_mutex', 'orders:7'])
  assert.deepEqual(await found('--pattern', '*lock*'), [])
  assert.deepEqual(await found('--pattern', '*lock*', '--assume-locks'), [
    'block:height (assumed)',
    'clock:skew (assumed)',
    'unlock-code:7 (assumed)',
  ])
})

test('an empty answer names the other databases and the names under which keys look like locks', async (t) => {
  const redis = await startRedis(t)
  const scan = ['locks', 'scan', '--redis-url', redis.url]
  await redis.call('SELECT', 3)
  for (let at = 0; at < 14; at++) await redis.call('SET', `lock:${String(at)}`, UUID, 'PX', 30_000)
  await redis.call('SELECT', 0)
  const empty = await runCli(scan)
  assert.equal(empty.code, 0, 'without --fail-on and --strict, an empty list is an answer')
  assert.match(empty.stdout, /0 locks found among about 0 keys in database 0\ndatabase 3 has 14 keys/)
  const inThree = `keyshift locks scan --redis-url ${redis.url}/3`
  assert.ok(empty.stdout.includes(inThree), empty.stdout)
  for (const flags of [['--strict'], ['--fail-on', 'error']]) {
    const run = await runCli([...scan, ...flags, '--json'])
    assert.equal(run.code, 4)
    const {error} = parseDocument(run.stdout)
    assert.equal(error.code, 'E_NOTHING_SEEN')
    assert.equal(error.next[0], inThree)
  }
  assert.equal((await runCli(['locks', 'scan', '--redis-url', `${redis.url}/3`, '--strict'])).code, 0)

  // A database without locks is normal; one whose keys look like locks under other names is not.
  await redis.call('SET', 'cache:1', 'x')
  assert.equal((await runCli([...scan, '--strict'])).code, 0)
  for (let at = 0; at < 12; at++) await redis.call('SET', `account:${String(at)}`, UUID, 'PX', 30_000)
  await redis.call('SET', 'session:1', UUID, 'PX', 86_400_000)
  await redis.call('SET', 'owner:1', UUID)
  await requireFailure({
    exit: 4,
    code: 'E_NOTHING_SEEN',
    says: /12 keys look like locks under other names/,
    args: [...scan, '--strict'],
  })
  const {summary} = await askCli<LockScan>(scan)
  assert.deepEqual(summary.otherNames, {keys: 12, patterns: [{pattern: 'account:*', keys: 12}]})
  assert.deepEqual(summary.otherDatabases, [{database: 3, keys: 14}])
  const assumed = await askCli<LockScan>([...scan, '--pattern', 'account:*', '--assume-locks'])
  assert.equal(assumed.summary.locks, 12)
})

test('a scan that could not read everything exits 4 with --strict, and with --fail-on unless a lock is bad enough', async (t) => {
  const redis = await startRedis(t)
  await redis.call('SET', 'lock:other', UUID, 'PX', 30_000)
  await redis.call('SET', 'lock:mine:1', UUID, 'PX', 30_000)
  const rights = ['+info', '+scan', '+dbsize', '+type', '+pexpiretime', '+pttl', '+object', '+get']
  await redis.call('ACL', 'SETUSER', 'auditor', 'on', '>right', '%R~lock:mine:*', '-@all', ...rights)
  const scan = ['locks', 'scan', '--redis-url', redis.url.replace('redis://', 'redis://auditor:right@')]
  const code = async (...more: string[]): Promise<number | null> => (await runCli([...scan, ...more])).code
  assert.equal(await code(), 0)
  const incomplete = {exit: 4, code: 'E_INCOMPLETE', says: /1 key not readable: missing permission ~KEY/} as const
  await requireFailure({...incomplete, args: [...scan, '--strict']})
  await requireFailure({...incomplete, args: [...scan, '--fail-on', 'error']})
  await redis.call('PERSIST', 'lock:mine:1')
  assert.equal(await code('--fail-on', 'error'), 10)
  await requireFailure({...incomplete, args: [...scan, '--fail-on', 'error', '--strict']})
})

test('a key of an unknown format that never expires is a finding', async (t) => {
  const redis = await startRedis(t)
  await redis.call('HSET', 'lock:order:7', 'owner', 'worker-3', 'since', 'yesterday')
  const scan = ['locks', 'scan', '--redis-url', redis.url]
  const {locks} = await askCli<LockScan>(scan)
  assert.deepEqual(
    locks.map(({family, verdicts}) => [family, verdicts]),
    [['unknown', ['no-ttl', 'unknown-format']]],
  )
  assert.equal((await runCli([...scan, '--fail-on', 'error'])).code, 10)
  await redis.call('PEXPIRE', 'lock:order:7', 30_000)
  assert.equal((await runCli([...scan, '--fail-on', 'error'])).code, 0)
})

test('with --max, the worst locks are listed whatever the order of the scan', async (t) => {
  const redis = await startRedis(t)
  for (let at = 0; at < 600; at++) await redis.call('SET', `lock:${String(at)}`, UUID, 'PX', 60_000)
  for (const at of [7, 99, 301]) await redis.call('PERSIST', `lock:${String(at)}`)
  for (const at of [8, 400]) await redis.call('PEXPIRE', `lock:${String(at)}`, 86_400_000)
  const {locks} = await askCli<LockScan>(['locks', 'scan', '--redis-url', redis.url, '--max', '6'])
  assert.deepEqual(
    locks.slice(0, 5).map(({key, verdict}) => [key, verdict]),
    [
      ...['lock:301', 'lock:7', 'lock:99'].map((key) => [key, 'no-ttl']),
      ...['lock:400', 'lock:8'].map((key) => [key, 'ttl-too-long']),
    ],
  )
  assert.equal(locks.at(-1)?.verdict, 'healthy')
})

test('a release that the server refuses for a lock exits 4, also when others are released', async (t) => {
  const redis = await startRedis(t)
  const folder = await temporaryFolder(t)
  const [plan, log] = [join(folder, 'plan.json'), join(folder, 'audit.ndjson')]
  for (const key of ['lock:a', 'lock:b']) await redis.call('SET', key, UUID, 'PX', 60_000)
  await redis.call('ACL', 'SETUSER', 'reader', 'on', '>right', '%R~*', '+@all')
  const at = ['--redis-url', redis.url.replace('redis://', 'redis://reader:right@')]
  await askCli(['locks', 'release', 'lock:a', 'lock:b', '--hard', '-o', plan, ...at])
  const execute = ['locks', 'release', '--execute', plan, '--reason', 'a test', '--yes', '--audit-log', log, ...at]
  const run = await runCli([...execute, '--json'])
  assert.equal(run.code, 4, run.stdout)
  const {error} = parseDocument(run.stdout)
  assert.equal(error.code, 'E_RELEASE_FAILED')
  assert.match(error.message, /^2 of 2 locks failed to be released in Redis at .*permission/i)
  await redis.call('ACL', 'SETUSER', 'reader', '~lock:b')
  const partly = await runCli([...execute, '--json'])
  assert.equal(partly.code, 4)
  assert.match(parseDocument(partly.stdout).error.message, /^1 of 2 locks failed/)
  assert.equal(Number(await redis.call('EXISTS', 'lock:a', 'lock:b')), 1)
})

test('a waiter makes a lock that the same holder keeps contended, and is counted', async (t) => {
  const redis = await startRedis(t)
  for (const key of ['lock:waited', 'lock:idle']) {
    await redis.call('HSET', key, `${UUID}:31`, 1)
    await redis.call('PEXPIRE', key, 30_000)
  }
  await redis.call('RPUSH', 'redisson_lock_queue:{lock:fair}', `${UUID}:32`)
  await redis.call('HSET', 'lock:fair', `${UUID}:31`, 1)
  const listener = new Redis(redis.url)
  t.after(() => {
    listener.disconnect()
  })
  await listener.subscribe('redisson_lock__channel:{lock:waited}', `redisson_lock__channel:{lock:fair}:${UUID}:32`)
  const scan = async (...more: string[]): Promise<unknown> => {
    const args = ['locks', 'scan', '--pattern', 'lock:*', '--redis-url', redis.url, ...more]
    const {locks} = await askCli<LockScan>(args)
    return Object.fromEntries(locks.map(({key, verdicts, waiters}) => [key, [waiters, ...verdicts]]))
  }
  assert.deepEqual(await scan(), {
    'lock:fair': [1, 'no-ttl', 'contended'],
    'lock:waited': [1, 'healthy'],
    'lock:idle': [0, 'healthy'],
  })
  const observed = (await scan('--observe', '1s')) as Record<string, unknown[]>
  assert.deepEqual(observed['lock:waited'], [1, 'contended'])
  assert.deepEqual(observed['lock:idle'], [0, 'healthy'])
})
