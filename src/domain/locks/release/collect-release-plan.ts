import type {Redis} from 'ioredis'

import type {RedisConnection} from '../../../clients/redis/connect.js'
import {ChannelSubscribers} from '../../../clients/redis/channel-subscribers.js'
import {Unreachable} from '../../../errors.js'
import {slotMigrating, slotOwnersNow} from '../reading/collect-key-node.js'
import {expiryCommandOf, type ReadKeys, readKeys, stopTouching} from '../reading/collect-keys.js'
import {sampleWaitQueue} from '../recognition/collect-wait-queues.js'
import {asWaitQueue, waitQueueOf} from '../recognition/wait-queue.js'
import {bytesOf, printable, type SampledKey} from '../reading/sampled-key.js'
import {ttlOf} from '../recognition/lock-record.js'
import {recognize} from '../recognition/recognize.js'
import {
  type KeyToRelease,
  type PlannedRelease,
  planRelease,
  planWaiterRemoval,
  type ReleaseMode,
  type ReleasePlan,
  releasePlan,
  type ReleasePlanOptions,
} from './release-plan.js'

const BATCH = 500

/** A lock to release. */
export interface WantedLock {
  /** as shown by a scan: text, or base64:… for keys that are not UTF-8 */
  readonly key: string
  /**
   * The holder and the TTL in ms that a scan found, which must be the same holder and not renewed, and whether only the user of
   * the scan took the key for a lock; null for a lock given by name.
   */
  readonly seen: {readonly token: string | null; readonly ttlMs: number | null; readonly isAssumed: boolean} | null
}

export interface CollectedReleasePlan {
  readonly plan: ReleasePlan
  /** keys that no longer exist, or only belong to a lock */
  readonly skipped: Array<{key: string; reason: string}>
}

/**
 * Reads every lock again and plans its release. Changes nothing.
 *
 * @throws Unreachable E_REDIS_ACL for a key that this login cannot read; E_SLOT_MIGRATING.
 */
export async function collectReleasePlan(
  connection: RedisConnection,
  locks: readonly WantedLock[],
  options: ReleasePlanOptions,
): Promise<CollectedReleasePlan> {
  const releases: PlannedRelease[] = []
  const skipped: CollectedReleasePlan['skipped'] = []
  const subscribers = new ChannelSubscribers(connection)
  const seenBefore = new Map(locks.map(({key, seen}) => [key, seen]))
  for (const {names, redis} of await byNode(connection, [...seenBefore.keys()])) {
    await stopTouching(redis)
    const expiry = await expiryCommandOf(redis)
    for (let at = 0; at < names.length; at += BATCH) {
      const wanted = names.slice(at, at + BATCH)
      const {keys: read, moved, unreadable} = await readKeys(redis, wanted.map(bytesOf), expiry)
      if (moved[0]) throw slotMigrating(printable(moved[0]))
      if (unreadable[0]) throw mayNotRead(connection.address, unreadable)
      const found = new Map(read.map((raw) => [raw.name, raw]))
      for (const key of wanted) {
        const raw = found.get(printable(bytesOf(key)))
        const planned = raw ? await planOne({redis, subscribers}, raw, seenBefore.get(key) ?? null, options) : GONE
        if (typeof planned === 'string') skipped.push({key, reason: planned})
        else releases.push(planned)
      }
    }
  }
  return {plan: releasePlan(connection.address, releases, options), skipped}
}

const GONE = 'no longer exists'
/** Larger than the error of a TTL that two servers or commands report. */
const JITTER_MS = 500

/**
 * A key that is not given by name is recognized exactly as the scan did, because a plan for many keys must not contain data.
 *
 * @returns the reason when the key is not part of the plan.
 */
async function planOne(
  {redis, subscribers}: NodeConnection,
  raw: SampledKey,
  seen: WantedLock['seen'],
  options: ReleasePlanOptions,
): Promise<PlannedRelease | string> {
  const found = recognize(raw, options.families, seen === null || seen.isAssumed)
  if (found.kind === 'companion') {
    const waitQueue = asWaitQueue(raw, found)
    if (waitQueue === null) return 'not a lock: belongs to another key'
    return planWaiterRemoval(waitQueue, await sampleWaitQueue(redis, waitQueue, subscribers))
  }
  if (seen !== null && found.kind === 'lock') {
    const ttlMs = ttlOf(raw, found)
    if (found.holders[0]?.token !== seen.token) return 'another holder has acquired it since the scan'
    if (seen.ttlMs !== null && (ttlMs === null || ttlMs > seen.ttlMs + JITTER_MS)) return 'renewed since the scan'
  }
  if (seen !== null && found.kind === 'unknown') return 'not recognized as a lock; only its name can select it'
  return collectPlannedRelease({redis, subscribers}, {raw, found, isAbandoned: seen !== null}, options)
}

/** Plans the release of one lock, with the disconnected waiters in its wait queue. Changes nothing. */
export async function collectPlannedRelease(
  {redis, subscribers}: NodeConnection,
  {found, ...key}: Omit<KeyToRelease, 'disconnected'>,
  mode: ReleaseMode,
): Promise<PlannedRelease> {
  const waitQueue = found.kind === 'lock' ? waitQueueOf(key.raw.name, found.behavior) : null
  if (waitQueue === null) return planRelease({...key, found, disconnected: []}, mode)
  const waiters = await redis.lrange(waitQueue.queue, 0, -1)
  const disconnected = (await subscribers.waitersWithout(waiters, waitQueue.channel)) ?? []
  return planRelease({...key, found, disconnected}, mode)
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
  const message = `this login cannot read all of these locks: missing permission ${right.join(', ')}; no plan was made`
  return new Unreachable('E_REDIS_ACL', message, {
    data: {address, missingRight: right, keys: unreadable.slice(0, 20).map(({key}) => printable(key))},
  })
}
