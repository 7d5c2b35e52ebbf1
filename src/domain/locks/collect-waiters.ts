import type {Redis} from 'ioredis'

/** How many listen on each channel, of both kinds: Redisson uses sharded ones in a cluster. */
export async function listenersOf(redis: Redis, channels: readonly string[]): Promise<number[]> {
  if (channels.length === 0) return []
  const numbers = await redis.pubsub('NUMSUB', ...channels)
  const sharded = (await redis.call('PUBSUB', 'SHARDNUMSUB', ...channels).catch(() => [])) as unknown[]
  return channels.map((_, at) => Number(numbers[at * 2 + 1] ?? 0) + Number(sharded[at * 2 + 1] ?? 0))
}

/**
 * The waiters on whose own channels nobody listens.
 *
 * @param channel what stands before and after a waiter's name in the name of its channel.
 */
export async function deadWaiters(
  redis: Redis,
  waiters: readonly string[],
  channel: readonly [before: string, after: string],
): Promise<string[]> {
  const listeners = await listenersOf(
    redis,
    waiters.map((waiter) => channel.join(waiter)),
  )
  return waiters.filter((_, at) => listeners[at] === 0)
}
