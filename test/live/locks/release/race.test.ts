// Runs alone: its lock holders renew every few milliseconds.
import assert from 'node:assert/strict'
import {randomBytes} from 'node:crypto'
import {test} from 'node:test'
import {setTimeout as delay} from 'node:timers/promises'

import type {Redis} from 'ioredis'

import type {LockSnapshot, Released, ReleaseOrder} from '../../../../src/clients/redis/release/release-order.js'
import {releaseByScript} from '../../../../src/clients/redis/release/release-script.js'
import {releaseByWatch} from '../../../../src/clients/redis/release/release-watch.js'
import {expiryCommandOf, readKeys} from '../../../../src/domain/locks/reading/collect-keys.js'
import type {SampledKey} from '../../../../src/domain/locks/reading/sampled-key.js'
import {deleteAll} from '../../../support/fleets/held-locks.js'
import {closeFirst, live} from '../../../support/servers/live.js'

const ATTEMPTS = process.env['KEYSHIFT_TEST_CRASHES'] === 'all' ? 100_000 : 5000
const CLIENTS = 8
const LOCKS = 16
const TTL_MS = 5000

/** Maximum interval between two renewals of a holder. */
const RENEW_MS = 4
/** A holder that by its own clock renewed later than this was too slow and may have lost its lock. */
const LATE_MS = 20
/** Interval between the sample of a lock and its release. */
const OBSERVE_MS = 40

/** Each write returns the server's time in µs; 0 when nothing was written. */
const TIME = `local now = redis.call('TIME') return now[1] * 1000000 + now[2]`
const TAKE = `if not redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX') then return 0 end ${TIME}`
const RENEW = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end redis.call('PEXPIRE', KEYS[1], ARGV[2]) ${TIME}`
const FREE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`

/** The times of the holders' writes by lock, in µs of the server. */
type Writes = ReadonlyMap<string, number[]>

interface Loss {
  readonly key: string
  /** how long after its last write was known the holder asked for the next, by its own clock */
  readonly lateMs: number
}

/** Acquires locks, renews them, and releases them; in some cases it stops without releasing its lock. */
async function client(redis: Redis, writes: Writes, losses: Loss[], stop: AbortSignal): Promise<void> {
  const keys = [...writes.keys()]
  while (!stop.aborted) {
    const key = keys[Math.floor(Math.random() * keys.length)] ?? ''
    const token = randomBytes(16).toString('hex')
    const write = async (script: string): Promise<boolean> => {
      const atUs = Number(await redis.eval(script, 1, key, token, TTL_MS))
      if (atUs > 0) writes.get(key)?.push(atUs)
      return atUs > 0
    }
    if (!(await write(TAKE))) {
      await delay(1)
      continue
    }
    let isLost = false
    for (let left = Math.floor(Math.random() * 40); left > 0 && !isLost; left--) {
      const knownAt = performance.now()
      await delay(Math.random() * RENEW_MS)
      const lateMs = performance.now() - knownAt
      isLost = !(await write(RENEW))
      if (isLost) losses.push({key, lateMs})
    }
    const dies = Math.random() < 0.3
    if (!dies && !isLost) await redis.eval(FREE, 1, key, token)
  }
}

const PATHS: ReadonlyArray<readonly [name: string, release: (redis: Redis, order: ReleaseOrder) => Promise<Released>]> =
  [
    ['a script', releaseByScript],
    ['a transaction', releaseByWatch],
  ]

for (const [name, release] of PATHS) {
  test(
    `none of ${String(ATTEMPTS)} releases by ${name} among ${String(CLIENTS)} clients deletes a lock that was written since its sample, or that its holder renewed in time`,
    live(async (t, {keyPrefix, redis}) => {
      closeFirst(t, () => deleteAll(redis, keyPrefix))
      const connections = await Promise.all(Array.from({length: CLIENTS + 2}, () => connected(redis)))
      closeFirst(t, async () => {
        await Promise.all(connections.map((one) => one.quit()))
      })
      const [reader, releaser, ...clients] = connections
      assert.ok(reader && releaser)
      const keys = Array.from({length: LOCKS}, (_, at) => `${keyPrefix}${String(at)}`)
      const writes: Writes = new Map(keys.map((key) => [key, []]))
      const stop = new AbortController()
      const losses: Loss[] = []
      const running = clients.map((one) => client(one, writes, losses, stop.signal))
      const outcomes = {changed: 0, ended: 0, released: 0, renewed: 0}
      const released: Array<{key: string; seenUs: number; releasedUs: number}> = []
      const expiry = await expiryCommandOf(reader)
      for (let attempt = 0; attempt < ATTEMPTS;) {
        const {keys: locks} = await readKeys(
          reader,
          keys.map((key) => Buffer.from(key)),
          expiry,
        )
        const seenUs = await timeUs(reader)
        await delay(OBSERVE_MS)
        for (const raw of locks) {
          const releasedUs = await timeUs(releaser)
          const {outcome} = await release(releaser, orderOf(raw))
          outcomes[outcome]++
          attempt++
          if (outcome === 'released') released.push({key: raw.key.toString(), seenUs, releasedUs})
        }
        if (locks.length === 0) attempt++
      }
      stop.abort()
      await Promise.all(running)
      const late = losses.map(({lateMs}) => Math.round(lateMs))
      t.diagnostic(`${JSON.stringify(outcomes)}; holders that were too slow, by ms: ${late.join(', ')}`)
      const touched = released.filter(({key, releasedUs, seenUs}) =>
        writes.get(key)?.some((atUs) => atUs > seenUs && atUs < releasedUs),
      )
      assert.deepEqual(touched, [])
      assert.deepEqual(
        losses.filter(({lateMs}) => lateMs < LATE_MS),
        [],
      )
      for (const [outcome, count] of Object.entries(outcomes)) assert.ok(count > 0, `nothing was ${outcome}`)
    }),
  )
}

async function timeUs(redis: Redis): Promise<number> {
  const [seconds, micros] = await redis.time()
  return Number(seconds) * 1_000_000 + Number(micros)
}

function orderOf({entries, expiresAtMs, key, type}: SampledKey): ReleaseOrder {
  const snapshot = {key, type: type as LockSnapshot['type'], entries, expiresAtMs}
  return {...snapshot, graceMs: null, holder: null, alsoDelete: [], waitQueue: null, notify: null}
}

async function connected(redis: Redis): Promise<Redis> {
  const duplicate = redis.duplicate()
  await duplicate.connect()
  return duplicate
}
