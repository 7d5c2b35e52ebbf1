import type {Redis} from 'ioredis'

import type {RedisConnection} from '../../../clients/redis/connect.js'
import {ChannelSubscribers} from '../../../clients/redis/channel-subscribers.js'
import {type SampledKeys, SecondSampleQueue} from './collect-second-samples.js'
import {assessWaitQueues} from '../recognition/collect-wait-queues.js'
import {PageReader} from './collect-pages.js'
import {expiryCommandOf, readKeys, type ReadKeys, stopTouching} from '../reading/collect-keys.js'
import {assessOrphans, type CompanionSample} from './collect-orphaned-companions.js'
import type {RedlockServers} from './collect-redlock-servers.js'
import type {CompiledFamilies} from '../families/compiled.js'
import {asWaitQueue, type WaitQueueSample} from '../recognition/wait-queue.js'
import {type EarlierSamples, Observer} from './observer.js'
import {ScanRate, type ScanRateOptions} from './scan-rate.js'
import {recognize} from '../recognition/recognize.js'
import type {Recognized} from '../recognition/recognized-lock.js'
import type {LockLimits, LockRecord} from '../recognition/lock-record.js'
import {expiresSoon, hasGeneratedToken, OtherNames} from './other-names.js'
import type {ReportedKeys} from './reported-keys.js'
import {WaiterCounter} from './collect-waiters.js'

/** How servers are read and locks are assessed. */
export interface ScanSettings {
  readonly families: CompiledFamilies
  /** a glob for SCAN MATCH */
  readonly pattern: string
  /**
   * Which keys the user says are locks; default: none. Of the other keys, only those with an unambiguous lock format or a word
   * for a lock in their name are reported.
   */
  readonly isAssumed?: ((key: string) => boolean) | undefined
  /** ends the scan */
  readonly signal: AbortSignal
  /** only locks of these families; default: all */
  readonly onlyFamilies?: ReadonlySet<string> | undefined
  /** interval between two samples of each lock, in ms; default: one sample */
  readonly observeMs?: number | undefined
  /** keeps samples for later runs and returns those of earlier runs; default: none are kept */
  readonly earlierSamples?: EarlierSamples | undefined
  /** limits for TTL and hold time; default: none */
  readonly limits?: LockLimits
  /** read with pipelines even where scripts are allowed */
  readonly avoidsScripts?: boolean
  /** read replicas instead of the primaries */
  readonly fromReplica?: boolean
  /** default: full speed */
  readonly rate?: ScanRateOptions
}

/** What is done with the locks that a scan finds. */
export interface LockReceiver {
  /** Called with locks as soon as they are assessed, unsorted; the scan waits for it. */
  readonly onLocks: (locks: readonly LockRecord[]) => Promise<void>
  /** Called after each page with the number of keys scanned so far on this server. */
  readonly onPage?: (keys: number) => void
}

const NO_LIMITS: LockLimits = {maxTtlMs: Infinity, maxHoldMs: Infinity}
const NO_RATE_LIMIT: ScanRateOptions = {maxOps: null, guardMs: null}

/** Which keys of a server count in the current round. */
export interface OwnedSlots {
  owns(key: Buffer): boolean
  /** Called for a key that had moved to another node when it was read. */
  markMoved(key: Buffer): void
}

/** One connection to scan, and its place among the servers of a Redlock. */
export interface ScanContext {
  readonly connection: RedisConnection
  readonly receiver: LockReceiver
  /** keys reported before, where another round or a new primary may return a key again; null for a single server */
  readonly reported: ReportedKeys | null
  /** the servers of a Redlock and the index of this one; null without a Redlock */
  readonly redlock: RedlockPlace | null
}

export interface RedlockPlace {
  readonly servers: RedlockServers
  readonly at: number
}

/** The keys of a page by their kind. */
interface ClassifiedPage extends SampledKeys {
  readonly waitQueues: WaitQueueSample[]
  readonly companions: CompanionSample[]
}

