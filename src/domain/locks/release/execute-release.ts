import {setTimeout as delay} from 'node:timers/promises'

import type {Redis} from 'ioredis'

import type {RedisConnection} from '../../../clients/redis/connect.js'
import {ChannelSubscribers} from '../../../clients/redis/channel-subscribers.js'
import {removeWaiters} from '../../../clients/redis/remove-waiters.js'
import type {Released, ReleaseOrder} from '../../../clients/redis/release-order.js'
import {releaseByScript} from '../../../clients/redis/release-script.js'
import {releaseByWatch} from '../../../clients/redis/release-watch.js'
import {isMovedReply, type NodeOf, slotOwnersNow} from '../reading/collect-key-node.js'
import {bytesOf} from '../reading/sampled-key.js'
import type {PlannedRelease, ReleasePlan} from './release-plan.js'
import {messageOf} from '../../../wording.js'

/**
 * `changed` and `renewed`: not what the plan saw, and left alone. `gone`: it had ended. `refused`: the plan keeps it, or the
 * release was stopped before it. `failed`: the server said no; whether it was done is not known when the connection broke.
 */
export type ReleaseResult = 'changed' | 'failed' | 'gone' | 'refused' | 'released' | 'renewed'

export interface LockRelease {
  key: string
  family: string
  action: PlannedRelease['action']
  result: ReleaseResult
  /** why it was refused or failed; null else */
  reason: string | null
  /** who was told that it is free, and how many heard it; −1 where this login may not publish */
  notified: {channel: string; receivers: number} | null
  /** waiters in line that were dead, and were taken out */
  removedWaiters: string[]
}

export interface LockReleases {
  address: string
  planDigest: string
  /** whether it went through the plan to its end */
  complete: boolean
  /** why it stopped before; null when it did not */
  stopped: string | null
  releases: LockRelease[]
  summary: Record<ReleaseResult, number>
  /** replicas that have confirmed the last release; null where none was asked for */
  replicas: {wanted: number; confirmed: number} | null
}

export interface ReleaseOptions {
  /** releases in a second, at most */
  readonly ratePerSecond: number
  /** replicas that have to confirm; 0 to ask none */
  readonly replicas: number
  /** WATCH and a transaction even where scripts are allowed */
  readonly avoidsScripts: boolean
  readonly signal: AbortSignal
  /** Told of each lock as soon as it is decided, before the next; what it throws ends the release. */
  readonly onRelease: (release: LockRelease, planned: PlannedRelease) => Promise<void>
}

/** When so many of the locks looked at lately are not what the plan saw, the world moves too fast for it. */
const RECENT_LOCKS = 20
const MOST_CHANGED = 0.2
const REPLICAS_MS = 1000

/** Releases what a plan says, one after the other, each only while it is exactly what the plan saw. */
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
    for (const planned of plan.releases) {
      stopped ??= options.signal.aborted ? 'interrupted' : tooManyChanged(recent)
      const startedAt = performance.now()
      const release =
        stopped === null ? await releaser.release(planned) : keptResult(planned, `stopped before it: ${stopped}`)
      releases.push(release)
      await options.onRelease(release, planned)
      if (release.result !== 'refused') {
        recent.push(release)
        if (recent.length > RECENT_LOCKS) recent.shift()
        await delay(Math.max(0, 1000 / options.ratePerSecond - (performance.now() - startedAt)))
      }
    }
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

class Releaser {
  private readonly connection: RedisConnection
  private readonly avoidsScripts: boolean
  private readonly subscribers: ChannelSubscribers
  private nodeOf: NodeOf | null = null
  /** for transactions: what others send must not come between */
  private readonly ownConnections = new Map<Redis, Redis>()
  /** through which something was released */
  private readonly usedConnections = new Set<Redis>()

  constructor(connection: RedisConnection, avoidsScripts: boolean) {
    this.connection = connection
    this.avoidsScripts = avoidsScripts
    this.subscribers = new ChannelSubscribers(connection)
  }

