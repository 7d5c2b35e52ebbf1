import assert from 'node:assert/strict'
import {readFile, stat, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {test} from 'node:test'

import type {LockAudit} from '../../../../src/domain/locks/audit/collect-audit.js'
import {askCli, requireFailure, runCli} from '../../../support/shells/cli.js'
import {temporaryFolder} from '../../../support/shells/folder.js'
import {startRedis} from '../../../support/servers/redis-servers.js'

const TOKEN = 'a3'.repeat(16)
const OTHER = 'b4'.repeat(16)

test('an audit reports what is new, changed, unchanged and ended since the last one, with first-seen times', async (t) => {
  const redis = await startRedis(t)
  const file = join(await temporaryFolder(t), 'locks.baseline')
  const command = ['locks', 'audit', '--baseline', file, '--redis-url', redis.url]
  const audit = (...more: string[]): Promise<LockAudit> => askCli<LockAudit>([...command, ...more])
  const take = (key: string, token: string, ...ttl: string[]): Promise<unknown> =>
    redis.call('SET', `lock:${key}`, token, ...ttl)
  await take('goes', TOKEN, 'PX', '60000')
  await take('moves', TOKEN, 'PX', '60000')
  await take('stays', TOKEN)
  await take('worsens', TOKEN, 'PX', '60000')
  const first = await audit()
  assert.deepEqual([first.comparedWith, first.summary.changes], [null, {new: 4, changed: 0, same: 0, ended: 0}])
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  assert.ok(!(await readFile(file, 'utf8')).includes(TOKEN), 'the baseline contains no token')

  await redis.call('DEL', 'lock:goes')
  await take('comes', TOKEN, 'PX', '60000')
  await take('moves', OTHER, 'PX', '60000')
  await redis.call('PERSIST', 'lock:worsens')
  const second = await audit()
  const changes = (report: LockAudit): unknown =>
    report.locks.map(({change, changed, key}) => [key, change, ...changed]).toSorted()
  assert.deepEqual(changes(second), [
    ['lock:comes', 'new'],
    ['lock:goes', 'ended'],
    ['lock:moves', 'changed', 'holder'],
    ['lock:stays', 'same'],
    ['lock:worsens', 'changed', 'verdicts'],
  ])
  assert.equal(second.comparedWith, first.scannedAt)
  assert.equal(second.locks.at(-1)?.key, 'lock:goes', 'a lock that ended is last')
  const of = (report: LockAudit, key: string): LockAudit['locks'][number] | undefined =>
    report.locks.find((lock) => lock.key === `lock:${key}`)
  for (const key of ['stays', 'worsens']) assert.equal(of(second, key)?.firstSeenAt, of(first, key)?.firstSeenAt)
  assert.equal(of(second, 'goes')?.lastSeenAt, of(first, 'goes')?.lastSeenAt)
  assert.ok((of(second, 'moves')?.firstSeenAt ?? '') > (of(first, 'moves')?.firstSeenAt ?? ''), 'another holder')

  const third = await audit()
  assert.deepEqual(third.summary.changes, {new: 0, changed: 0, same: 4, ended: 0})
  assert.equal(of(third, 'worsens')?.firstSeenAt, of(first, 'worsens')?.firstSeenAt)
  const text = await runCli(command)
  assert.match(text.stdout, /since the audit .* ago: 0 new, 0 changed, 4 unchanged, 0 ended/)
})

test('the lines of an audit have the time, the server and all verdicts, and --change selects lines and findings', async (t) => {
  const redis = await startRedis(t)
  const file = join(await temporaryFolder(t), 'locks.baseline')
  const command = ['locks', 'audit', '--baseline', file, '--redis-url', redis.url]
  await redis.call('SET', 'lock:leaked', TOKEN)
  const csv = (await runCli([...command, '--output', 'csv', '--max-hold', '0s'])).stdout.trimEnd().split('\n')
  assert.match(csv[0] ?? '', /^change,firstSeenAt,lastSeenAt,verdict,verdicts,key,.*,scannedAt,server$/)
  assert.match(
    csv[1] ?? '',
    /^new,20\d\d-.*Z,20\d\d-.*Z,no-ttl,no-ttl[^,]*,lock:leaked,.*Z,redis:\/\/127\.0\.0\.1:\d+$/,
  )
  const fails = async (...more: string[]): Promise<number | null> => (await runCli([...command, ...more])).code
  assert.equal(await fails('--fail-on', 'error'), 10, 'a lock that is still there is a finding')
  assert.equal(await fails('--fail-on', 'error', '--change', 'new', '--change', 'changed'), 0)
  await redis.call('SET', 'lock:leaked-too', TOKEN)
  const run = await runCli([...command, '--fail-on', 'error', '--change', 'new', '--output', 'ndjson'])
  assert.equal(run.code, 10)
  const rows = run.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as {change: string; key: string; server: string; verdicts: string[]})
  assert.deepEqual(
    rows.map(({change, key, server, verdicts}) => [change, key, server, verdicts]),
    [['new', 'lock:leaked-too', redis.url, ['no-ttl']]],
  )
  const scan = await runCli(['locks', 'scan', '--redis-url', redis.url, '--output', 'csv'])
  assert.match(scan.stdout, /^verdict,key,.*,verdicts,waiters,scannedAt,server\nno-ttl,lock:leaked/)
})