/** SCAN returns a key twice when the key table shrinks during the scan; the second time is soon after the first. */
const REMEMBERED = 20_000

/** Scans servers with SCAN and assesses the matching keys after one or two samples. */
export class ServerScan {
  ended = 0
  unreadable = 0
  /** the permissions that are missing for the unreadable keys */
  readonly missingRights = new Set<string>()
  touchesIdleTime = false
  /** wait queues whose disconnected waiters are unknown */
  unverifiedQueues = 0
  readonly otherNames = new OtherNames()
  /** why the number of waiters is unknown; null when it is known */
  waitersUnknownReason: string | null = null
  private keys = 0
  private readonly settings: ScanSettings
  private readonly observer: Observer
  private readonly context: ScanContext
  private readonly subscribers: ChannelSubscribers

  constructor(settings: ScanSettings, context: ScanContext) {
    const {earlierSamples = null, limits = NO_LIMITS} = settings
    this.settings = settings
    this.context = context
    this.subscribers = new ChannelSubscribers(context.connection)
    // The servers of a Redlock have different clocks, so only the samples of the first one are kept.
    this.observer = new Observer(limits, (context.redlock?.at ?? 0) === 0 ? earlierSamples : null)
  }

  /**
   * Scans one server, or its replica with `fromReplica`.
   *
   * @throws the error of the server or of the connection; Unreachable E_NO_REPLICA.
   */
  async scan(primary: Redis, ownedSlots: OwnedSlots | null): Promise<void> {
    const {avoidsScripts = false, fromReplica = false, observeMs, pattern, signal} = this.settings
    const {rate: rateLimit = NO_RATE_LIMIT} = this.settings
    const {sideConnections} = this.context.connection
    const redis = fromReplica ? await sideConnections.replicaOf(primary) : primary
    const sibling = rateLimit.guardMs === null ? redis : await sideConnections.siblingOf(redis)
    if (!(await stopTouching(redis))) this.touchesIdleTime = true
    const expiry = await expiryCommandOf(redis)
    const rate = new ScanRate(rateLimit, () => sibling.ping(), signal)
    const sample = async (keys: readonly Buffer[]): Promise<SampledKeys> => {
      const {read} = await rate.turn(async () => ({read: await readKeys(redis, keys, expiry), keys: keys.length}))
      const page = this.classify(this.mayTouchBetweenSamples ? withoutIdleTimes(read) : read, ownedSlots)
      waiters.prepare(page.samples)
      return page
    }
    const waiters = new WaiterCounter(redis, this.context.connection)
    let reporting: Promise<void> = Promise.resolve()
    // The waiters of a page are counted while the next page is read.
    const reportLocks = async (locks: readonly LockRecord[]): Promise<void> => {
      await reporting
      reporting = waiters.addWaiters(locks, rate).then(() => this.reportWithRedlock(locks, rate))
      reporting.catch(() => undefined) // the error is reported when the next page is
    }
    const second = observeMs === undefined ? null : new SecondSampleQueue(this.observer, sample, observeMs, signal)
    const recent = new Recent(REMEMBERED)
    const accepts = (key: Buffer, name: string): boolean =>
      recent.isNew(name) && (ownedSlots?.owns(key) ?? true) && !this.context.reported?.has(name)
    const reader = new PageReader(redis, {pattern, expiry, accepts, avoidsScripts, rate})
    for await (const page of reader.pages()) {
      signal.throwIfAborted()
      const {companions, samples, waitQueues} = this.classify(page.read(), ownedSlots)
      if (waitQueues.length > 0) await this.reportWaitQueues(redis, waitQueues)
      if (companions.length > 0) await this.report(await assessOrphans(redis, companions, signal))
      second?.add(samples)
      if (second === null) waiters.prepare(samples)
      await reportLocks(second === null ? this.observer.assess(samples, null) : await second.due())
      this.keys += page.walked
      this.context.receiver.onPage?.(this.keys)
    }
    while (second?.isWaiting) await reportLocks(await second.next())
    await reporting
    this.ended += second?.ended ?? 0
    this.waitersUnknownReason ??= waiters.failure
  }