  async release(planned: PlannedRelease): Promise<LockRelease> {
    if (planned.action === 'keep') return keptResult(planned, planned.reason)
    try {
      this.nodeOf ??= await slotOwnersNow(this.connection)
      const redis = this.nodeOf(Buffer.from(planned.snapshot.keyBase64, 'base64'))
      if (redis === null) return this.moved(planned)
      const plannedIds = planned.waitQueue?.disconnected ?? []
      const disconnected =
        (planned.waitQueue && (await this.subscribers.waitersWithout(plannedIds, planned.waitQueue.channel))) ?? []
      if (planned.action === 'remove-waiters') return await this.removeWaiters(redis, planned, disconnected)
      const order = orderOf(planned, disconnected)
      const {notified, outcome} = await this.compareAndRelease(redis, order)
      if (outcome !== 'released') return {...resultOf(planned), result: outcome}
      return {
        ...resultOf(planned),
        result: outcome,
        notified: notified && (await notifySharded(redis, planned, notified)),
        reason: disconnected.length < plannedIds.length ? LEFT_IN_QUEUE : null,
        removedWaiters: disconnected,
      }
    } catch (error) {
      if (isMovedReply(error)) return this.moved(planned)
      return {...resultOf(planned), result: 'failed', reason: messageOf(error)}
    }
  }

  /** The lock that they wait for is left as it is, so there is nothing to compare: who was dead does not come back. */
  private async removeWaiters(
    redis: Redis,
    planned: PlannedRelease,
    disconnected: readonly string[],
  ): Promise<LockRelease> {
    const {notify, waitQueue} = planned
    if (waitQueue === null || notify?.by !== 'publish') return keptResult(planned, 'the plan names no line')
    if (disconnected.length === 0) return keptResult(planned, LEFT_IN_QUEUE)
    this.usedConnections.add(redis)
    const {notified, removedWaiters} = await removeWaiters(redis, {...waitQueue, disconnected}, notify.message)
    if (removedWaiters.length === 0) return {...resultOf(planned), result: 'gone'}
    return {
      ...resultOf(planned),
      result: 'released',
      notified: notified && (await notifySharded(redis, planned, notified)),
      removedWaiters,
    }
  }

  private moved(planned: PlannedRelease): LockRelease {
    this.nodeOf = null // the next one asks anew
    return {...resultOf(planned), result: 'failed', reason: 'its slot moves: try again'}
  }

  /** Asks for all that was released before. */
  async waitForReplicas(wanted: number): Promise<{wanted: number; confirmed: number}> {
    const confirmed = await Promise.all([...this.usedConnections].map((redis) => redis.wait(wanted, REPLICAS_MS)))
    return {wanted, confirmed: confirmed.length === 0 ? 0 : Math.min(...confirmed)}
  }

  close(): void {
    for (const redis of this.ownConnections.values()) redis.disconnect()
  }

  /** By a script; where this login may run none, or not these commands in it, by a transaction. */
  private async compareAndRelease(redis: Redis, order: ReleaseOrder): Promise<Released> {
    if (!this.avoidsScripts) {
      try {
        this.usedConnections.add(redis)
        return await releaseByScript(redis, order)
      } catch (error) {
        if (!(error instanceof Error && MAY_NOT.test(error.message))) throw error
        this.usedConnections.delete(redis)
      }
    }
    let own = this.ownConnections.get(redis)
    if (!own) {
      own = redis.duplicate()
      own.on('error', () => undefined) // the command that fails by it says so
      this.ownConnections.set(redis, own)
      await own.connect()
    }
    this.usedConnections.add(own)
    return releaseByWatch(own, order)
  }
}

/** What servers say to a script that is not allowed, or holds a command that is not. */
const MAY_NOT = /NOPERM|can't run this command|unknown command/i

const LEFT_IN_QUEUE = 'waiters planned as dead are left in line: somebody listens for them, or it can not be told'

/** @param dead those whom nobody listened for when it was planned, nor does now. */
function orderOf(
  {alsoDelete, graceMs, holder, notify, snapshot, waitQueue}: PlannedRelease,
  disconnected: readonly string[],
): ReleaseOrder {
  return {
    key: Buffer.from(snapshot.keyBase64, 'base64'),
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
    notify,
  }
}

/** Redisson listens on sharded channels in a cluster: tells those too. @returns who was told, and how many heard it. */
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
    return notified // before Redis 7.0 there are none, and a channel of another slot is nobody's
  }
}

function tooManyChanged(recent: readonly LockRelease[]): string | null {
  const changed = recent.filter(({result}) => result === 'changed' || result === 'renewed').length
  if (recent.length < RECENT_LOCKS || changed <= RECENT_LOCKS * MOST_CHANGED) return null
  return `${String(changed)} of the last ${String(RECENT_LOCKS)} locks were not what the plan saw: their holders live`
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
  const summary = {changed: 0, failed: 0, gone: 0, refused: 0, released: 0, renewed: 0}
  for (const {result} of releases) summary[result]++
  return summary
}
