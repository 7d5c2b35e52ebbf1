import type {Redis} from 'ioredis'

/** A lock that has expired, and the list whose next element wakes a waiter. */
export interface SignalledLock {
  readonly lock: Buffer
  readonly list: string
  readonly element: string
  /** the TTL of the list, ms */
  readonly expireMs: number
}

/**
 * Pushes the element that the holder would have pushed, unless the lock is held again: its new holder wakes the next waiter. A
 * list without a waiter expires, and a waiter that is woken too early waits again.
 */
export async function wakeWaiters(redis: Redis, {element, expireMs, list, lock}: SignalledLock): Promise<void> {
  if ((await redis.exists(lock)) === 1) return
  const answers = await redis.multi().del(list).rpush(list, element).pexpire(list, expireMs).exec()
  const refused = answers?.find(([error]) => error !== null)
  if (refused?.[0]) throw refused[0]
}
