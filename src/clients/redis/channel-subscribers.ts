import type {Redis} from 'ioredis'

import {missingRight} from './acl.js'
import type {RedisConnection} from './connect.js'
import {messageOf} from '../../wording.js'

/**
 * Counts who listens on channels. PUBSUB NUMSUB tells of one server's own clients only, but a message reaches those of its
 * replicas and of all servers of a cluster: so each is asked (Redisson can be set to listen on replicas, `subscriptionMode`).
 */
export class ChannelSubscribers {
  /** why it could not be told lately: a right that the login lacks, or a server out of reach; null while it could */
  failure: string | null = null
  private readonly connection: RedisConnection

  constructor(connection: RedisConnection) {
    this.connection = connection
  }

  /** @returns how many listen on each, for sharded messages or others; null where a server could not be asked. */
  async count(channels: readonly string[]): Promise<Array<number | null>> {
    if (channels.length === 0) return []
    try {
      const counts = await Promise.all((await this.servers()).map((redis) => countOn(redis, channels)))
      return channels.map((_, at) => counts.reduce((sum, one) => sum + (one[at] ?? 0), 0))
    } catch (error) {
      this.failure = missingRight(error) ?? messageOf(error)
      return channels.map(() => null)
    }
  }

  /** The waiters on whose own channels nobody listens; null where that can't be told. */
  async waitersWithout(waiters: readonly string[], channel: Channel): Promise<string[] | null> {
    const [disconnected = null] = await this.waitersWithoutEach([{waiters, channel}])
    return disconnected
  }

  /** The same of several lines, in one go. */
  async waitersWithoutEach(
    waitQueues: ReadonlyArray<{readonly waiters: readonly string[]; readonly channel: Channel}>,
  ): Promise<Array<string[] | null>> {
    const counts = await this.count(
      waitQueues.flatMap(({channel, waiters}) => waiters.map((waiter) => channel.join(waiter))),
    )
    if (counts.includes(null)) return waitQueues.map(() => null)
    let at = 0
    return waitQueues.map(({waiters}) => waiters.filter(() => counts[at++] === 0))
  }

  private async servers(): Promise<Redis[]> {
    const primaries = await this.connection.refresh()
    const replicas = await Promise.all(primaries.map((primary) => this.connection.sideConnections.replicasOf(primary)))
    return [...primaries, ...replicas.flat()]
  }
}

/** The channel of a waiter is its name between these two. */
type Channel = readonly [before: string, after: string]

async function countOn(redis: Redis, channels: readonly string[]): Promise<number[]> {
  const numbers = await redis.pubsub('NUMSUB', ...channels)
  const sharded = (await redis.call('PUBSUB', 'SHARDNUMSUB', ...channels).catch(noneBefore70)) as unknown[]
  return channels.map((_, at) => Number(numbers[at * 2 + 1] ?? 0) + Number(sharded[at * 2 + 1] ?? 0))
}

function noneBefore70(error: unknown): unknown[] {
  if (error instanceof Error && /unknown subcommand/i.test(error.message)) return []
  throw error
}
