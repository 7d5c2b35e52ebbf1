import type {Redis} from 'ioredis'

import type {RedisConnection} from '../../../clients/redis/connect.js'
import {ChannelSubscribers} from '../../../clients/redis/channel-subscribers.js'
import {type SampledKeys, SecondSampleQueue} from './collect-second-samples.js'
import {assessWaitQueues} from '../recognition/collect-wait-queues.js'
import {PageReader} from './collect-pages.js'
import {expiryCommandOf, readKeys, type ReadKeys, stopTouching} from '../reading/collect-keys.js'
import {assessOrphans, type CompanionSample} from './collect-orphaned-companions.js'
import type {RedlockServer, RedlockServers} from './collect-redlock-servers.js'
import type {LockCorrelation} from '../consumers/lock-correlation.js'
import type {CompiledFamilies} from '../families/compiled.js'
import {asWaitQueue, type WaitQueueSample} from '../recognition/wait-queue.js'
import {type EarlierSamples, Observer} from './observer.js'
import {ScanRate, type ScanRateOptions} from './scan-rate.js'
import {recognize} from '../recognition/recognize.js'
import type {LockLimits, LockRecord} from '../recognition/lock-record.js'
import type {ReportedKeys} from './reported-keys.js'
import type {LockCounts} from './scan-summary.js'

export interface LockScanOptions extends LockLimits {
  readonly families: CompiledFamilies
  /**
   * A glob as SCAN MATCH understands it. Whatever fits it is expected to be a lock; unless that is everything, `*`: then
   * only what can be nothing else is taken for one.
   */
  readonly pattern: string
  /** only locks of these families; all where it is null */
  readonly onlyFamilies: ReadonlySet<string> | null
  /** the most locks to list; all are counted */
  readonly limit: number
  /** between two looks at each lock, in ms; null for one look */
  readonly observeMs: number | null
  /** earlier runs' looks; null where none are kept */
  readonly earlierSamples: EarlierSamples | null
  /** whether to read by pipelines even where scripts are allowed */
  readonly avoidsScripts: boolean
  /** whether to read replicas in place of the primaries */
  readonly fromReplica: boolean
  readonly rate: ScanRateOptions
  /** tells whose messages the locks are for; null where that is not asked */
  readonly correlation: LockCorrelation | null
  /** the other servers of a Redlock, each independent of all; empty where there are none */
  readonly redlock: readonly RedlockServer[]
  /** Given every lock as soon as it is judged, unsorted; the scan waits for it. */
  readonly onLocks: (locks: readonly LockRecord[]) => Promise<void>
  /** Told after each call of SCAN: locks judged so far, and keys walked. */
  readonly onProgress: (state: {readonly locks: number; readonly keys: number}) => void
  /** ends the scan */
  readonly signal: AbortSignal
}

/** What of a server's keys counts in a walk. */
export interface OwnedSlots {
  owns(key: Buffer): boolean
  /** Told of a key that was gone to another server when it was read. */
  markMoved(key: Buffer): void
}

/** What the walk of one server shares with those of others. */
export interface ScanContext {
  readonly connection: RedisConnection
  readonly counts: LockCounts
  /** where a key may be met again in another walk; null where there is but one */
  readonly reported: ReportedKeys | null
  /** where the same lock may be on other servers, and which of them this one is; null where there is but one */
  readonly redlock: {readonly servers: RedlockServers; readonly at: number} | null
}

/** What of a page counts. */
interface ClassifiedPage extends SampledKeys {
  readonly waitQueues: WaitQueueSample[]
  readonly companions: CompanionSample[]
}

/** SCAN gives a key twice when the table of keys shrinks meanwhile, and then soon after. */
const REMEMBERED = 20_000

/** Walks servers by SCAN and judges what matches, at once or at a second look; counts and gives on what it finds. */
export class ServerScan {
  ended = 0
  unreadable = 0
  /** what the login lacks for those that are unreadable */
  readonly missingRights = new Set<string>()
  touchesIdleTime = false
  /** lines of which can't be told who in them is dead */
  unverifiedQueues = 0
  private keys = 0
  private readonly options: LockScanOptions
  private readonly isExpected: boolean
  private readonly observer: Observer
  private readonly context: ScanContext
  private readonly subscribers: ChannelSubscribers

