import type {Redis} from 'ioredis'

import type {Released, WaitQueue} from './release-order.js'

/**
 * Removes disconnected waiters from a wait queue in one transaction, then notifies the next waiter.
 *
 * @returns the waiters that were still in the queue.
 */
export async function removeWaiters(
  redis: Redis,
  {channel, deadlines, disconnected, queue}: WaitQueue,
  message: string,
): Promise<{readonly removedWaiters: string[]; readonly notified: Released['notified']}> {
  const multi = redis.multi()
  for (const waiter of disconnected) multi.lrem(queue, 0, waiter)
  multi.zrem(deadlines, ...disconnected)
  const answers = (await multi.exec()) ?? []
  for (const [error] of answers) if (error) throw error
  const removedWaiters = disconnected.filter((_, at) => Number(answers[at]?.[1]) > 0)
  const [next] = await redis.lrange(queue, 0, 0)
  if (removedWaiters.length === 0 || next === undefined) return {removedWaiters, notified: null}
  const nextChannel = channel.join(next)
  return {
    removedWaiters,
    notified: {channel: nextChannel, receivers: await redis.publish(nextChannel, message).catch(() => -1)},
  }
}
