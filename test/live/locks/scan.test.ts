import assert from 'node:assert/strict'
import {execFile} from 'node:child_process'
import {test} from 'node:test'
import {promisify} from 'node:util'

import type {LockScan} from '../../../src/domain/locks/scan/collect-locks.js'
import {askCli, BIN, parseDocument, runCli} from '../../support/shells/cli.js'
import {addresses, live} from '../../support/servers/live.js'

const UUID = '6f0e1c52-0d3b-4a53-9d6f-3e1f6f0a9b11'

test(
  'a scan distinguishes leaked and healthy locks, plain and of Redisson, and changes nothing',
  live(async (_t, place) => {
    const {keyPrefix, redis} = place
    const keys = {
      healthy: `${keyPrefix}healthy`,
      leaked: `${keyPrefix}leaked`,
      long: `${keyPrefix}long`,
      redisson: `${keyPrefix}redisson`,
      odd: `${keyPrefix}odd`,
    }
    try {
      await redis.set(keys.healthy, `worker-1_4711_${'a'.repeat(32)}`, 'PX', 50_000)
      await redis.set(keys.leaked, 'token-of-a-killed-process')
      await redis.set(keys.long, 'x', 'PX', 5_000_000)
      await redis.hset(keys.redisson, `${UUID}:31`, '2')
      await redis.pexpire(keys.redisson, 29_000)
      await redis.rpush(keys.odd, 'a')
      const scan = await askCli<LockScan>(['locks', 'scan', '--pattern', `${keyPrefix}*`, '--assume-locks'])
      assert.equal(scan.complete, true)
      assert.deepEqual(
        scan.locks.map(({key, verdict}) => [key, verdict]),
        [
          [keys.leaked, 'no-ttl'],
          [keys.long, 'ttl-too-long'],
          [keys.odd, 'unknown-format'],
          [keys.healthy, 'healthy'],
          [keys.redisson, 'healthy'],
        ],
      )
      const byKey = new Map(scan.locks.map((lock) => [lock.key, lock]))
      assert.equal(byKey.get(keys.leaked)?.holder?.token, 'token-of-a-killed-process')
      assert.equal(byKey.get(keys.healthy)?.holder?.pid, 4711)
      assert.equal(byKey.get(keys.redisson)?.family, 'redisson')
      assert.equal(byKey.get(keys.redisson)?.holder?.thread, 31)
      assert.equal(byKey.get(keys.redisson)?.reentrancy, 2)
      assert.deepEqual(scan.summary.verdicts, {healthy: 2, 'no-ttl': 1, 'ttl-too-long': 1, 'unknown-format': 1})
      assert.equal((await redis.keys(`${keyPrefix}*`)).length, 5)
      assert.equal(await redis.get(keys.leaked), 'token-of-a-killed-process')

      const text = await runCli(['locks', 'scan', '--pattern', `${keyPrefix}*`, '--assume-locks'])
      assert.match(
        text.stdout,
        new RegExp(`no-ttl +${keys.leaked} +home-made 99 % +token-of-a-killed-process +never expires`),
      )
    } finally {
      await redis.del(...Object.values(keys))
    }
  }),
)

test(
  'the idle time of a lock with a small number as its value is unknown, because keys share such values',
  live(async (_t, {keyPrefix, redis}) => {
    const keys = [`${keyPrefix}number`, `${keyPrefix}text`]
    try {
      for (const key of keys) await redis.set(key, key.endsWith('number') ? '7' : 'locked', 'PX', 60_000)
      const {locks} = await askCli<LockScan>(['locks', 'scan', '--pattern', `${keyPrefix}*`, '--assume-locks'])
      const found = locks.map(({heldAtLeastMs, heldSource, idleMs, key}) => [
        key,
        idleMs === null,
        heldAtLeastMs === null,
        heldSource,
      ])
      assert.deepEqual(found.toSorted(), [
        [keys[0], true, true, null],
        [keys[1], false, false, 'idle'],
      ])
    } finally {
      await redis.del(...keys)
    }
  }),
)

test(
  'with more locks than --max all are counted, and the list is reported as incomplete',
  live(async (_t, {keyPrefix, redis}) => {
    const keys = Array.from({length: 2500}, (_, at) => `${keyPrefix}${String(at)}`)
    try {
      await Promise.all(keys.map((key) => redis.set(key, 'x', 'PX', 60_000)))
      const run = await runCli([
        'locks',
        'scan',
        '--pattern',
        `${keyPrefix}*`,
        '--assume-locks',
        '--max',
        '10',
        '--json',
      ])
      const {result, warnings} = parseDocument<LockScan>(run.stdout)
      assert.equal(result.summary.locks, 2500)
      assert.equal(result.locks.length, 10)
      assert.equal(result.complete, false)
      assert.match(warnings.join(), /listing 10 of 2,500 locks/)
    } finally {
      await redis.del(...keys)
    }
  }),
)

