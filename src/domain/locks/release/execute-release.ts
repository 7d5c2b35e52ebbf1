import {setTimeout as delay} from 'node:timers/promises'

import type {Redis} from 'ioredis'

import type {RedisConnection} from '../../../clients/redis/connect.js'
import {ChannelSubscribers} from '../../../clients/redis/channel-subscribers.js'
import {removeWaiters} from '../../../clients/redis/release/remove-waiters.js'
import type {Released, ReleaseOrder} from '../../../clients/redis/release/release-order.js'
import {releaseByScript} from '../../../clients/redis/release/release-script.js'
import {releaseByWatch, type WatchedLock, watchLock} from '../../../clients/redis/release/release-watch.js'
import {type SignalledLock, wakeWaiters} from '../../../clients/redis/release/wake-waiters.js'
import {isMovedReply, type NodeOf, slotOwnersNow} from '../reading/collect-key-node.js'
import {bytesOf} from '../reading/sampled-key.js'
import type {PlannedRelease, ReleasePlan} from './release-plan.js'
import {shellCommand} from '../../../suggested-command.js'
import {counted, messageOf} from '../../../wording.js'

/**
 * `changed` and `renewed`: the lock differs from the plan and was not released. `ended`: it no longer existed. `refused`: the
 * plan keeps it, or the release stopped before it. `failed`: the server returned an error; after a lost connection it is
 * unknown whether the lock was released.
 */
export type ReleaseResult = 'changed' | 'failed' | 'ended' | 'refused' | 'released' | 'renewed'

export interface LockRelease {
  key: string
  family: string
  action: PlannedRelease['action']
  result: ReleaseResult
  /** why it was refused or failed; otherwise null */
  reason: string | null
  /** the channel on which the release was published, and its receivers; −1 when this login may not publish */
  notified: {channel: string; receivers: number} | null
  /** disconnected waiters that were removed from the wait queue */
  removedWaiters: string[]
}

export interface LockReleases {
  address: string
  planDigest: string
  /** whether every lock of the plan was processed */
  complete: boolean
  /** why it stopped early; null when it did not */
  stopped: string | null
  releases: LockRelease[]
  summary: Record<ReleaseResult, number>
  /** replicas that confirmed the last release; null when no confirmation was requested */
  replicas: {wanted: number; confirmed: number} | null
}

export interface ReleaseOptions {
  /** maximum number of releases per second */
  readonly ratePerSecond: number
  /** number of replicas to wait for; 0 does not wait */
  readonly replicas: number
  /** use WATCH and a transaction even where scripts are allowed */
  readonly avoidsScripts: boolean
  readonly signal: AbortSignal
  /** Called before a wait: a watch of locks, or the time until locks with a new TTL have expired. */
  readonly onWait: (reason: 'expiry' | 'watch', locks: number, waitMs: number) => void
  /** Called after each lock, before the next one; an error that it throws stops the release. */
  readonly onRelease: (release: LockRelease, planned: PlannedRelease) => Promise<void>
}

/** When more than this share of the recent locks differ from the plan, their holders are probably active and the release stops. */
const RECENT_LOCKS = 20
const MOST_CHANGED = 0.2
const REPLICAS_MS = 1000

/** Executes a plan lock by lock; releases a lock only if it is exactly as in the plan. */
export async function releaseLocks(
  connection: RedisConnection,
  plan: ReleasePlan,
  options: ReleaseOptions,
): Promise<LockReleases> {
  const releaser = new Releaser(connection, options.avoidsScripts)
  const releases: LockRelease[] = []
  const recent: LockRelease[] = []
  let stopped: string | null = null
  try {
    await releaser.watch(plan.releases, options)
    for (const planned of plan.releases) {
      stopped ??= options.signal.aborted ? 'interrupted' : tooManyChanged(recent)
      const startedAt = performance.now()
      const release =
        stopped === null ? await releaser.release(planned) : keptResult(planned, `stopped early: ${stopped}`)
      releases.push(release)
      await options.onRelease(release, planned)
      if (release.result !== 'refused') {
        recent.push(release)
        if (recent.length > RECENT_LOCKS) recent.shift()
        await delay(Math.max(0, 1000 / options.ratePerSecond - (performance.now() - startedAt)))
      }
    }
    if (!(await releaser.wakeAfterExpiry(releases, options))) stopped ??= 'interrupted before the waiters were woken'
    return {
      address: connection.address,
      planDigest: plan.digest,
      complete: stopped === null,
      stopped,
      releases,
      summary: summaryOf(releases),
      replicas: options.replicas === 0 ? null : await releaser.waitForReplicas(options.replicas),
    }
  } finally {
    releaser.close()
  }
}