  /** The scan of another server of a Redlock reads this server's keys between their two samples. */
  private get mayTouchBetweenSamples(): boolean {
    return this.touchesIdleTime && this.context.redlock !== null
  }

  private classify({keys, moved, unreadable}: ReadKeys, ownedSlots: OwnedSlots | null): ClassifiedPage {
    for (const key of moved) ownedSlots?.markMoved(key)
    this.unreadable += unreadable.length
    for (const one of unreadable) this.missingRights.add(one.missingRight)
    const page: ClassifiedPage = {
      samples: [],
      waitQueues: [],
      companions: [],
      elsewhere: moved.length + unreadable.length,
    }
    const {families, isAssumed = () => false, limits = NO_LIMITS, onlyFamilies} = this.settings
    for (const raw of keys) {
      const isExpected = isAssumed(raw.name)
      const found = recognize(raw, families, isExpected)
      if (onlyFamilies && !familiesOf(found).some((name) => onlyFamilies.has(name))) continue
      if (found.kind === 'companion') {
        const waitQueue = asWaitQueue(raw, found)
        if (waitQueue) page.waitQueues.push(waitQueue)
        const [lock] = found.locks
        if (found.needsLock && lock !== undefined && raw.expiresAtMs < 0) {
          page.companions.push({raw, family: found.family, lock})
        }
      } else if (found.kind === 'lock' || found.hasWrongType || found.isNamed || isExpected) {
        page.samples.push({raw, found})
      } else if (expiresSoon(raw, limits.maxTtlMs)) {
        const possible = recognize(raw, families, true)
        if (possible.kind === 'lock' && hasGeneratedToken(possible)) this.otherNames.add(raw.name)
      }
    }
    return page
  }

  /** Why disconnected waiters are unknown; null when they are known. */
  get unverifiedReason(): string | null {
    return this.unverifiedQueues === 0 ? null : this.subscribers.failure
  }

  private async reportWaitQueues(redis: Redis, waitQueues: readonly WaitQueueSample[]): Promise<void> {
    const {records, unverified} = await assessWaitQueues(redis, waitQueues, this.subscribers, this.settings.signal)
    this.unverifiedQueues += unverified
    await this.report(records)
  }

  private async reportWithRedlock(assessed: readonly LockRecord[], rate: ScanRate): Promise<void> {
    const {redlock} = this.context
    if (redlock === null || assessed.length === 0) return this.report(assessed)
    const {locks} = await rate.turn(() => redlock.servers.lookUp(assessed, redlock.at))
    return this.report(locks)
  }

  private async report(locks: readonly LockRecord[]): Promise<void> {
    const {receiver, reported} = this.context
    for (const {key} of locks) reported?.add(key)
    if (locks.length > 0) await receiver.onLocks(locks)
  }
}

/** The names of the families that a key may be of. */
function familiesOf(found: Recognized): readonly string[] {
  if (found.kind === 'unknown') return []
  if (found.kind === 'companion') return [found.family.name]
  return found.family === null ? found.candidates.map(({family}) => family) : [found.family.name]
}

/** An idle time that this scan may have reset itself shows nothing about clients. */
function withoutIdleTimes(read: ReadKeys): ReadKeys {
  return {...read, keys: read.keys.map((key) => ({...key, idleSeconds: null}))}
}

/** The keys that SCAN returned recently. Kept in two halves, because removing single keys is slow. */
class Recent {
  private young = new Set<string>()
  private old: ReadonlySet<string> = new Set<string>()
  private readonly half: number

  constructor(size: number) {
    this.half = size / 2
  }

  isNew(name: string): boolean {
    if (this.young.has(name) || this.old.has(name)) return false
    this.young.add(name)
    if (this.young.size >= this.half) {
      this.old = this.young
      this.young = new Set()
    }
    return true
  }
}
