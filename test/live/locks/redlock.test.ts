import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {LockScan} from '../../../src/domain/locks/scan/collect-locks.js'
import {askCli, parseDocument, runCli} from '../../support/shells/cli.js'
import {temporaryFolder} from '../../support/shells/folder.js'
import {type SpareRedis, startCluster, startRedis} from '../../support/servers/redis-servers.js'

const hex = (digit: string): string => digit.repeat(32)
const take = (server: SpareRedis, key: string, token: string): Promise<unknown> =>
  server.call('SET', key, token, 'PX', 600_000)

test('each lock on the servers of a Redlock is reported once, and leftovers of failed attempts are reported as such', async (t) => {
  const servers = [await startRedis(t), await startRedis(t), await startRedis(t)] as const
  const [first, second, third] = servers
  for (const server of servers) await take(server, 'lock:whole', hex('1'))
  for (const server of [second, third]) await take(server, 'lock:two', hex('2'))
  await take(third, 'lock:left', hex('3'))
  const uuid = '6f0e1c52-0d3b-4a53-9d6f-3e1f6f0a9b11' // as of redlock-rb and aioredlock
  for (const server of [first, third]) await take(server, 'lock:uuid', uuid)
  await take(first, 'lock:uuid-left', uuid)
  const letters = 'kQ3mZr8vT1pXy0LdNfGh2J' // as of redlock-py
  for (const server of servers) await take(server, 'lock:letters', letters)
  await take(second, 'lock:letters-left', letters)
  for (const [at, server] of servers.entries()) await take(server, 'lock:split', hex(String(at + 4)))
  await take(second, 'lock:mine', 'worker-7')

  const args = ['locks', 'scan', '--pattern', 'lock:*', '--redis-url', first.url]
  const all = [...args, '--redlock', second.url, '--redlock', third.url]
  const scan = await askCli<LockScan>([...all, '--observe', '2500ms'])
  const reported = scan.locks
    .map(({key, redlock, verdicts}) => [key, redlock?.heldOn ?? null, verdicts] as const)
    .toSorted(([one, on], [other, at]) => one.localeCompare(other) || String(on).localeCompare(String(at)))
  const residue = ['redlock-minority']
  assert.deepEqual(reported, [
    ['lock:left', [third.url], residue],
    ['lock:letters', [first.url, second.url, third.url], ['healthy']],
    ['lock:letters-left', [second.url], residue],
    ['lock:mine', null, ['healthy']], // its format is never acquired on several servers
    ...[first.url, second.url, third.url].toSorted().map((url) => ['lock:split', [url], residue] as const),
    ['lock:two', [second.url, third.url], ['healthy']],
    ['lock:uuid', [first.url, third.url], ['healthy']],
    ['lock:uuid-left', [first.url], residue],
    ['lock:whole', [first.url, second.url, third.url], ['healthy']],
  ])
  assert.deepEqual([scan.complete, scan.redlock, scan.scannedKeys], [true, [second.url, third.url], 17])
  assert.equal(scan.summary.verdicts['redlock-minority'], 6)

  const {stdout} = await runCli([...all, '--observe', '2500ms', '--fail-on', 'info'])
  assert.match(stdout, /lock:left .*\(on 1 of 3 servers\)/)
  const alone = await askCli<LockScan>([...args, '--observe', '2500ms'])
  assert.deepEqual(
    alone.locks.map(({redlock, verdict}) => [redlock, verdict]),
    Array.from({length: 5}, () => [null, 'healthy']),
  )
})

test('the Redlock servers of a context are scanned, unless other servers are given', async (t) => {
  const [first, second, third] = [await startRedis(t), await startRedis(t), await startRedis(t)] as const
  for (const server of [first, second]) await take(server, 'lock:one', hex('1'))
  const env = {XDG_CONFIG_HOME: await temporaryFolder(t), KEYSHIFT_REDIS_URL: ''}
  const redlock = ['--redlock', second.url, '--redlock', third.url]
  await askCli(['context', 'add', 'orders', '--redis-url', first.url, ...redlock, '--yes'], env)
  const heldOn = async (...more: string[]): Promise<unknown> =>
    (await askCli<LockScan>(['locks', 'scan', ...more], env)).locks[0]?.redlock?.heldOn ?? null
  assert.deepEqual(await heldOn(), [first.url, second.url])
  assert.deepEqual(await heldOn('--redlock', third.url), [first.url])
  assert.deepEqual(await heldOn('--redis-url', second.url), null)
  const {stdout} = await runCli(['context', 'show'], env)
  assert.match(stdout, new RegExp(`Redlock +${second.url} ${third.url} \\(context orders\\)`))
  const held = ['context', 'add', 'other', '--redlock', 'redis://ops:hunter2@host:6379', '--yes', '--json']
  const refused = await runCli(held, env)
  assert.deepEqual([refused.code, parseDocument(refused.stdout).error.code], [2, 'E_URL'])
})

test('a lock that was just acquired on one server only is not a leftover yet', async (t) => {
  const [first, second] = [await startRedis(t), await startRedis(t)] as const
  await take(first, 'lock:new', hex('1'))
  const scan = await askCli<LockScan>(['locks', 'scan', '--redis-url', first.url, '--redlock', second.url])
  assert.deepEqual(
    scan.locks.map(({redlock, verdict}) => [redlock, verdict]),
    [[{servers: 2, heldOn: [first.url], notAsked: 0}, 'healthy']],
  )
})

test('a Redlock server that is down is reported and does not count for or against a lock', async (t) => {
  const [first, second, third] = [await startRedis(t), await startRedis(t), await startRedis(t)] as const
  await take(first, 'lock:one', hex('1'))
  for (const server of [first, second]) await take(server, 'lock:two', hex('2'))
  await third.call('PING')
  await third.kill()
  const args = ['locks', 'scan', '--redis-url', first.url, '--redlock', second.url, '--redlock', third.url]
  const scan = await askCli<LockScan>([...args, '--observe', '2500ms'])
  assert.equal(scan.complete, false)
  assert.deepEqual(
    scan.summary.failedServers.map(({address}) => address),
    [third.url],
  )
  assert.match(scan.summary.failedServers[0]?.cause ?? '', /connection refused/)
  // The server that is down may have the lock too.
  assert.deepEqual(
    scan.locks.map(({key, redlock, verdict}) => [key, redlock?.heldOn.length, redlock?.notAsked, verdict]),
    [
      ['lock:one', 1, 1, 'healthy'],
      ['lock:two', 2, 1, 'healthy'],
    ],
  )
})

test('a cluster, a server that is given twice, and an invalid address are refused as Redlock servers', async (t) => {
  const first = await startRedis(t)
  const {url: cluster} = await startCluster(t)
  for (const [main, other, code] of [
    [first.url, cluster, 'E_REDLOCK'],
    [cluster, first.url, 'E_REDLOCK'],
    [first.url, first.url, 'E_REDLOCK'],
    [first.url, 'http://10.0.0.1', 'E_REDIS_URL'],
  ] as const) {
    const run = await runCli(['locks', 'scan', '--redis-url', main, '--redlock', other, '--json'])
    assert.deepEqual([run.code, parseDocument(run.stdout).error.code], [2, code])
  }
})
