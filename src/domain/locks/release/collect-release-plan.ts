import type {Redis} from 'ioredis'

import type {RedisConnection} from '../../../clients/redis/connect.js'
import {ChannelSubscribers} from '../../../clients/redis/channel-subscribers.js'
import {Unreachable} from '../../../errors.js'
import {slotMigrating, slotOwnersNow} from '../reading/collect-key-node.js'
import {expiryCommandOf, type ReadKeys, readKeys, stopTouching} from '../reading/collect-keys.js'
import {sampleWaitQueue} from '../recognition/collect-wait-queues.js'
import {asWaitQueue, waitQueueOf} from '../recognition/wait-queue.js'
import {bytesOf, printable, type SampledKey} from '../reading/sampled-key.js'
import {recognize} from '../recognition/recognize.js'
import {
  type PlannedRelease,
  planRelease,
  planWaiterRemoval,
  type ReleasePlan,
  releasePlan,
  type ReleasePlanOptions,
} from './release-plan.js'

const BATCH = 500

export interface CollectedReleasePlan {
  readonly plan: ReleasePlan
  /** keys that are there no more, or are no locks but belong to one */
  readonly skipped: Array<{key: string; reason: string}>
}

/**
 * Looks at every lock again, and plans what a release does with it. Reads only.
 *
 * @param keys as a scan shows them: text, or base64:… for one that is none.
 * @throws Unreachable E_REDIS_ACL for a key that this login may not read; E_SLOT_MIGRATING.
 */
export async function collectReleasePlan(
  connection: RedisConnection,
  keys: readonly string[],
  options: ReleasePlanOptions,
): Promise<CollectedReleasePlan> {
  const releases: PlannedRelease[] = []
  const skipped: CollectedReleasePlan['skipped'] = []
  const subscribers = new ChannelSubscribers(connection)
  for (const {names, redis} of await byNode(connection, [...new Set(keys)])) {
    await stopTouching(redis)
    const expiry = await expiryCommandOf(redis)
    for (let at = 0; at < names.length; at += BATCH) {
      const wanted = names.slice(at, at + BATCH)
      const {keys: locks, moved, unreadable} = await readKeys(redis, wanted.map(bytesOf), expiry)
      if (moved[0]) throw slotMigrating(printable(moved[0]))
      if (unreadable[0]) throw mayNotRead(connection.address, unreadable)
      const found = new Map(locks.map((raw) => [raw.name, raw]))
      for (const key of wanted) {
        const raw = found.get(printable(bytesOf(key)))
        const planned = raw && (await planOne({redis, subscribers}, raw, options))
        if (planned) releases.push(planned)
        else skipped.push({key, reason: raw === undefined ? 'gone' : 'belongs to a lock, and is none'})
      }
    }
  }
  return {plan: releasePlan(connection.address, releases, options), skipped}
}

/** @returns null for a key that is no lock but belongs to one, and no line either. */
async function planOne(
  {redis, subscribers}: NodeConnection,
  raw: SampledKey,
  options: ReleasePlanOptions,
): Promise<PlannedRelease | null> {
  const found = recognize(raw, options.families, true)
  if (found.kind === 'companion') {
    const line = asWaitQueue(raw, found)
    return line && planWaiterRemoval(line, await sampleWaitQueue(redis, line, subscribers))
  }
  const place = found.kind === 'lock' ? waitQueueOf(raw.name, found.family, found.groups) : null
  if (place === null) return planRelease({raw, found, disconnected: []}, options)
  const waiters = await redis.lrange(place.queue, 0, -1)
  return planRelease(
    {raw, found, disconnected: (await subscribers.waitersWithout(waiters, place.channel)) ?? []},
    options,
  )
}

interface NodeConnection {
  readonly redis: Redis
  readonly subscribers: ChannelSubscribers
}

async function byNode(
  connection: RedisConnection,
  keys: readonly string[],
): Promise<Array<{redis: Redis; names: string[]}>> {
  const nodes = new Map<Redis, string[]>()
  const nodeOf = await slotOwnersNow(connection)
  for (const key of keys) {
    const redis = nodeOf(bytesOf(key))
    if (!redis) throw slotMigrating(key)
    const names = nodes.get(redis)
    if (names) names.push(key)
    else nodes.set(redis, [key])
  }
  return [...nodes].map(([redis, names]) => ({redis, names}))
}

function mayNotRead(address: string, unreadable: ReadKeys['unreadable']): Unreachable {
  const right = [...new Set(unreadable.map((one) => one.missingRight))].toSorted()
  const message = `this login may not read every one of these locks, for it lacks ${right.join(', ')}; nothing is planned`
  return new Unreachable('E_REDIS_ACL', message, {
    data: {address, missingRight: right, keys: unreadable.slice(0, 20).map(({key}) => printable(key))},
  })
}