type WaitOptions = Pick<ReleaseOptions, 'onWait' | 'signal'>

class Releaser {
  private readonly connection: RedisConnection
  private readonly avoidsScripts: boolean
  private readonly subscribers: ChannelSubscribers
  private nodeOf: NodeOf | null = null
  /** for transactions, which need a connection without other commands */
  private readonly dedicatedConnections = new Map<Redis, Redis>()
  /** connections that released a lock */
  private readonly usedConnections = new Set<Redis>()
  private readonly watched = new Map<PlannedRelease, WatchedLock>()
  /** why locks could not be watched */
  private readonly unwatched = new Map<PlannedRelease, unknown>()
  private readonly watchingConnections: Redis[] = []
  private readonly sleeping: SleepingWaiters[] = []

  constructor(connection: RedisConnection, avoidsScripts: boolean) {
    this.connection = connection
    this.avoidsScripts = avoidsScripts
    this.subscribers = new ChannelSubscribers(connection)
  }

  /**
   * Watches the locks whose plan asks for it, all at the same time. Afterwards each of them is unchanged since, or its release
   * fails. An abort ends the watch.
   */
  async watch(releases: readonly PlannedRelease[], {onWait, signal}: WaitOptions): Promise<void> {
    const chosen = releases.filter(({action, watchMs}) => action !== 'keep' && watchMs !== null)
    if (chosen.length === 0) return
    this.nodeOf ??= await slotOwnersNow(this.connection)
    for (const planned of chosen) {
      const redis = this.nodeOf(keyOf(planned))
      if (redis === null) continue // its release reads the slot owners again
      try {
        const connection = await this.separate(redis)
        this.watchingConnections.push(connection)
        this.watched.set(planned, await watchLock(connection, orderOf(planned, planned.waitQueue?.disconnected ?? [])))
      } catch (error) {
        this.unwatched.set(planned, error)
      }
    }
    if (this.watched.size === 0) return
    const longestMs = Math.max(...chosen.map(({watchMs}) => watchMs ?? 0))
    onWait('watch', this.watched.size, longestMs)
    await delay(longestMs, undefined, {signal}).catch(() => undefined) // the caller checks the signal
  }

  async release(planned: PlannedRelease): Promise<LockRelease> {
    if (planned.action === 'keep') return keptResult(planned, planned.reason)
    try {
      this.nodeOf ??= await slotOwnersNow(this.connection)
      const redis = this.nodeOf(keyOf(planned))
      if (redis === null) return this.moved(planned)
      const plannedIds = planned.waitQueue?.disconnected ?? []
      const disconnected =
        (planned.waitQueue && (await this.subscribers.waitersWithout(plannedIds, planned.waitQueue.channel))) ?? []
      if (planned.action === 'remove-waiters') return await this.removeWaiters(redis, planned, disconnected)
      const order = orderOf(planned, disconnected)
      const watched = this.watched.get(planned)
      if (this.unwatched.has(planned)) throw this.unwatched.get(planned)
      if (planned.watchMs !== null && !watched) return this.moved(planned)
      const {notified, outcome} = await (watched?.release(order) ?? this.compareAndRelease(redis, order))
      if (outcome !== 'released') return {...resultOf(planned), result: outcome}
      if (planned.action === 'expire' && planned.notify?.by === 'push') {
        const {notify} = planned
        this.sleeping.push({
          key: planned.lock.key,
          redis,
          lock: order.key,
          ...notify,
          atMs: Date.now() + (planned.graceMs ?? 0),
        })
      }
      return {
        ...resultOf(planned),
        result: outcome,
        notified: notified && (await notifySharded(redis, planned, notified)),
        reason: disconnected.length < plannedIds.length ? LEFT_IN_QUEUE : null,
        removedWaiters: disconnected,
      }
    } catch (error) {
      if (isMovedReply(error)) return this.moved(planned)
      return {...resultOf(planned), result: 'failed', reason: messageOf(refusedCommand(error))}
    }
  }

