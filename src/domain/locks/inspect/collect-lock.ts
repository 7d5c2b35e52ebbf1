import type {Redis} from 'ioredis'

import type {RedisConnection} from '../../../clients/redis/connect.js'
import {missingRight} from '../../../clients/redis/acl.js'
import {ChannelSubscribers} from '../../../clients/redis/channel-subscribers.js'
import {Blocked, Unreachable} from '../../../errors.js'
import {slotMigrating, slotOwnersNow} from '../reading/collect-key-node.js'
import {expiryCommandOf, readKeys, stopTouching} from '../reading/collect-keys.js'
import {connectionsOf, type HolderConnections, parseClients} from './holder-connections.js'
import type {CompiledFamilies} from '../families/compiled.js'
import {fillTemplate} from '../families/template.js'
import {bytesOf, printable, type SampledKey} from '../reading/sampled-key.js'
import {recognize} from '../recognition/recognize.js'
import type {LockCandidate, LockHolder, RecognizedLock, Unrecognized} from '../recognition/recognized-lock.js'
import {type LockLimits, lockRecord, type LockRecord} from '../recognition/lock-record.js'
import {collectPlannedRelease} from '../release/collect-release-plan.js'
import {effectOf, type PlannedRelease, type ReleaseEffect} from '../release/release-plan.js'
import {lockCommand, suggestedCommand} from '../../../suggested-command.js'

export interface LockInspection {
  address: string
  lock: LockRecord
  /** the library with this format, or the libraries that have it, shown to the user; null when unknown */
  format: string | null
  /** the families that the lock may be of, with what speaks for and against each; the most likely one first */
  candidates: LockCandidate[]
  /** all holders; a semaphore and a read lock can have several */
  holders: LockHolder[]
  /** existing keys that belong to the lock */
  companions: Array<{key: string; role: string; entries: string[]}>
  waiters: Waiters
  /** null when this login may not list clients, or the format is unknown */
  connections: HolderConnections | null
  /** the missing permission to list clients; null when none is missing */
  missingRight: string | null
  /** what `locks release KEY` would do */
  release: ReleaseEffect
}

export interface Waiters {
  /** subscribers of the release channel; null when the format has no channel, or the number is unknown */
  subscribers: number | null
  /** the wait queue, the next waiter first; `isSubscribed` is null when unknown */
  queue: Array<{waiter: string; isSubscribed: boolean | null}>
}

export interface LockReadOptions extends LockLimits {
  readonly families: CompiledFamilies
}

export interface InspectOptions extends LockReadOptions {
  /** the TTL that a release would set, in ms */
  readonly graceMs: number
}

/**
 * Reads the record of one lock. Changes nothing.
 *
 * @throws as inspectLock().
 */
export async function collectLockRecord(
  connection: RedisConnection,
  key: string,
  options: LockReadOptions,
): Promise<LockRecord> {
  return (await readLock(connection, key, options)).record
}

/**
 * Collects the details of one lock. Changes nothing.
 *
 * @throws Unreachable E_NO_LOCK, E_REDIS_ACL, E_SLOT_MIGRATING; Blocked E_NOT_A_LOCK for a key that only belongs to a lock.
 */
export async function inspectLock(
  connection: RedisConnection,
  key: string,
  options: InspectOptions,
): Promise<LockInspection> {
  const {found, raw, record, redis} = await readLock(connection, key, options)
  const lock = found.kind === 'lock' ? found : null
  const companions = lock ? await readCompanions(redis, key, lock) : []
  const subscribers = new ChannelSubscribers(connection)
  const planWith = (watchMs: number | null): Promise<PlannedRelease> =>
    collectPlannedRelease(
      {redis, subscribers},
      {raw, found, isAbandoned: false},
      {...options, how: 'auto', holder: null, watchMs},
    )
  const plain = await planWith(null)
  const planned = plain.watchMs === null ? plain : {...(await planWith(plain.watchMs)), reason: plain.reason}
  return {
    address: connection.address,
    lock: record,
    format: lock?.family?.title ?? lock?.group ?? null,
    candidates: [...(lock?.candidates ?? [])],
    holders: [...(lock?.holders ?? [])],
    companions,
    waiters: lock ? await readWaiters(subscribers, key, lock, companions) : {subscribers: null, queue: []},
    ...(lock ? await readConnections(redis, lock, record.heldAtLeastMs) : {connections: null, missingRight: null}),
    release: effectOf(planned),
  }
}

