import {randomBytes} from 'node:crypto'
import {setTimeout as delay} from 'node:timers/promises'

import type {Redis} from 'ioredis'

/** How a consumer works on a message of one key, from start to end. */
export interface Worker {
  /** @returns when the work began and ended, epoch ms. @throws AbortError when the consumer closes meanwhile. */
  work(key: string, sequence: number, closing: AbortSignal): Promise<{startedAt: number; endedAt: number}>
}

export interface WorkTimes {
  readonly workMs: number
  /** every slowEvery-th message takes slowMs, as a garbage collection or a slow neighbour makes it */
  readonly slowEvery: number
  readonly slowMs: number
}

export function plainWorker(times: WorkTimes): Worker {
  return {
    async work(_key, sequence, closing) {
      const startedAt = Date.now()
      const workMs = sequence % times.slowEvery === 0 ? times.slowMs : times.workMs
      await delay(workMs, undefined, {signal: closing})
      return {startedAt, endedAt: Date.now()}
    },
  }
}

export interface LockOptions {
  readonly redis: Redis
  /** the lock's key is this and the message key */
  readonly prefix: string
  readonly ttlMs: number
  readonly consumer: string
}

const RETRY_LOCK_MS = 10
const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`

/**
 * Takes a Redis lock for the key around the work, as teams do on a Shared subscription: SET NX PX, compare-and-delete.
 * Work that lasts longer than the lock lives lets a second consumer in: the split brain that keys at one consumer end.
 */
export function lockingWorker(inner: Worker, options: LockOptions): Worker {
  const {consumer, prefix, redis, ttlMs} = options
  return {
    async work(key, sequence, closing) {
      const lock = prefix + key
      const token = lockToken(consumer)
      while ((await redis.set(lock, token, 'PX', ttlMs, 'NX')) === null) {
        await delay(RETRY_LOCK_MS, undefined, {signal: closing})
      }
      try {
        return await inner.work(key, sequence, closing)
      } finally {
        await redis.eval(RELEASE, 1, lock, token)
      }
    },
  }
}

/** Names its holder, so that a leaked lock can be traced: host, process, and a random part. */
export function lockToken(consumer: string): string {
  return `${consumer}_${String(process.pid)}_${randomBytes(16).toString('hex')}`
}
