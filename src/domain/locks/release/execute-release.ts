import {setTimeout as delay} from 'node:timers/promises'

import type {Redis} from 'ioredis'

import type {RedisConnection} from '../../../clients/redis/connect.js'
import {Listeners} from '../../../clients/redis/channel-subscribers.js'
import {purgeLine} from '../../../clients/redis/remove-waiters.js'
import type {Released, ReleaseOrder} from '../../../clients/redis/release-order.js'
import {releaseByScript} from '../../../clients/redis/release-script.js'
import {releaseByWatch} from '../../../clients/redis/release-watch.js'
import {type HomeOf, homesNow, saysMoved} from '../reading/collect-key-node.js'
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
  told: {channel: string; receivers: number} | null
  /** waiters in line that were dead, and were taken out */
  purged: string[]
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
const LOOKED_AT = 20
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
  const lately: LockRelease[] = []
  let stopped: string | null = null
  try {
    for (const planned of plan.releases) {
      stopped ??= options.signal.aborted ? 'interrupted' : tooManyChanged(lately)
      const startedAt = performance.now()
      const release =
        stopped === null ? await releaser.release(planned) : kept(planned, `stopped before it: ${stopped}`)
      releases.push(release)
      await options.onRelease(release, planned)
      if (release.result !== 'refused') {
        lately.push(release)
        if (lately.length > LOOKED_AT) lately.shift()
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
  private readonly listeners: Listeners
  private homeOf: HomeOf | null = null
  /** for transactions: what others send must not come between */
  private readonly own = new Map<Redis, Redis>()
  /** through which something was released */
  private readonly used = new Set<Redis>()

  constructor(connection: RedisConnection, avoidsScripts: boolean) {
    this.connection = connection
    this.avoidsScripts = avoidsScripts
    this.listeners = new Listeners(connection)
  }

  async release(planned: PlannedRelease): Promise<LockRelease> {
    if (planned.action === 'keep') return kept(planned, planned.reason)
    try {
      this.homeOf ??= await homesNow(this.connection)
      const redis = this.homeOf(Buffer.from(planned.snapshot.keyBase64, 'base64'))
      if (redis === null) return this.moved(planned)
      const planDead = planned.line?.dead ?? []
      const dead = (planned.line && (await this.listeners.deadOf(planDead, planned.line.channel))) ?? []
      if (planned.action === 'purge') return await this.purge(redis, planned, dead)
      const order = orderOf(planned, dead)
      const {outcome, told} = await this.carryOut(redis, order)
      if (outcome !== 'released') return {...decided(planned), result: outcome}
      return {
        ...decided(planned),
        result: outcome,
        told: told && (await alsoSharded(redis, planned, told)),
        reason: dead.length < planDead.length ? LEFT_IN_LINE : null,
        purged: dead,
      }
    } catch (error) {
      if (saysMoved(error)) return this.moved(planned)
      return {...decided(planned), result: 'failed', reason: messageOf(error)}
    }
  }

  /** The lock that they wait for is left as it is, so there is nothing to compare: who was dead does not come back. */
  private async purge(redis: Redis, planned: PlannedRelease, dead: readonly string[]): Promise<LockRelease> {
    const {line, wake} = planned
    if (line === null || wake?.by !== 'publish') return kept(planned, 'the plan names no line')
    if (dead.length === 0) return kept(planned, LEFT_IN_LINE)
    this.used.add(redis)
    const {purged, told} = await purgeLine(redis, {...line, dead}, wake.message)
    if (purged.length === 0) return {...decided(planned), result: 'gone'}
    return {...decided(planned), result: 'released', told: told && (await alsoSharded(redis, planned, told)), purged}
  }

  private moved(planned: PlannedRelease): LockRelease {
    this.homeOf = null // the next one asks anew
    return {...decided(planned), result: 'failed', reason: 'its slot moves: try again'}
  }

  /** Asks for all that was released before. */
  async waitForReplicas(wanted: number): Promise<{wanted: number; confirmed: number}> {
    const confirmed = await Promise.all([...this.used].map((redis) => redis.wait(wanted, REPLICAS_MS)))
    return {wanted, confirmed: confirmed.length === 0 ? 0 : Math.min(...confirmed)}
  }

  close(): void {
    for (const redis of this.own.values()) redis.disconnect()
  }

  /** By a script; where this login may run none, or not these commands in it, by a transaction. */
  private async carryOut(redis: Redis, order: ReleaseOrder): Promise<Released> {
    if (!this.avoidsScripts) {
      try {
        this.used.add(redis)
        return await releaseByScript(redis, order)
      } catch (error) {
        if (!(error instanceof Error && MAY_NOT.test(error.message))) throw error
        this.used.delete(redis)
      }
    }
    let own = this.own.get(redis)
    if (!own) {
      own = redis.duplicate()
      own.on('error', () => undefined) // the command that fails by it says so
      this.own.set(redis, own)
      await own.connect()
    }
    this.used.add(own)
    return releaseByWatch(own, order)
  }
}

/** What servers say to a script that is not allowed, or holds a command that is not. */
const MAY_NOT = /NOPERM|can't run this command|unknown command/i

const LEFT_IN_LINE = 'waiters planned as dead are left in line: somebody listens for them, or it can not be told'

/** @param dead those whom nobody listened for when it was planned, nor does now. */
function orderOf(
  {alsoDelete, graceMs, holder, line, snapshot, wake}: PlannedRelease,
  dead: readonly string[],
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
    line: line && {...line, dead},
    wake,
  }
}

/** Redisson listens on sharded channels in a cluster: tells those too. @returns who was told, and how many heard it. */
async function alsoSharded(
  redis: Redis,
  {wake}: PlannedRelease,
  told: NonNullable<Released['told']>,
): Promise<NonNullable<Released['told']>> {
  if (wake?.by !== 'publish') return told
  try {
    const heard = Number(await redis.call('SPUBLISH', told.channel, wake.message))
    return heard === 0 ? told : {...told, receivers: Math.max(0, told.receivers) + heard}
  } catch {
    return told // before Redis 7.0 there are none, and a channel of another slot is nobody's
  }
}

function tooManyChanged(lately: readonly LockRelease[]): string | null {
  const changed = lately.filter(({result}) => result === 'changed' || result === 'renewed').length
  if (lately.length < LOOKED_AT || changed <= LOOKED_AT * MOST_CHANGED) return null
  return `${String(changed)} of the last ${String(LOOKED_AT)} locks were not what the plan saw: their holders live`
}

function decided({action, lock}: PlannedRelease): Omit<LockRelease, 'result'> {
  return {
    key: lock.key,
    family: lock.family,
    action,
    reason: null,
    told: null,
    purged: [],
  }
}

function kept(planned: PlannedRelease, reason: string | null): LockRelease {
  return {...decided(planned), result: 'refused', reason}
}

function summaryOf(releases: readonly LockRelease[]): LockReleases['summary'] {
  const summary = {changed: 0, failed: 0, gone: 0, refused: 0, released: 0, renewed: 0}
  for (const {result} of releases) summary[result]++
  return summary
}