  constructor(options: LockScanOptions, context: ScanContext) {
    this.options = options
    this.context = context
    this.subscribers = new ChannelSubscribers(context.connection)
    this.isExpected = expectsLocks(options.pattern)
    // Each of several servers has a clock of its own; only the first one's looks are kept.
    this.observer = new Observer(options, (context.redlock?.at ?? 0) === 0 ? options.earlierSamples : null)
  }

  /**
   * Walks one server, or its replica where that is asked.
   *
   * @throws what it answered, or what ended the connection to it; Unreachable E_NO_REPLICA.
   */
  async scan(primary: Redis, ownedSlots: OwnedSlots | null): Promise<void> {
    const {avoidsScripts, fromReplica, observeMs, pattern, signal} = this.options
    const {sideConnections} = this.context.connection
    const redis = fromReplica ? await sideConnections.replicaOf(primary) : primary
    const sibling = this.options.rate.guardMs === null ? redis : await sideConnections.siblingOf(redis)
    if (!(await stopTouching(redis))) this.touchesIdleTime = true
    const expiry = await expiryCommandOf(redis)
    const rate = new ScanRate(this.options.rate, () => sibling.ping(), signal)
    const sample = async (keys: readonly Buffer[]): Promise<SampledKeys> => {
      const {read} = await rate.turn(async () => ({read: await readKeys(redis, keys, expiry), keys: keys.length}))
      return this.classify(read, ownedSlots)
    }
    const second = observeMs === null ? null : new SecondSampleQueue(this.observer, sample, observeMs, signal)
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
      await this.reportWithRedlock(second === null ? this.observer.assess(samples, null) : await second.due(), rate)
      this.keys += page.walked
      this.options.onProgress({locks: this.context.counts.count, keys: this.keys})
    }
    while (second?.isWaiting) await this.reportWithRedlock(await second.next(), rate)
    this.ended += second?.ended ?? 0
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
    const {families, onlyFamilies} = this.options
    for (const raw of keys) {
      const found = recognize(raw, families, this.isExpected)
      if (onlyFamilies !== null && (found.kind === 'unknown' || !onlyFamilies.has(found.family.name))) continue
      if (found.kind === 'companion') {
        const waitQueue = asWaitQueue(raw, found)
        if (waitQueue) page.waitQueues.push(waitQueue)
        const [lock] = found.locks
        if (found.needsLock && lock !== undefined && raw.expiresAtMs < 0) {
          page.companions.push({raw, family: found.family, lock})
        }
      } else if (found.kind === 'lock' || this.isExpected || found.hasWrongType) page.samples.push({raw, found})
    }
    return page
  }

  /** Why that can't be told. */
  get unverifiedReason(): string | null {
    return this.unverifiedQueues === 0 ? null : this.subscribers.failure
  }

  private async reportWaitQueues(redis: Redis, waitQueues: readonly WaitQueueSample[]): Promise<void> {
    const {records, unverified} = await assessWaitQueues(redis, waitQueues, this.subscribers, this.options.signal)
    this.unverifiedQueues += unverified
    await this.report(records)
  }

  private async reportWithRedlock(assessed: readonly LockRecord[], rate: ScanRate): Promise<void> {
    const {redlock} = this.context
    if (redlock === null || assessed.length === 0) return this.report(assessed)
    const {locks} = await rate.turn(() => redlock.servers.lookUp(assessed, redlock.at))
    return this.report(locks)
  }

  private async report(assessed: readonly LockRecord[]): Promise<void> {
    const {correlation} = this.options
    const {counts, reported} = this.context
    const nowMs = Date.now()
    // What a failed try has left is nobody's, whoever wrote it.
    const isHeld = ({verdicts}: LockRecord): boolean => !verdicts.includes('redlock-minority')
    const locks = correlation
      ? assessed.map((lock) => (isHeld(lock) ? correlation.assess(lock, nowMs) : lock))
      : assessed
    for (const lock of locks) {
      counts.add(lock)
      reported?.add(lock.key)
    }
    if (locks.length > 0) await this.options.onLocks(locks)
  }
}

/** The last keys that were met: what SCAN gives twice is met again soon. In two halves, for dropping single keys is slow. */
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

/** Who asks for some keys says that they are locks; who asks for all wants those that certainly are. */
function expectsLocks(pattern: string): boolean {
  return !/^\*+$/.test(pattern)
}
