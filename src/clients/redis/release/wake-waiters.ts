import type {Redis} from 'ioredis'

/** A lock that has expired, and the list whose next element wakes a waiter. */
export interface SignalledLock {
  readonly lock: Buffer
  readonly list: string
  readonly element: string
  /** the TTL of the list, ms */
  readonly expireMs: number
}

/** Pushes the element that the holder would have pushed. A list without a waiter expires. */
const SCRIPT = `
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('DEL', KEYS[2])
redis.call('RPUSH', KEYS[2], ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return 1
`

/** @returns whether a waiter was woken; false when the lock is held again; its holder wakes the next waiter. */
export async function wakeWaiters(redis: Redis, {element, expireMs, list, lock}: SignalledLock): Promise<boolean> {
  return (await redis.call('EVAL', [SCRIPT, 2, lock, list, element, String(expireMs)])) === 1
}