  /** Needs no comparison with the plan, because the lock does not change and only waiters that are still disconnected are removed. */
  private async removeWaiters(
    redis: Redis,
    planned: PlannedRelease,
    disconnected: readonly string[],
  ): Promise<LockRelease> {
    const {notify, waitQueue} = planned
    if (waitQueue === null || notify?.by !== 'publish') return keptResult(planned, 'the plan has no wait queue')
    if (disconnected.length === 0) return keptResult(planned, LEFT_IN_QUEUE)
    this.usedConnections.add(redis)
    const {notified, removedWaiters} = await removeWaiters(redis, {...waitQueue, disconnected}, notify.message)
    if (removedWaiters.length === 0) return {...resultOf(planned), result: 'ended'}
    return {
      ...resultOf(planned),
      result: 'released',
      notified: notified && (await notifySharded(redis, planned, notified)),
      removedWaiters,
    }
  }

  private moved(planned: PlannedRelease): LockRelease {
    this.nodeOf = null // reads the slot owners again for the next lock
    return {...resultOf(planned), result: 'failed', reason: 'its slot is migrating; try again'}
  }

  /** Waits for the confirmation of everything that was released before. */
  async waitForReplicas(wanted: number): Promise<{wanted: number; confirmed: number}> {
    const confirmed = await Promise.all([...this.usedConnections].map((redis) => redis.wait(wanted, REPLICAS_MS)))
    return {wanted, confirmed: confirmed.length === 0 ? 0 : Math.min(...confirmed)}
  }

  /**
   * Waits until the locks with a new TTL have expired, and wakes the waiters that sleep until they get a signal. Adds to the
   * results how to wake those that still sleep.
   *
   * @returns whether the wait was completed.
   */
  async wakeAfterExpiry(releases: readonly LockRelease[], {onWait, signal}: WaitOptions): Promise<boolean> {
    const lastMs = Math.max(...this.sleeping.map(({atMs}) => atMs))
    if (this.sleeping.length > 0) onWait('expiry', this.sleeping.length, Math.max(0, lastMs - Date.now()))
    for (const {atMs, key, redis, ...signalled} of this.sleeping) {
      await delay(Math.max(0, atMs - Date.now()), undefined, {signal}).catch(() => undefined)
      const failure = signal.aborted
        ? 'interrupted'
        : await wakeWaiters(redis, signalled).then(
            () => null,
            (error: unknown) => messageOf(refusedCommand(error)),
          )
      const release = releases.find((one) => one.key === key)
      if (release && failure !== null) {
        const wake = shellCommand('redis-cli', 'RPUSH', signalled.list, signalled.element)
        release.reason = `its waiters were not woken (${failure}); when the lock has expired, wake them on its server: ${wake}`
      }
    }
    return this.sleeping.length === 0 || !signal.aborted
  }

  close(): void {
    for (const redis of [...this.dedicatedConnections.values(), ...this.watchingConnections]) redis.disconnect()
  }

  /** Uses a script, or a transaction when this login may not run scripts or a command in the script. */
  private async compareAndRelease(redis: Redis, order: ReleaseOrder): Promise<Released> {
    if (!this.avoidsScripts) {
      try {
        this.usedConnections.add(redis)
        return await releaseByScript(redis, order)
      } catch (error) {
        if (!(error instanceof Error && SCRIPT_REFUSED.test(error.message))) throw error
        this.usedConnections.delete(redis)
      }
    }
    let connection = this.dedicatedConnections.get(redis)
    if (!connection) {
      connection = await this.separate(redis)
      this.dedicatedConnections.set(redis, connection)
    }
    this.usedConnections.add(connection)
    return releaseByWatch(connection, order)
  }

