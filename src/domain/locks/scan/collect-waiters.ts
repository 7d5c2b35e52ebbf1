import type {Redis} from 'ioredis'

import {missingRight} from '../../../clients/redis/acl.js'
import {ChannelSubscribers} from '../../../clients/redis/channel-subscribers.js'
import type {RedisConnection} from '../../../clients/redis/connect.js'
import {fillTemplate} from '../families/template.js'
import type {LockRecord} from '../recognition/lock-record.js'
import {sortedVerdicts} from '../recognition/lock-verdicts.js'
import type {RecognizedLock} from '../recognition/recognized-lock.js'
import {waitQueueOf} from '../recognition/wait-queue.js'
import type {LockSample} from './observer.js'
import type {ScanRate} from './scan-rate.js'
import {messageOf} from '../../../wording.js'

/** Where the waiters of a lock are. */
interface WaitingPlace {
  /** the channel on which its release is published */
  readonly channel: string
  /** the list of waiters, for a library with fair locks */
  readonly queue: string | null
  /** whether its clients certainly use the channel, so that no subscriber means no waiter */
  readonly isCertain: boolean
}

/** How long the list of servers on which subscribers are counted is used again. */
const SERVERS_KEPT_MS = 5000

/** Counts the clients that wait for locks of one server: one query of the channels and one of the wait queues for each page. */
export class WaiterCounter {
  private readonly redis: Redis
  private readonly subscribers: ChannelSubscribers
  private readonly places = new Map<string, WaitingPlace>()
  private queueFailure: string | null = null

  /** @param redis reads the wait queues; subscribers are counted on all servers of the connection. */
  constructor(redis: Redis, connection: RedisConnection) {
    this.redis = redis
    this.subscribers = new ChannelSubscribers(connection, SERVERS_KEPT_MS)
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

  /** Adds to the prepared locks how many clients wait for them. */
  async addWaiters(locks: readonly LockRecord[], rate: ScanRate): Promise<readonly LockRecord[]> {
    const prepared = locks.flatMap((lock) => {
      const place = this.places.get(lock.key)
      return place === undefined ? [] : [{lock, place}]
    })
    this.places.clear()
    // After a failure it is not counted again, because each attempt may wait for a server that is not reachable.
    if (prepared.length === 0 || this.subscribers.failure !== null) return locks
    const places = prepared.map(({place}) => place)
    const {counts} = await rate.turn(async () => ({counts: await this.count(places), keys: places.length}))
    const waiters = new Map(prepared.map(({lock}, at) => [lock, counts[at] ?? null]))
    return locks.map((lock) => (waiters.has(lock) ? withWaiters(lock, waiters.get(lock) ?? null) : lock))
  }

  private async count(places: readonly WaitingPlace[]): Promise<Array<number | null>> {
    const lengths = this.redis.pipeline()
    for (const {queue} of places) if (queue !== null) lengths.llen(queue)
    const [subscribed, queued] = await Promise.all([
      this.subscribers.count(places.map(({channel}) => channel)),
      lengths.length === 0 ? null : lengths.exec(),
    ])
    let at = 0
    return places.map(({isCertain, queue}, row) => {
      const [error, length] = queue === null ? [null, 0] : (queued?.[at++] ?? [null, 0])
      const count = subscribed[row] ?? null
      if (error !== null) this.queueFailure = missingRight(error) ?? messageOf(error)
      const total = count === null || error !== null ? null : count + Number(length)
      return total === 0 && !isCertain ? null : total
    })
  }
}

function placeOf(key: string, {behavior, family}: RecognizedLock): WaitingPlace | null {
  const {groups, release} = behavior
  if (release.how !== 'compare-and-delete' || release.notify?.by !== 'publish') return null
  const channel = fillTemplate(release.notify.channel, key, groups)
  return channel === null
    ? null
    : {channel, queue: waitQueueOf(key, behavior)?.queue ?? null, isCertain: family !== null}
}

/**
 * A lock that the same holder had in two samples, or that never expires, is contended if a client waits for it; a lock that
 * was just acquired may have a waiter for a moment.
 */
function withWaiters(lock: LockRecord, waiters: number | null): LockRecord {
  const isHeldLonger = lock.renewal !== null || lock.ttlMs === null
  if (!isHeldLonger || (waiters ?? 0) === 0) return {...lock, waiters}
  const verdicts = sortedVerdicts([...lock.verdicts.filter((verdict) => verdict !== 'healthy'), 'contended'])
  return {...lock, waiters, verdict: verdicts[0], verdicts}
}