test(
  'a wrong password gives exit 4 and is not printed',
  live(async (_t, {addresses, redis}) => {
    const user = `u${String(Date.now())}`
    await redis.call('ACL', 'SETUSER', user, 'on', '>right', '~*', '+@all')
    try {
      const url = addresses.redisUrl.replace('redis://', `redis://${user}:wr0ng-secret@`)
      for (const json of [[], ['--json']]) {
        const run = await runCli(['locks', 'scan', '--redis-url', url, ...json])
        assert.equal(run.code, 4)
        assert.doesNotMatch(run.stdout + run.stderr, /wr0ng-secret/)
        if (json.length > 0) assert.equal(parseDocument(run.stdout).error.code, 'E_REDIS_AUTH')
        else assert.match(run.stderr, /E_REDIS_AUTH/)
      }
    } finally {
      await redis.call('ACL', 'DELUSER', user)
    }
  }),
)

test(
  'keys that the login cannot read are counted, and the result is reported as incomplete',
  live(async (_t, {addresses, keyPrefix, redis}) => {
    const user = `v${String(Date.now())}`
    const acl = [
      'on',
      '>right',
      `%R~${keyPrefix}mine:*`,
      '-@all',
      '+info',
      '+scan',
      '+dbsize',
      '+type',
      '+pttl',
      '+object',
      '+get',
    ]
    const keys = [`${keyPrefix}mine:a`, `${keyPrefix}other:a`, `${keyPrefix}other:b`]
    try {
      await redis.call('ACL', 'SETUSER', user, ...acl)
      for (const key of keys) await redis.set(key, 'x', 'PX', 60_000)
      const url = addresses.redisUrl.replace('redis://', `redis://${user}:right@`)
      const run = await runCli([
        'locks',
        'scan',
        '--redis-url',
        url,
        '--pattern',
        `${keyPrefix}*`,
        '--assume-locks',
        '--json',
      ])
      const {result, warnings} = parseDocument<LockScan>(run.stdout)
      assert.deepEqual(
        result.locks.map(({key}) => key),
        [keys[0]],
      )
      assert.equal(result.summary.unreadable, 2)
      assert.equal(result.complete, false)
      assert.match(warnings.join(), /2 keys not readable/)

      await redis.call('ACL', 'SETUSER', user, '-info')
      const refused = await runCli(['locks', 'scan', '--redis-url', url, '--json'])
      assert.equal(refused.code, 4)
      assert.equal(parseDocument(refused.stdout).error.code, 'E_REDIS_ACL')
    } finally {
      await redis.call('ACL', 'DELUSER', user)
      await redis.del(...keys)
    }
  }),
)

test(
  'the scan ends without an error when the reader of its output closes the pipe',
  live(async (_t, {addresses, keyPrefix, redis}) => {
    const keys = Array.from({length: 3000}, (_, at) => `${keyPrefix}lock:${String(at)}`)
    try {
      const filling = redis.pipeline()
      for (const key of keys) filling.set(key, 'f'.repeat(32), 'PX', 60_000)
      await filling.exec()
      const scan = `${process.execPath} ${BIN} locks scan --pattern '${keyPrefix}*' --output ndjson --redis-url ${addresses.redisUrl}`
      const pipe = `${scan} | head -n 2; echo "ended with \${PIPESTATUS[0]}"`
      const {stderr, stdout} = await promisify(execFile)('bash', ['-c', pipe])
      assert.equal(stderr, '')
      assert.match(stdout, /^\{"key".*\n\{"key".*\nended with 0\n$/)
    } finally {
      await redis.del(...keys)
    }
  }),
)

test('an address without Redis gives exit 4 at most two seconds later than a scan with a Redis ends', async () => {
  const reachedAt = Date.now()
  await askCli(['locks', 'scan', '--pattern', 'no-such-key', '--redis-url', addresses.redisUrl])
  const startedAt = Date.now()
  const run = await runCli(['locks', 'scan', '--redis-url', 'redis://127.0.0.1:1', '--json'])
  const tookMs = Date.now() - startedAt
  assert.equal(run.code, 4)
  assert.equal(parseDocument(run.stdout).error.code, 'E_REDIS_UNREACHABLE')
  assert.match(parseDocument(run.stdout).error.message, /connection refused/)
  assert.ok(tookMs <= startedAt - reachedAt + 2000, `took ${String(tookMs)} ms`)
})
