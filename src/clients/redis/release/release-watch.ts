import type {ChainableCommander, Redis} from 'ioredis'

import {timeMs} from '../scan-script.js'
import type {LockSnapshot, Released, ReleaseOrder, ReleaseOutcome} from './release-order.js'

/**
 * The same as the script for logins that may not run scripts: WATCH, a comparison, and one transaction. A renewal is a write,
 * so it also aborts the transaction.
 *
 * @param redis a separate connection, because commands of other callers would become part of the transaction.
 */
export async function releaseByWatch(redis: Redis, order: ReleaseOrder): Promise<Released> {
  return (await watchLock(redis, order)).release(order)
}

/** A lock that is watched since it was compared with its snapshot. Any write to it aborts the release. */
export interface WatchedLock {
  release(order: ReleaseOrder): Promise<Released>
}

/** @param redis as for releaseByWatch(), without other commands until the release. */
export async function watchLock(
  redis: Redis,
  {alsoDelete, waitQueue, ...snapshot}: ReleaseOrder,
): Promise<WatchedLock> {
  const {key} = snapshot
  await redis.watch(key, ...alsoDelete, ...(waitQueue === null ? [] : [waitQueue.queue, waitQueue.deadlines]))
  const difference = await compare(redis, snapshot)
  return {
    async release(order) {
      try {
        return difference === null ? await releaseWatched(redis, order) : {outcome: difference, notified: null}
      } finally {
        await redis.unwatch()
      }
    },
  }
}

async function releaseWatched(redis: Redis, order: ReleaseOrder): Promise<Released> {
  const {graceMs, key} = order
  const channel = await channelOf(redis, order)
  const left = graceMs === null ? -1 : await redis.pttl(key)
  const endsSooner = graceMs !== null && left >= 0 && left <= graceMs
  const multi = redis.multi()
  addChanges(multi, order, channel, endsSooner)
  const answers = await multi.exec()
  if (answers === null) return {outcome: (await compare(redis, order)) ?? 'changed', notified: null}
  if (channel === null) return {outcome: 'released', notified: null}
  const [error, heard] = answers.at(-1) ?? [null, 0]
  const receivers = order.notify?.by === 'push' ? 1 : error ? -1 : Number(heard)
  return {outcome: 'released', notified: {channel, receivers}}
}

/** @returns how the lock differs from the snapshot; null when it is unchanged. */
async function compare(redis: Redis, {entries, expiresAtMs, key, type}: LockSnapshot): Promise<ReleaseOutcome | null> {
  const found = await redis.type(key)
  if (found === 'none') return 'ended'
  if (found !== type) return 'changed'
  const now = await entriesOf(redis, key, type)
  if (now.length !== entries.length) return 'changed'
  const isSame = entries.every(([token, entry]) =>
    now.some(([other, value]) => other.equals(token) && isSameEntry(type, entry, value)),
  )
  if (!isSame) return 'changed'
  return (await isSameEnd(redis, key, expiresAtMs)) ? null : 'renewed'
}

/** Scores are compared as numbers, because the same number can be written in several ways. */
function isSameEntry(type: LockSnapshot['type'], one: Buffer | null, other: Buffer | null): boolean {
  if (one === null || other === null) return one === other
  return type === 'zset' ? Number(one.toString()) === Number(other.toString()) : one.equals(other)
}

async function entriesOf(redis: Redis, key: Buffer, type: LockSnapshot['type']): Promise<LockSnapshot['entries']> {
  if (type === 'string') {
    const value = await redis.getBuffer(key)
    return value === null ? [] : [[value, null]]
  }
  const flat =
    type === 'hash'
      ? ((await redis.callBuffer('HGETALL', key)) as Buffer[])
      : await redis.zrangeBuffer(key, '0', '-1', 'WITHSCORES')
  return flat.flatMap((token, at) => (at % 2 === 0 ? [[token, flat[at + 1] ?? null]] : []))
}

/** Before Redis 7.0 the remaining time must not have increased. */
async function isSameEnd(redis: Redis, key: Buffer, expiresAtMs: number): Promise<boolean> {
  const exact = await redis.pexpiretime(key).catch(() => null)
  if (exact !== null) return exact === expiresAtMs
  const [left, time] = await Promise.all([redis.pttl(key), redis.time()])
  if (left < 0 || expiresAtMs < 0) return left === expiresAtMs
  return left + timeMs(time) <= expiresAtMs + 2
}

/** The channel of the next connected waiter for a lock with a wait queue, otherwise the lock's channel; null for none. */
async function channelOf(redis: Redis, {notify, waitQueue}: ReleaseOrder): Promise<string | null> {
  if (notify === null) return null
  if (notify.by === 'push') return notify.list
  if (waitQueue === null) return notify.channel
  const waiters = await redis.lrange(waitQueue.queue, 0, waitQueue.disconnected.length)
  const head = waiters.find((waiter) => !waitQueue.disconnected.includes(waiter))
  return head === undefined ? notify.channel : waitQueue.channel.join(head)
}

/** Adds the changes to the transaction; PUBLISH is the last command. */
function addChanges(
  multi: ChainableCommander,
  {alsoDelete, graceMs, holder, key, notify, type, waitQueue}: ReleaseOrder,
  channel: string | null,
  endsSooner: boolean,
): void {
  if (graceMs !== null && !endsSooner) multi.pexpire(key, graceMs)
  if (holder !== null) multi[type === 'hash' ? 'hdel' : 'zrem'](key, holder)
  const gone = [...(holder === null && graceMs === null ? [key] : []), ...alsoDelete]
  if (gone.length > 0) multi.del(...gone)
  for (const waiter of waitQueue?.disconnected ?? [])
    multi.lrem(waitQueue?.queue ?? '', 0, waiter).zrem(waitQueue?.deadlines ?? '', waiter)
  if (notify?.by === 'push')
    multi.del(notify.list).rpush(notify.list, notify.element).pexpire(notify.list, notify.expireMs)
  else if (notify?.by === 'publish' && channel !== null) multi.publish(channel, notify.message)
}
