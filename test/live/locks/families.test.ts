import assert from 'node:assert/strict'
import {test} from 'node:test'

import {Redis} from 'ioredis'

import type {LockScan} from '../../../src/domain/locks/scan/collect-locks.js'
import {askCli} from '../../support/shells/cli.js'
import {deleteAll, type HeldLock, holdBy, redissonProgram} from '../../support/fleets/held-locks.js'
import {closeFirst, live} from '../../support/servers/live.js'
import {LOCK_SHAPES, OTHER_SHAPES, type Stored} from '../../support/reports/lock-shapes.js'
import {startRedis} from '../../support/servers/redis-servers.js'
import {goProgram, nodeProgram, type Program, pythonProgram} from '../../support/fleets/programs.js'

const LIBRARIES: ReadonlyArray<readonly [name: string, program: Program | null]> = [
  ['redlock 4 and 5, redis-semaphore, warlock, Bull and BullMQ', nodeProgram('locks.mjs')],
  ['redis-py and python-redis-lock', pythonProgram('locks.py')],
  ['task queues, caches and Redlock clients of Python', pythonProgram('library_locks.py')],
  ['redsync, bsm/redislock and asynq', goProgram('locks')],
  ['Redisson', redissonProgram()],
]

for (const [name, program] of LIBRARIES) {
  test(
    `every lock of ${name} is found with its family and its holder, and no other key is reported`,
    {skip: program === null ? 'the libraries cannot be installed here' : false},
    live(async (t, {addresses, keyPrefix, redis}) => {
      assert.ok(program)
      closeFirst(t, () => deleteAll(redis, keyPrefix))
      const holding = await holdBy(program, {redisUrl: addresses.redisUrl, prefix: keyPrefix})
      closeFirst(t, () => holding.close())
      const isOurs = ({key}: HeldLock): boolean => key.includes(keyPrefix.replace(':', ''))
      assert.deepEqual(reportedOf(await scanned('*'), holding.held).filter(isOurs), sorted(holding.held))
      // Other keys of the libraries are listed too.
      const found = reportedOf(await scanned(`*${keyPrefix.replace(':', '')}*`, '--assume-locks'), holding.held)
      const isHeld = ({key}: HeldLock): boolean => holding.held.some((lock) => lock.key === key)
      assert.deepEqual(found.filter(isHeld), sorted(holding.held))
    }),
  )
}

test('every lock that is written in the format of a library that cannot be run here is found', async (t) => {
  const server = await startRedis(t)
  const redis = new Redis(server.url)
  closeFirst(t, async () => {
    await redis.quit()
  })
  // Several libraries have the same key, so each round has one lock for a key. Discourse's format depends on the time.
  let waiting = LOCK_SHAPES.filter(({family}) => family !== 'discourse')
  while (waiting.length > 0) {
    const round = waiting.filter(({key}, at) => waiting.findIndex((other) => other.key === key) === at)
    waiting = waiting.filter((shape) => !round.includes(shape))
    await redis.flushdb()
    for (const {key, stored} of round) {
      await store(redis, key, stored)
      await redis.pexpire(key, 60_000)
    }
    const found = reportedOf(await scanned('*', '--assume-locks', '--redis-url', server.url), round)
    assert.deepEqual(found, sorted(round.map(({family, key, token}) => ({family, key, token}))))
  }
})

test(
  'a scan of all keys reports no key that is not a lock',
  live(async (t, {keyPrefix, redis}) => {
    closeFirst(t, () => deleteAll(redis, keyPrefix))
    for (const {key, stored} of OTHER_SHAPES) await store(redis, `${key}:${keyPrefix}`, stored)
    assert.equal((await redis.keys(`*${keyPrefix}*`)).length, OTHER_SHAPES.length)
    const found = (await scanned('*')).filter(({key}) => key.includes(keyPrefix))
    assert.deepEqual(found, [])
  }),
)

test(
  'a script and pipelines read the same from keys of every type',
  live(async (t, {keyPrefix, redis}) => {
    closeFirst(t, () => deleteAll(redis, keyPrefix))
    for (const [at, {key, stored}] of [...LOCK_SHAPES, ...OTHER_SHAPES].entries()) {
      await store(redis, `${keyPrefix}${String(at)}:${key}`, stored)
    }
    const binary = Buffer.from([0xff, 0x00, 0xfe])
    await redis.hset(`${keyPrefix}binary`, binary, binary)
    await redis.set(`${keyPrefix}long`, 'x'.repeat(5000))
    await redis.rpush(`${keyPrefix}many`, ...Array.from({length: 200}, String))
    await redis.xadd(`${keyPrefix}stream`, '*', 'a', 'b')
    const lasting = (locks: LockScan['locks']): object[] =>
      locks.map((lock) => ({...lock, ttlMs: null, idleMs: null, heldAtLeastMs: null}))
    const byScript = lasting(await scanned(`${keyPrefix}*`, '--assume-locks'))
    assert.ok(byScript.length > 30)
    assert.deepEqual(byScript, lasting(await scanned(`${keyPrefix}*`, '--assume-locks', '--avoid-scripts')))
  }),
)

async function scanned(pattern: string, ...more: string[]): Promise<LockScan['locks']> {
  const scan = await askCli<LockScan>(['locks', 'scan', '--pattern', pattern, ...more])
  assert.equal(scan.complete, true)
  return scan.locks
}

/** The locks with the family that is named, or with the right one where it is among the candidates and no other is named. */
function reportedOf(locks: LockScan['locks'], held: readonly HeldLock[]): HeldLock[] {
  const right = new Map(held.map(({family, key}) => [key, family]))
  return sorted(
    locks.map(({candidates, family, group, holder, key}) => {
      const candidate = candidates.find((one) => one.family === right.get(key))
      return {key, family: group === null ? family : (candidate?.family ?? family), token: holder?.token ?? ''}
    }),
  )
}

function sorted(locks: readonly HeldLock[]): HeldLock[] {
  return locks.toSorted((a, b) => (a.key < b.key ? -1 : 1))
}

async function store(redis: Redis, key: string, stored: Stored): Promise<void> {
  if ('string' in stored) await redis.set(key, stored.string)
  else if ('hash' in stored) await redis.hset(key, stored.hash)
  else if ('list' in stored) await redis.rpush(key, ...stored.list)
  else if ('set' in stored) await redis.sadd(key, ...stored.set)
  else await redis.zadd(key, ...Object.entries(stored.zset).flatMap(([member, score]) => [score, member]))
}
