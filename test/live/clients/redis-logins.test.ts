import assert from 'node:assert/strict'
import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {test} from 'node:test'

import {Redis} from 'ioredis'

import {makeCertificates, type Pair} from '../../../stack/certificates.mjs'
import type {LockScan} from '../../../src/domain/locks/scan/collect-locks.js'
import {askCli, parseDocument, runCli} from '../../support/shells/cli.js'
import {temporaryFolder} from '../../support/shells/folder.js'
import {startRedis} from '../../support/servers/redis-servers.js'

test('a missing permission is named', async (t) => {
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
    assert.ok(warnings.join().includes(`missing permission ${lacks}`), warnings.join())
  }
  // The table must report that it is incomplete.
  assert.match(
    (await runCli(['locks', 'scan', '--redis-url', as])).stdout,
    /no lock found in the readable part of[^]*incomplete: 2 keys not readable.*~KEY/,
  )
  for (const without of ['+scan', '+info']) {
    const {error} = await scanAs(...rights.filter((right) => right !== without))
    assert.equal(error.code, 'E_REDIS_ACL')
    assert.deepEqual(error.data['missingRight'], without)
    assert.match(error.next.join(), new RegExp(`ACL SETUSER USER \\${without}`))
  }
})

test('TLS and an ACL user: CA bundle, client certificate and password file, from variables and from a context', async (t) => {
  const folder = await temporaryFolder(t)
  const {authority, pairs} = await makeCertificates(folder, {authority: 'ca', names: ['redis', 'auditor']})
  const user = ['--user', 'auditor', 'on', '>right', '~*', '+@all']
  const {port} = await startRedis(t, ...tlsArgs(authority, pairs.redis), ...user)
  const url = `rediss://auditor@127.0.0.1:${String(port)}`
  const password = join(folder, 'password')
  await writeFile(password, 'right\n')
  const certificate = {
    KEYSHIFT_REDIS_TLS_CERT_FILE: pairs.auditor.certificate,
    KEYSHIFT_REDIS_TLS_KEY_FILE: pairs.auditor.key,
  }
  const refusal = async (env: Record<string, string>): Promise<[number | null, string, string]> => {
    const {code, stdout} = await runCli(['locks', 'scan', '--redis-url', url, '--json'], env)
    const {error} = parseDocument(stdout)
    return [code, error.code, error.message]
  }
  const unknown = await refusal({...certificate, KEYSHIFT_REDIS_PASSWORD_FILE: password})
  assert.deepEqual(unknown.slice(0, 2), [4, 'E_REDIS_TLS'], unknown[2])
  const all = {...certificate, KEYSHIFT_REDIS_TLS_CA_FILE: authority, KEYSHIFT_REDIS_PASSWORD_FILE: password}
  const wrong = await refusal({...all, KEYSHIFT_REDIS_PASSWORD: 'wrong'})
  assert.deepEqual(wrong.slice(0, 2), [4, 'E_REDIS_AUTH'])
  assert.match(wrong[2], /sent with the password from the environment variable KEYSHIFT_REDIS_PASSWORD$/)
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

test('Sentinels that require TLS and the password of Redis', async (t) => {
  const folder = await temporaryFolder(t)
  const {authority, pairs} = await makeCertificates(folder, {authority: 'ca', names: ['redis']})
  const args = [...tlsArgs(authority, pairs.redis), '--tls-auth-clients', 'no', '--requirepass', 'secret']
  const primary = await startRedis(t, ...args)
  const sentinel = await startRedis(t, '--sentinel', ...args, '--tls-replication', 'yes')
  const tls = {ca: await readFile(authority)}
  const admins = [primary, sentinel].map(({port}) => new Redis({host: '127.0.0.1', port, tls, password: 'secret'}))
  const [ofPrimary, ofSentinel] = admins as [Redis, Redis]
  for (const admin of admins) {
    admin.on('error', () => undefined) // until it is running
    t.after(() => {
      admin.disconnect()
    })
  }
  await ofPrimary.set('lock:one', 'worker-3', 'PX', 600_000)
  await ofSentinel.call('SENTINEL', 'MONITOR', 'orders', '127.0.0.1', primary.port, 1)
  await ofSentinel.call('SENTINEL', 'SET', 'orders', 'auth-pass', 'secret')

  const all = {KEYSHIFT_REDIS_TLS_CA_FILE: authority, KEYSHIFT_REDIS_PASSWORD: 'secret'}
  const scan = (url: string): string[] => ['locks', 'scan', '--redis-url', url]
  const url = `rediss+sentinel://127.0.0.1:1,${sentinel.address}/orders`
  const {complete, locks} = await askCli<LockScan>(scan(url), all)
  assert.deepEqual([complete, locks.map(({key}) => key)], [true, ['lock:one']])

  const cases: ReadonlyArray<readonly [url: string, change: Record<string, string>, code: string, says: RegExp]> = [
    [url, {KEYSHIFT_REDIS_PASSWORD: 'other'}, 'E_REDIS_AUTH', /WRONGPASS/],
    [url, {KEYSHIFT_REDIS_PASSWORD: ''}, 'E_REDIS_AUTH', /NOAUTH/],
    [url, {KEYSHIFT_REDIS_TLS_CA_FILE: ''}, 'E_REDIS_TLS', /SELF_SIGNED_CERT_IN_CHAIN/],
    [`redis+sentinel://${sentinel.address}/orders`, {}, 'E_REDIS_UNREACHABLE', /connection closed by the server/],
    [url.replace('orders', 'payments'), {}, 'E_REDIS_UNREACHABLE', /No such master with that name/],
  ]
  for (const [asked, change, code, says] of cases) {
    const {error} = parseDocument((await runCli([...scan(asked), '--json'], {...all, ...change})).stdout)
    assert.equal(error.code, code, error.message)
    assert.match(error.message, says)
  }
})

/** A server with TLS only. */
function tlsArgs(authority: string, {certificate, key}: Pair): string[] {
  const files = ['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', authority]
  return ['--port', '0', '--tls-port', 'PORT', ...files]
}
