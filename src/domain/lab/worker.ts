import {randomBytes} from 'node:crypto'
import {setTimeout as delay} from 'node:timers/promises'

import type {Redis} from 'ioredis'

/** How a consumer processes one message. */
export interface Worker {
  /** @returns start and end of the work, epoch ms. @throws AbortError when the consumer closes during the work. */
  work(key: string, sequence: number, closing: AbortSignal): Promise<{startedAt: number; endedAt: number}>
}

export interface WorkTimes {
  readonly workMs: number
  /** every slowEvery-th message takes slowMs, as during a garbage collection */
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
  /** prefix of the lock key, followed by the message key */
  readonly prefix: string
  readonly ttlMs: number
  readonly consumer: string
}

const RETRY_LOCK_MS = 10
const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`

/**
 * Holds a Redis lock for the key during the work, as is common on a Shared subscription: SET NX PX, compare-and-delete.
 * When the work takes longer than the TTL of the lock, a second consumer starts on the same key. Key_Shared prevents that.
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

/** An owner token with the name of its worker, in a format that no lock library uses. */
export function lockToken(worker: string): string {
  return `demo-worker-${worker}:${randomBytes(16).toString('hex')}`
}
