import type {Redis} from 'ioredis'

import {missingRight} from './acl.js'
import type {RedisConnection} from './connect.js'
import {messageOf} from '../../wording.js'

/**
 * Counts the subscribers of channels. PUBSUB NUMSUB counts the clients of one server only, but a message also reaches clients
 * of its replicas and of all nodes of a cluster, so all of them are queried. Redisson can subscribe on replicas
 * (`subscriptionMode`).
 */
export class ChannelSubscribers {
  /** why the last count failed: a missing right, or a server that is not reachable; null when it did not fail */
  failure: string | null = null
  private readonly connection: RedisConnection
  private readonly keptForMs: number
  private readonly countsSharded: boolean
  private known: {readonly servers: Promise<Redis[]>; readonly until: number} | null = null

  /** @param options for many counts: how long the list of servers is used again, and no count that the libraries do not need. */
  constructor(connection: RedisConnection, options: {readonly keptForMs: number} | null = null) {
    this.connection = connection
    this.keptForMs = options?.keptForMs ?? 0
    // Libraries use sharded channels only in a cluster.
    this.countsSharded = options === null || connection.slotOwners !== null
  }

  /** @returns the subscribers of each channel, sharded or not; null when a server could not be queried. */
  async count(channels: readonly string[]): Promise<Array<number | null>> {
    if (channels.length === 0) return []
    try {
      const counts = await Promise.all(
        (await this.servers()).map((redis) => countOn(redis, channels, this.countsSharded)),
      )
      return channels.map((_, at) => counts.reduce((sum, one) => sum + (one[at] ?? 0), 0))
    } catch (error) {
      this.failure = missingRight(error) ?? messageOf(error)
      return channels.map(() => null)
    }
  }

  /** The waiters without a subscriber on their channel; null when unknown. */
  async waitersWithout(waiters: readonly string[], channel: Channel): Promise<string[] | null> {
    const [disconnected = null] = await this.waitersWithoutEach([{waiters, channel}])
    return disconnected
  }

  /** The same for several wait queues with one query. */
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

  private servers(): Promise<Redis[]> {
    const now = performance.now()
    if (this.known !== null && now < this.known.until) return this.known.servers
    const servers = this.readServers()
    this.known = {servers, until: now + this.keptForMs}
    return servers
  }

  private async readServers(): Promise<Redis[]> {
    const primaries = await this.connection.refresh()
    const replicas = await Promise.all(primaries.map((primary) => this.connection.sideConnections.replicasOf(primary)))
    return [...primaries, ...replicas.flat()]
  }
}

/** Prefix and suffix of a waiter's channel name. */
type Channel = readonly [before: string, after: string]

async function countOn(redis: Redis, channels: readonly string[], countsSharded: boolean): Promise<number[]> {
  const numbers = await redis.pubsub('NUMSUB', ...channels)
  if (!countsSharded) return channels.map((_, at) => Number(numbers[at * 2 + 1] ?? 0))
  const sharded = (await redis.call('PUBSUB', 'SHARDNUMSUB', ...channels).catch(noneBefore70)) as unknown[]
  return channels.map((_, at) => Number(numbers[at * 2 + 1] ?? 0) + Number(sharded[at * 2 + 1] ?? 0))
}

function noneBefore70(error: unknown): unknown[] {
  if (error instanceof Error && /unknown subcommand/i.test(error.message)) return []
  throw error
}
