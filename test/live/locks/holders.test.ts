import assert from 'node:assert/strict'
import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {test} from 'node:test'

import type {Redis} from 'ioredis'

import {requireFailure, runCli} from '../../support/shells/cli.js'
import {deleteAll, redissonProgram} from '../../support/fleets/held-locks.js'
import {holdUntilEnd} from '../../support/fleets/hold-until-end.js'
import {closeFirst, live, until} from '../../support/servers/live.js'
import {execute, plan} from '../../support/reports/lock-releases.js'

const [FIRST, SECOND] = ['6f0e1c52-0d3b-4a53-9d6f-3e1f6f0a9b11:31', '9a1e1c52-0d3b-4a53-9d6f-3e1f6f0a9b12:7'] as const
const redisson = redissonProgram({reader: true})

/** A read lock as Redisson stores it; the first reader has acquired it twice. */
async function storeReadLock(redis: Redis, key: string): Promise<string[]> {
  await redis.hset(key, {mode: 'read', [FIRST]: '2', [SECOND]: '1'})
  await redis.pexpire(key, 60_000)
  const holds = [`${FIRST}:rwlock_timeout:1`, `${FIRST}:rwlock_timeout:2`, `${SECOND}:rwlock_timeout:1`].map(
    (name) => `{${key}}:${name}`,
  )
  for (const hold of holds) await redis.set(hold, '1', 'PX', 60_000)
  return holds
}

for (const [path, how] of [
  ['a script', []],
  ['a transaction', ['--avoid-scripts']],
] as const) {
  test(
    `${path} removes one of several holders with its own keys, and the others keep the lock`,
    live(async (t, place) => {
      const {folder, keyPrefix, redis} = place
      closeFirst(t, () => deleteAll(redis, keyPrefix))
      const key = `${keyPrefix}read`
      const holds = await storeReadLock(redis, key)
      const [file, {plan: planned}] = await plan(place, [key], '--holder', FIRST)
      assert.deepEqual(
        planned.releases.map(({action, alsoDelete, holder, notify}) => [action, holder?.token, alsoDelete, notify]),
        [['remove-holder', FIRST, holds.slice(0, 2), null]],
      )
      const {executed} = await execute(place, file, ...how)
      assert.deepEqual(
        executed?.releases.map(({action, notified, result}) => [action, result, notified]),
        [['remove-holder', 'released', null]],
      )
      assert.deepEqual(await redis.hgetall(key), {mode: 'read', [SECOND]: '1'})
      assert.deepEqual(await Promise.all(holds.map((hold) => redis.exists(hold))), [0, 0, 1])
      assert.ok((await redis.pttl(key)) > 0)
      assert.match(await readFile(join(folder, 'audit.ndjson'), 'utf8'), /"result":"released".*"thread":31/)

      // The second holder is the only one now, so the lock is deleted.
      const [last, {plan: rest}] = await plan(place, [key], '--holder', SECOND, '--hard')
      assert.equal(rest.releases[0]?.action, 'delete')
      await execute(place, last, ...how)
      assert.equal(await redis.exists(key, ...holds), 0)
    }),
  )

  test(
    `${path} removes one holder of a semaphore, and nothing when the semaphore has changed since the plan`,
    live(async (t, place) => {
      const {keyPrefix, redis} = place
      closeFirst(t, () => deleteAll(redis, keyPrefix))
      const key = `semaphore:${keyPrefix}x`
      const [one, two] = [FIRST.slice(0, 36), SECOND.slice(0, 36)]
      await redis.zadd(key, Date.now(), one, Date.now(), two)
      await redis.pexpire(key, 60_000)
      const [stale] = await plan(place, [key], '--holder', one)
      await redis.zadd(key, Date.now() + 1000, two)
      assert.equal((await execute(place, stale, ...how)).executed?.releases[0]?.result, 'changed')
      assert.equal(await redis.zcard(key), 2)
      const [file] = await plan(place, [key], '--holder', one)
      assert.equal((await execute(place, file, ...how)).executed?.releases[0]?.result, 'released')
      assert.deepEqual(await redis.zrange(key, '0', '-1'), [two])
    }),
  )
}

test(
  'an unknown holder is not removed, and neither is a holder of a lock without a TTL unless --hard is set',
  live(async (t, place) => {
    const {keyPrefix, redis} = place
    closeFirst(t, () => deleteAll(redis, keyPrefix))
    const key = `${keyPrefix}read`
    await storeReadLock(redis, key)
    const planned = async (...more: string[]): Promise<unknown> => {
      const [release] = (await plan(place, [key], ...more))[1].plan.releases
      return [release?.action, release?.reason ?? null]
    }
    assert.deepEqual(await planned('--holder', 'unknown'), ['keep', 'the lock has no such holder'])
    await redis.persist(key)
    const reason =
      'the lock has no TTL, and a TTL cannot be set for one of several holders; remove the holder with --hard'
    assert.deepEqual(await planned('--holder', FIRST), ['keep', reason])
    assert.deepEqual(await planned('--holder', FIRST, '--hard'), ['remove-holder', null])
    await requireFailure({
      args: ['locks', 'release', key, `${key}2`, '--holder', FIRST],
      exit: 2,
      code: 'E_LOCKS',
      says: /one KEY/,
    })
    const {stdout} = await runCli(['locks', 'inspect', key])
    assert.match(stdout, /keyshift locks release \S+read --holder TOKEN -o plan.json +# plans to remove one holder/)
  }),
)

test(
  'a killed Redisson reader is removed from a lock, and the other reader continues to renew it',
  {skip: redisson === null ? 'the libraries cannot be installed here' : false},
  live(async (t, place) => {
    assert.ok(redisson)
    const {keyPrefix, redis} = place
    const [killed, active] = [await holdUntilEnd(t, place, redisson), await holdUntilEnd(t, place, redisson)]
    await killed.close()
    const [killedToken, activeToken] = [killed.held[0]?.token ?? '', active.held[0]?.token ?? '']
    const key = `${keyPrefix}read`
    // The active reader renews the lock every 10 s, possibly between the plan and its execution.
    await until('the removal of the holder', async () => {
      const [file] = await plan(place, [key], '--holder', killedToken)
      return (await execute(place, file)).executed?.releases[0]?.result === 'released'
    })
    assert.deepEqual(Object.keys(await redis.hgetall(key)).toSorted(), [activeToken, 'mode'].toSorted())
    const endedAt = await redis.pexpiretime(key)
    await until('a renewal', async () => (await redis.pexpiretime(key)) > endedAt)
  }),
)
