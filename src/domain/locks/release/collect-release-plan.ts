import type {Redis} from 'ioredis'

import type {RedisConnection} from '../../../clients/redis/connect.js'
import {Listeners} from '../../../clients/redis/channel-subscribers.js'
import {Unreachable} from '../../../errors.js'
import {homesNow, slotMoves} from '../reading/collect-key-node.js'
import {expiryCommandOf, type ReadKeys, readLocks, stopTouching} from '../reading/collect-keys.js'
import {lookAtLine} from '../recognition/collect-wait-queues.js'
import {lineOf, placeOf} from '../recognition/wait-queue.js'
import {bytesOf, printable, type RawLock} from '../reading/sampled-key.js'
import {recognise} from '../recognition/recognise.js'
import {
  type PlannedRelease,
  planPurge,
  planRelease,
  type ReleasePlan,
  releasePlan,
  type ReleaseWish,
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
 * @throws Unreachable E_REDIS_ACL for a key that this login may not read; E_SLOT_MOVES.
 */
export async function collectReleasePlan(
  connection: RedisConnection,
  keys: readonly string[],
  wish: ReleaseWish,
): Promise<CollectedReleasePlan> {
  const releases: PlannedRelease[] = []
  const skipped: CollectedReleasePlan['skipped'] = []
  const listeners = new Listeners(connection)
  for (const {names, redis} of await byNode(connection, [...new Set(keys)])) {
    await stopTouching(redis)
    const expiry = await expiryCommandOf(redis)
    for (let at = 0; at < names.length; at += BATCH) {
      const wanted = names.slice(at, at + BATCH)
      const {locks, moved, unreadable} = await readLocks(redis, wanted.map(bytesOf), expiry)
      if (moved[0]) throw slotMoves(printable(moved[0]))
      if (unreadable[0]) throw mayNotRead(connection.address, unreadable)
      const found = new Map(locks.map((raw) => [raw.name, raw]))
      for (const key of wanted) {
        const raw = found.get(printable(bytesOf(key)))
        const planned = raw && (await planOne({redis, listeners}, raw, wish))
        if (planned) releases.push(planned)
        else skipped.push({key, reason: raw === undefined ? 'gone' : 'belongs to a lock, and is none'})
      }
    }
  }
  return {plan: releasePlan(connection.address, releases, wish), skipped}
}

/** @returns null for a key that is no lock but belongs to one, and no line either. */
async function planOne({listeners, redis}: Look, raw: RawLock, wish: ReleaseWish): Promise<PlannedRelease | null> {
  const found = recognise(raw, wish.families, true)
  if (found.kind === 'companion') {
    const line = lineOf(raw, found)
    return line && planPurge(line, await lookAtLine(redis, line, listeners))
  }
  const place = found.kind === 'lock' ? placeOf(raw.name, found.family, found.groups) : null
  if (place === null) return planRelease({raw, found, dead: []}, wish)
  const waiters = await redis.lrange(place.queue, 0, -1)
  return planRelease({raw, found, dead: (await listeners.deadOf(waiters, place.channel)) ?? []}, wish)
}

interface Look {
  readonly redis: Redis
  readonly listeners: Listeners
}

async function byNode(
  connection: RedisConnection,
  keys: readonly string[],
): Promise<Array<{redis: Redis; names: string[]}>> {
  const nodes = new Map<Redis, string[]>()
  const homeOf = await homesNow(connection)
  for (const key of keys) {
    const redis = homeOf(bytesOf(key))
    if (!redis) throw slotMoves(key)
    const names = nodes.get(redis)
    if (names) names.push(key)
    else nodes.set(redis, [key])
  }
  return [...nodes].map(([redis, names]) => ({redis, names}))
}

function mayNotRead(address: string, unreadable: ReadKeys['unreadable']): Unreachable {
  const lacks = [...new Set(unreadable.map((one) => one.lacks))].toSorted()
  const message = `this login may not read every one of these locks, for it lacks ${lacks.join(', ')}; nothing is planned`
  return new Unreachable('E_REDIS_ACL', message, {
    data: {address, lacks, keys: unreadable.slice(0, 20).map(({key}) => printable(key))},
  })
}