  private async separate(redis: Redis): Promise<Redis> {
    const connection = redis.duplicate()
    connection.on('error', () => undefined) // the failing command reports it
    await connection.connect()
    return connection
  }
}

/** Waiters that sleep until an element is pushed to a list, and the lock that expires at `atMs`, epoch ms. */
interface SleepingWaiters extends SignalledLock {
  /** the key of the lock as the results have it */
  readonly key: string
  readonly redis: Redis
  readonly atMs: number
}

function keyOf({snapshot}: PlannedRelease): Buffer {
  return Buffer.from(snapshot.keyBase64, 'base64')
}

/** The error of the command because of which a transaction was discarded: it names the missing permission. */
function refusedCommand(error: unknown): unknown {
  const {previousErrors = []} = error as {readonly previousErrors?: readonly unknown[]}
  return previousErrors[0] ?? error
}

/** Error messages for a script that is not allowed, or contains a command that is not allowed. */
const SCRIPT_REFUSED = /NOPERM|can't run this command|unknown command/i

const LEFT_IN_QUEUE = 'waiters of the plan stay in the wait queue: they are connected again, or their state is unknown'

/** @param disconnected waiters that were disconnected both in the plan and now. */
function orderOf(planned: PlannedRelease, disconnected: readonly string[]): ReleaseOrder {
  const {action, alsoDelete, graceMs, holder, notify, snapshot, waitQueue} = planned
  // A waiter that gets a signal while the lock still exists would take it and sleep again.
  const isTooEarly = action === 'expire' && notify?.by === 'push'
  return {
    key: keyOf(planned),
    type: snapshot.type as ReleaseOrder['type'],
    entries: snapshot.entriesBase64.map(([token, entry]) => [
      Buffer.from(token, 'base64'),
      entry === null ? null : Buffer.from(entry, 'base64'),
    ]),
    expiresAtMs: snapshot.expiresAtMs,
    graceMs,
    holder: holder === null ? null : bytesOf(holder.token),
    alsoDelete,
    waitQueue: waitQueue && {...waitQueue, disconnected},
    notify: isTooEarly ? null : notify,
  }
}

/** Also publishes on the sharded channel, which Redisson uses in a cluster. @returns the channel and its receivers. */
async function notifySharded(
  redis: Redis,
  {notify}: PlannedRelease,
  notified: NonNullable<Released['notified']>,
): Promise<NonNullable<Released['notified']>> {
  if (notify?.by !== 'publish') return notified
  try {
    const heard = Number(await redis.call('SPUBLISH', notified.channel, notify.message))
    return heard === 0 ? notified : {...notified, receivers: Math.max(0, notified.receivers) + heard}
  } catch {
    return notified // Redis before 7.0 has no sharded channels, and one of another slot has no subscribers here
  }
}

function tooManyChanged(recent: readonly LockRelease[]): string | null {
  const changed = recent.filter(({result}) => result === 'changed' || result === 'renewed').length
  if (recent.length < RECENT_LOCKS || changed <= RECENT_LOCKS * MOST_CHANGED) return null
  return `${String(changed)} of the last ${counted(RECENT_LOCKS, 'lock')} differ from the plan; their holders are probably active`
}

function resultOf({action, lock}: PlannedRelease): Omit<LockRelease, 'result'> {
  return {
    key: lock.key,
    family: lock.family,
    action,
    reason: null,
    notified: null,
    removedWaiters: [],
  }
}

function keptResult(planned: PlannedRelease, reason: string | null): LockRelease {
  return {...resultOf(planned), result: 'refused', reason}
}

function summaryOf(releases: readonly LockRelease[]): LockReleases['summary'] {
  const summary = {changed: 0, failed: 0, ended: 0, refused: 0, released: 0, renewed: 0}
  for (const {result} of releases) summary[result]++
  return summary
}
