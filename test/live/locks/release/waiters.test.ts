// Runs alone: it measures how soon a waiter wakes up.
import assert from 'node:assert/strict'
import {readFile} from 'node:fs/promises'
import {test} from 'node:test'
import {setTimeout as delay} from 'node:timers/promises'

import type {LockReleaseAnswer} from '../../../../src/commands/locks/release.js'
import {redissonProgram} from '../../../support/fleets/held-locks.js'
import {holdUntilEnd} from '../../../support/fleets/hold-until-end.js'
import {DEADLINE_MS, live, type Place, until} from '../../../support/servers/live.js'
import {withSlowness} from '../../../support/slowness.js'
import {execute, plan} from '../../../support/reports/lock-releases.js'

const UUID = '6f0e1c52-0d3b-4a53-9d6f-3e1f6f0a9b11'
const redisson = redissonProgram()

test(
  'a Redisson waiter gets the lock within 500 ms of a release that removes a disconnected waiter before it',
  {skip: redisson === null ? 'the libraries cannot be installed here' : false},
  live(async (t, place) => {
    assert.ok(redisson)
    const {keyPrefix, redis} = place
    await holdUntilEnd(t, place, redisson)
    const key = `${keyPrefix}fair`
    const queue = `redisson_lock_queue:{${key}}`
    await until('its waiter', async () => (await redis.llen(queue)) === 1)
    const [connected = ''] = await redis.lrange(queue, 0, -1)
    // The waiter of a killed process is before the connected one.
    const disconnected = `${UUID}:99`
    await redis.lpush(queue, disconnected)
    await redis.zadd(`redisson_lock_timeout:{${key}}`, String(Date.now() + 300_000), disconnected)
    const [file] = await plan(place, [key], '--hard')
    const planned = JSON.parse(await readFile(file, 'utf8')) as LockReleaseAnswer['plan']
    assert.deepEqual(planned.releases[0]?.waitQueue?.disconnected, [disconnected])
    const {result, slowness} = await withSlowness(() => releaseUntilAcquired(place, key, connected))
    const [executed, tookMs] = result
    t.diagnostic(`the next waiter had the lock ${tookMs.toFixed(0)} ms after the release`)
    assert.deepEqual(executed.releases[0]?.removedWaiters, [disconnected])
    assert.ok(tookMs < 500 * slowness)
  }),
)

/**
 * Repeats plan and execution, because the holder may renew the lock in between. Measures the time from the release to the
 * next holder.
 */
async function releaseUntilAcquired(
  place: Place,
  key: string,
  next: string,
): Promise<[NonNullable<LockReleaseAnswer['executed']>, number]> {
  const {redis} = place
  for (let attempt = 0; attempt < 5; attempt++) {
    const [file] = await plan(place, [key], '--hard')
    const releasedAt = watchFor(async () => (await redis.hget(key, next)) !== null || (await redis.exists(key)) === 0)
    const takenAt = watchFor(async () => (await redis.hget(key, next)) !== null)
    const {executed} = await execute(place, file)
    if (executed?.summary.released === 1) return [executed, (await takenAt) - (await releasedAt)]
  }
  assert.fail('the lock was renewed between each plan and its execution')
}

/** Checks more often than until(), because the measured time is a few ms. */
async function watchFor(condition: () => Promise<boolean>): Promise<number> {
  const deadline = performance.now() + DEADLINE_MS
  while (!(await condition()) && performance.now() < deadline) await delay(1)
  return performance.now()
}
