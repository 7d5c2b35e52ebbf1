import assert from 'node:assert/strict'
import {randomBytes} from 'node:crypto'
import {test} from 'node:test'
import {setTimeout as delay} from 'node:timers/promises'

import type {Redis} from 'ioredis'

import type {LockSnapshot, Released, ReleaseOrder} from '../../src/clients/redis/release-order.js'
import {releaseByScript} from '../../src/clients/redis/release-script.js'
import {releaseByWatch} from '../../src/clients/redis/release-watch.js'
import {expiryCommandOf, readLocks} from '../../src/domain/locks/collect-read.js'
import {deleteAll} from '../support/held-locks.js'
import {closeFirst, live} from '../support/live.js'

const ATTEMPTS = process.env['KEYSHIFT_TEST_CRASHES'] === 'all' ? 100_000 : 5000
const CLIENTS = 8
const LOCKS = 16
const TTL_MS = 5000

const RENEW = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0`
const FREE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`

/** What the holders know of a lock: its fencing counter rises with each time it is taken or renewed, once Redis says so. */
interface Fence {
  readonly key: string
  counter: number
  /** by its clients, while one holds it and renews it */
  isAlive: boolean
}

/** Takes locks, renews them, and frees them; or dies with one in its hands, which is then nobody's. */
async function client(redis: Redis, fences: readonly Fence[], lost: Fence[], stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const fence = fences[Math.floor(Math.random() * fences.length)]
    assert.ok(fence)
    const token = randomBytes(16).toString('hex')
    if ((await redis.set(fence.key, token, 'PX', TTL_MS, 'NX')) === null) {
      await delay(1)
      continue
    }
    fence.counter++
    fence.isAlive = true
    const renewals = Math.floor(Math.random() * 5)
    for (let renewed = 0; renewed < renewals && fence.isAlive; renewed++) {
      await delay(Math.random() * 4)
      if ((await redis.eval(RENEW, 1, fence.key, token, TTL_MS)) === 1) fence.counter++
      else {
        lost.push(fence)
        fence.isAlive = false
      }
    }
    const dies = Math.random() < 0.3
    if (dies || !fence.isAlive) fence.isAlive = false
    else {
      fence.isAlive = false
      await redis.eval(FREE, 1, fence.key, token)
    }
  }
}

const PATHS: ReadonlyArray<readonly [name: string, release: (redis: Redis, order: ReleaseOrder) => Promise<Released>]> =
  [
    ['a script', releaseByScript],
    ['a transaction', releaseByWatch],
  ]

for (const [name, release] of PATHS) {
  test(
    `${String(ATTEMPTS)} releases by ${name} among ${String(CLIENTS)} clients: none of a lock that was touched since it was seen`,
    live(async (t, {keyPrefix, redis}) => {
      closeFirst(t, () => deleteAll(redis, keyPrefix))
      const connections = await Promise.all(Array.from({length: CLIENTS + 2}, () => connected(redis)))
      closeFirst(t, async () => {
        await Promise.all(connections.map((one) => one.quit()))
      })
      const [reader, releaser, ...clients] = connections
      assert.ok(reader && releaser)
      const fences = Array.from({length: LOCKS}, (_, at): Fence => ({
        key: `${keyPrefix}${String(at)}`,
        counter: 0,
        isAlive: false,
      }))
      const stop = new AbortController()
      const lost: Fence[] = []
      const running = clients.map((one) => client(one, fences, lost, stop.signal))
      const outcomes = {changed: 0, gone: 0, released: 0, renewed: 0}
      const wrong: string[] = []
      const expiry = await expiryCommandOf(reader)
      for (let attempt = 0; attempt < ATTEMPTS;) {
        const counters = new Map(fences.map(({key}) => [key, 0]))
        const raws = await readLocks(
          reader,
          fences.map(({key}) => Buffer.from(key)),
          expiry,
        )
        // What is counted from here on was written after the look.
        for (const {counter, key} of fences) counters.set(key, counter)
        await delay(Math.random() * 6)
        for (const raw of raws) {
          assert.ok(raw !== 'unreadable')
          const fence = fences.find(({key}) => key === raw.key.toString())
          assert.ok(fence)
          const writtenSince = fence.counter - (counters.get(fence.key) ?? 0)
          const {outcome} = await release(releaser, orderOf(raw as LockSnapshot))
          outcomes[outcome]++
          attempt++
          if (outcome === 'released' && writtenSince > 0)
            wrong.push(`${fence.key} written ${String(writtenSince)} times`)
        }
        if (raws.length === 0) attempt++
      }
      stop.abort()
      await Promise.all(running)
      t.diagnostic(`${JSON.stringify(outcomes)}; ${String(lost.length)} holders found that they had been too slow`)
      assert.deepEqual(wrong, [])
      for (const [outcome, count] of Object.entries(outcomes)) assert.ok(count > 0, `nothing was ${outcome}`)
    }),
  )
}

function orderOf({entries, expiresAtMs, key, type}: LockSnapshot): ReleaseOrder {
  return {key, type, entries, expiresAtMs, graceMs: null, alsoDelete: [], line: null, wake: null}
}

async function connected(redis: Redis): Promise<Redis> {
  const own = redis.duplicate()
  await own.connect()
  return own
}
