import type {Redis} from 'ioredis'

import {missingRight} from '../../../clients/redis/acl.js'
import {ChannelSubscribers} from '../../../clients/redis/channel-subscribers.js'
import type {RedisConnection} from '../../../clients/redis/connect.js'
import {fillTemplate} from '../families/template.js'
import type {LockRecord} from '../recognition/lock-record.js'
import {sortedVerdicts} from '../recognition/lock-verdicts.js'
import type {LockBehavior, RecognizedLock} from '../recognition/recognized-lock.js'
import type {LockSample} from './observer.js'
import {OPS_PER_KEY, type ScanRate} from './scan-rate.js'
import {messageOf} from '../../../wording.js'

/** Where the waiters of a lock are. */
interface WaitingPlace {
  /** the channel on which its release is published */
  readonly channel: string
  /** the list of waiters, for a library with fair locks */
  readonly queue: string | null
}

/** How long the list of servers on which subscribers are counted is used again. */
const SERVERS_KEPT_MS = 5000

/** Counts the clients that wait for locks of one server: one query of the channels and one of the wait queues for each page. */
export class WaiterCounter {
  private readonly redis: Redis
  private readonly subscribers: ChannelSubscribers
  private readonly places = new Map<string, WaitingPlace>()
  private readonly isCluster: boolean
  private queueFailure: string | null = null

  /** @param redis reads the wait queues; subscribers are counted on all servers of the connection. */
  constructor(redis: Redis, connection: RedisConnection) {
    this.redis = redis
    this.subscribers = new ChannelSubscribers(connection, {keptForMs: SERVERS_KEPT_MS})
    this.isCluster = connection.slotOwners !== null
  }

  /** Why the number of waiters is unknown; null when it is known. */
  get failure(): string | null {
    return this.subscribers.failure ?? this.queueFailure
  }

  /** Finds out where clients wait for locks that are about to be assessed. */
  prepare(samples: readonly LockSample[]): void {
    for (const {found, raw} of samples) {
      const place = found.kind === 'lock' ? placeOf(raw.name, found) : null
      if (place !== null) this.places.set(raw.name, place)
    }
  }

  /** Sets in the new records of the prepared locks how many clients wait. Copies of all records would make a scan slower. */
  async addWaiters(locks: readonly LockRecord[], rate: ScanRate): Promise<void> {
    if (this.places.size === 0) return
    const waited: LockRecord[] = []
    const places: WaitingPlace[] = []
    for (const lock of locks) {
      const place = this.places.get(lock.key)
      if (place === undefined) continue
      waited.push(lock)
      places.push(place)
    }
    this.places.clear()
    // After a failure it is not counted again, because each attempt may wait for a server that is not reachable.
    if (waited.length === 0 || this.subscribers.failure !== null) return
    const {counts} = await rate.turn(async () => ({
      counts: await this.count(places),
      keys: Math.ceil(places.length / OPS_PER_KEY),
    }))
    for (const [at, lock] of waited.entries()) setWaiters(lock, counts[at] ?? null)
  }

  private async count(places: readonly WaitingPlace[]): Promise<Array<number | null>> {
    const [subscribed, queued] = await Promise.all([
      this.subscribers.count(places.map(({channel}) => channel)),
      this.queueLengths(places.flatMap(({queue}) => queue ?? [])),
    ])
    return places.map(({queue}, row) => {
      const [count = null, length = null] = [subscribed[row], queue === null ? 0 : queued.get(queue)]
      return count === null || length === null ? null : count + length
    })
  }

  /** @returns null for a queue whose length is unknown. */
  private async queueLengths(queues: readonly string[]): Promise<Map<string, number | null>> {
    try {
      if (await this.areEmpty(queues)) return new Map(queues.map((queue) => [queue, 0]))
    } catch (error) {
      this.queueFailure = missingRight(error) ?? messageOf(error)
      return new Map()
    }
    const asked = this.redis.pipeline()
    for (const queue of queues) asked.llen(queue)
    const answers = (await asked.exec()) ?? []
    return new Map(
      queues.map((queue, at) => {
        const [error, length] = answers[at] ?? [null, null]
        if (error !== null) this.queueFailure = missingRight(error) ?? messageOf(error)
        return [queue, error === null ? Number(length) : null]
      }),
    )
  }

  /** One command finds out that no queue of a page exists, which is usual; a cluster refuses it for keys of several slots. */
  private async areEmpty(queues: readonly string[]): Promise<boolean> {
    return queues.length === 0 || (!this.isCluster && (await this.redis.exists(...queues)) === 0)
  }
}

/** The wait queue of a library with fair locks, whose waiters have channels of their own. */
function queueOf(key: string, {companions, groups, release}: LockBehavior): string | null {
  const isFair =
    release.how !== 'never' && release.notify?.by === 'publish' && release.notify.waiterChannel !== undefined
  const queue = isFair ? companions.find(({role}) => role === 'waiters')?.key : undefined
  return queue === undefined ? null : fillTemplate(queue, key, groups)
}

/** Only of a known family is it certain that its clients use the channel, so that no subscriber means no waiter. */
function placeOf(key: string, {behavior, family}: RecognizedLock): WaitingPlace | null {
  const {groups, release} = behavior
  if (family === null || release.how !== 'compare-and-delete' || release.notify?.by !== 'publish') return null
  const channel = fillTemplate(release.notify.channel, key, groups)
  return channel === null ? null : {channel, queue: queueOf(key, behavior)}
}

/**
 * A lock that the same holder had in two samples, or that never expires, is contended if a client waits for it; a lock that
 * was just acquired may have a waiter for a moment.
 */
function setWaiters(lock: LockRecord, waiters: number | null): void {
  lock.waiters = waiters
  const isHeldLonger = lock.renewal !== null || lock.ttlMs === null
  if (!isHeldLonger || (waiters ?? 0) === 0) return
  lock.verdicts = sortedVerdicts([...lock.verdicts.filter((verdict) => verdict !== 'healthy'), 'contended'])
  lock.verdict = lock.verdicts[0] ?? 'contended'
}