test('after an incomplete scan no lock is reported as ended, and the next audit still knows it', async (t) => {
  const redis = await startRedis(t)
  const file = join(await temporaryFolder(t), 'locks.baseline')
  await redis.call('SET', 'lock:a', TOKEN)
  await redis.call('SET', 'lock:b', TOKEN)
  await redis.call('ACL', 'SETUSER', 'auditor', 'on', '>right', '%R~*', '+@all')
  const url = redis.url.replace('redis://', 'redis://auditor:right@')
  const command = ['locks', 'audit', '--baseline', file, '--redis-url', url]
  await askCli<LockAudit>(command)
  await redis.call('ACL', 'SETUSER', 'auditor', 'resetkeys', '%R~lock:a')
  const partial = await askCli<LockAudit>(command)
  assert.deepEqual(
    [partial.complete, partial.summary.changes, partial.summary.notSeen],
    [false, {new: 0, changed: 0, same: 1, ended: 0}, 1],
  )
  await requireFailure({exit: 4, code: 'E_INCOMPLETE', says: /1 key not readable/, args: [...command, '--strict']})
  await redis.call('ACL', 'SETUSER', 'auditor', '~*')
  assert.deepEqual((await askCli<LockAudit>(command)).summary.changes, {new: 0, changed: 0, same: 2, ended: 0})
})

test('a baseline of other keys, and a file that is not one, are refused and not changed', async (t) => {
  const redis = await startRedis(t)
  const file = join(await temporaryFolder(t), 'locks.baseline')
  const command = ['locks', 'audit', '--baseline', file, '--redis-url', redis.url]
  await askCli<LockAudit>(command)
  const before = await readFile(file, 'utf8')
  const missing = ['locks', 'audit', '--redis-url', redis.url, '--baseline', `${file}.d/locks`]
  await requireFailure({exit: 2, code: 'E_BASELINE', says: /ENOENT/, args: missing})
  const refused = {exit: 2, code: 'E_BASELINE'} as const
  await requireFailure({...refused, says: /pattern "\*", not "lock:\*"/, args: [...command, '--pattern', 'lock:*']})
  assert.equal(await readFile(file, 'utf8'), before)
  for (const [text, says] of [
    ['something else\n', /line 1 has another format/],
    ['{"a":1}\n', /does not start with keyshift.lock-baseline/],
    [`${before}{"key":"lock:a"}\n`, /line 2 has another format/],
  ] as const) {
    await writeFile(file, text)
    await requireFailure({...refused, says, args: command})
    assert.equal(await readFile(file, 'utf8'), text)
  }
})