interface ReadLock {
  readonly raw: SampledKey
  readonly redis: Redis
  readonly found: RecognizedLock | Unrecognized
  readonly record: LockRecord
}

async function readLock(connection: RedisConnection, key: string, options: LockReadOptions): Promise<ReadLock> {
  const {raw, redis} = await readFrom(connection, key)
  const found = recognize(raw, options.families, true)
  if (found.kind === 'companion') {
    const of = found.locks.length === 0 ? '' : ` of ${found.locks.join(' or ')}`
    throw new Blocked(
      'E_NOT_A_LOCK',
      `${key} is not a lock; it contains the ${found.role}${of} (${found.family.name})`,
      {
        data: {key, family: found.family.name, role: found.role, locks: found.locks},
        next: found.locks.slice(0, 1).map((lock) => lockCommand('inspect', lock)),
      },
    )
  }
  return {raw, redis, found, record: lockRecord(raw, found, options)}
}

/** @throws Unreachable E_NO_LOCK, E_REDIS_ACL, E_SLOT_MIGRATING. */
async function readFrom(connection: RedisConnection, key: string): Promise<{raw: SampledKey; redis: Redis}> {
  const bytes = bytesOf(key)
  const redis = (await slotOwnersNow(connection))(bytes)
  if (!redis) throw slotMigrating(key)
  await stopTouching(redis)
  const {keys, moved, unreadable} = await readKeys(redis, [bytes], await expiryCommandOf(redis))
  const [raw] = keys
  if (raw) return {raw, redis}
  if (moved.length > 0) throw slotMigrating(key)
  const [refused] = unreadable
  if (refused) {
    throw new Unreachable('E_REDIS_ACL', `this login cannot read ${key}: missing permission ${refused.missingRight}`, {
      data: {address: connection.address, key, missingRight: refused.missingRight},
    })
  }
  throw new Unreachable('E_NO_LOCK', `key ${key} does not exist in Redis at ${connection.address}`, {
    data: {address: connection.address, key},
    next: [suggestedCommand('locks', 'scan', '--pattern', `*${key}*`)],
  })
}

async function readCompanions(redis: Redis, key: string, lock: RecognizedLock): Promise<LockInspection['companions']> {
  const named = lock.behavior.companions.flatMap(({key: template, role}) => {
    const name = fillTemplate(template, key, lock.behavior.groups)
    return name === null ? [] : [{name, role}]
  })
  const {keys} = await readKeys(
    redis,
    named.map(({name}) => Buffer.from(name)),
    'pttl',
  )
  return keys.map((raw) => {
    const {name} = raw
    const role = named.find((row) => row.name === name)?.role ?? ''
    return {key: name, role, entries: raw.entries.map(([entry]) => printable(entry))}
  })
}

async function readConnections(
  redis: Redis,
  {holders}: RecognizedLock,
  heldMs: number | null,
): Promise<Pick<LockInspection, 'connections' | 'missingRight'>> {
  try {
    const list = String(await redis.client('LIST'))
    return {connections: connectionsOf(parseClients(list), holders, heldMs), missingRight: null}
  } catch (error) {
    const right = missingRight(error)
    if (right === null) throw error
    return {connections: null, missingRight: right}
  }
}

async function readWaiters(
  subscribers: ChannelSubscribers,
  key: string,
  {behavior: {groups, release}}: RecognizedLock,
  companions: LockInspection['companions'],
): Promise<Waiters> {
  if (release.how !== 'compare-and-delete' || release.notify?.by !== 'publish') return {subscribers: null, queue: []}
  const {channel, waiterChannel} = release.notify
  const lockChannel = fillTemplate(channel, key, groups)
  const waitQueue = companions.find(({role}) => role === 'waiters')?.entries ?? []
  const channels = waitQueue.map((waiter) => fillTemplate(waiterChannel ?? channel, key, {...groups, waiter}) ?? '')
  const [lockSubscribers = null, ...queueSubscribers] = await subscribers.count([lockChannel ?? '', ...channels])
  const counts = queueSubscribers.map((count) => (count === null ? null : count > 0))
  return {
    subscribers: lockChannel === null ? null : lockSubscribers,
    queue: waitQueue.map((waiter, at) => ({waiter, isSubscribed: counts[at] ?? null})),
  }
}
