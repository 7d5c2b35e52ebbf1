import type {Redis} from 'ioredis'

import type {RedisConnection} from '../../../clients/redis/connect.js'
import {Listeners} from '../../../clients/redis/channel-subscribers.js'
import {type Looked, SecondLooks} from './collect-second-samples.js'
import {judgeLines} from '../recognition/collect-wait-queues.js'
import {PageReader} from './collect-pages.js'
import {expiryCommandOf, readLocks, type ReadKeys, stopTouching} from '../reading/collect-keys.js'
import {judgeStrays, type SeenCompanion} from './collect-orphaned-companions.js'
import type {Copies, RedlockServer} from './collect-redlock-servers.js'
import type {LockCorrelation} from '../consumers/lock-correlation.js'
import type {CompiledFamilies} from '../families/compiled.js'
import {lineOf, type SeenLine} from '../recognition/wait-queue.js'
import {Observer, type SeenBefore} from './observer.js'
import {Pace, type PaceOptions} from './scan-rate.js'
import {recognise} from '../recognition/recognise.js'
import type {JudgeOptions, LockRecord} from '../recognition/lock-record.js'
import type {Reported} from './reported-keys.js'
import type {LockTally} from './scan-summary.js'

export interface LockScanOptions extends JudgeOptions {
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
  readonly seenBefore: SeenBefore | null
  /** whether to read by pipelines even where scripts are allowed */
  readonly avoidsScripts: boolean
  /** whether to read replicas in place of the primaries */
  readonly fromReplica: boolean
  readonly pace: PaceOptions
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
export interface Territory {
  isOf(key: Buffer): boolean
  /** Told of a key that was gone to another server when it was read. */
  hasMoved(key: Buffer): void
}

/** What the walk of one server shares with those of others. */
export interface WalkParts {
  readonly connection: RedisConnection
  readonly tally: LockTally
  /** where a key may be met again in another walk; null where there is but one */
  readonly reported: Reported | null
  /** where the same lock may be on other servers, and which of them this one is; null where there is but one */
  readonly copies: {readonly of: Copies; readonly at: number} | null
}

/** What of a page counts. */
interface Sifted extends Looked {
  readonly lines: SeenLine[]
  readonly companions: SeenCompanion[]
}

/** SCAN gives a key twice when the table of keys shrinks meanwhile, and then soon after. */
const REMEMBERED = 20_000

/** Walks servers by SCAN and judges what matches, at once or at a second look; counts and gives on what it finds. */
export class LockWalk {
  ended = 0
  unreadable = 0
  /** what the login lacks for those that are unreadable */
  readonly lacks = new Set<string>()
  touchesIdleTime = false
  /** lines of which can't be told who in them is dead */
  untoldLines = 0
  private keys = 0
  private readonly options: LockScanOptions
  private readonly isExpected: boolean
  private readonly observer: Observer
  private readonly parts: WalkParts
  private readonly listeners: Listeners

  constructor(options: LockScanOptions, parts: WalkParts) {
    this.options = options
    this.parts = parts
    this.listeners = new Listeners(parts.connection)
    this.isExpected = saysWhatIsALock(options.pattern)
    // Each of several servers has a clock of its own; only the first one's looks are kept.
    this.observer = new Observer(options, (parts.copies?.at ?? 0) === 0 ? options.seenBefore : null)
  }

  /**
   * Walks one server, or its replica where that is asked.
   *
   * @throws what it answered, or what ended the connection to it; Unreachable E_NO_REPLICA.
   */
  async walk(primary: Redis, territory: Territory | null): Promise<void> {
    const {avoidsScripts, fromReplica, observeMs, pattern, signal} = this.options
    const {nearby} = this.parts.connection
    const redis = fromReplica ? await nearby.replicaOf(primary) : primary
    const beside = this.options.pace.guardMs === null ? redis : await nearby.beside(redis)
    if (!(await stopTouching(redis))) this.touchesIdleTime = true
    const expiry = await expiryCommandOf(redis)
    const pace = new Pace(this.options.pace, () => beside.ping(), signal)
    const look = async (keys: readonly Buffer[]): Promise<Looked> => {
      const {read} = await pace.turn(async () => ({read: await readLocks(redis, keys, expiry), keys: keys.length}))
      return this.sift(read, territory)
    }
    const second = observeMs === null ? null : new SecondLooks(this.observer, look, observeMs, signal)
    const recent = new Recent(REMEMBERED)
    const accepts = (key: Buffer, name: string): boolean =>
      recent.isNew(name) && (territory?.isOf(key) ?? true) && !this.parts.reported?.has(name)
    const reader = new PageReader(redis, {pattern, expiry, accepts, avoidsScripts, pace})
    for await (const page of reader.pages()) {
      signal.throwIfAborted()
      const {companions, lines, seen} = this.sift(page.read(), territory)
      if (lines.length > 0) await this.judge(redis, lines)
      if (companions.length > 0) await this.tell(await judgeStrays(redis, companions, signal))
      second?.add(seen)
      await this.give(second === null ? this.observer.judge(seen, null) : await second.due(), pace)
      this.keys += page.walked
      this.options.onProgress({locks: this.parts.tally.count, keys: this.keys})
    }
    while (second?.isWaiting) await this.give(await second.next(), pace)
    this.ended += second?.ended ?? 0
  }

  private sift({locks, moved, unreadable}: ReadKeys, territory: Territory | null): Sifted {
    for (const key of moved) territory?.hasMoved(key)
    this.unreadable += unreadable.length
    for (const one of unreadable) this.lacks.add(one.lacks)
    const sifted: Sifted = {seen: [], lines: [], companions: [], elsewhere: moved.length + unreadable.length}
    const {families, onlyFamilies} = this.options
    for (const raw of locks) {
      const found = recognise(raw, families, this.isExpected)
      if (onlyFamilies !== null && (found.kind === 'unknown' || !onlyFamilies.has(found.family.name))) continue
      if (found.kind === 'companion') {
        const line = lineOf(raw, found)
        if (line) sifted.lines.push(line)
        const [lock] = found.locks
        if (found.needsLock && lock !== undefined && raw.expiresAtMs < 0) {
          sifted.companions.push({raw, family: found.family, lock})
        }
      } else if (found.kind === 'lock' || this.isExpected || found.hasWrongType) sifted.seen.push({raw, found})
    }
    return sifted
  }

  /** Why that can't be told. */
  get untoldBecause(): string | null {
    return this.untoldLines === 0 ? null : this.listeners.failure
  }

  private async judge(redis: Redis, lines: readonly SeenLine[]): Promise<void> {
    const {records, untold} = await judgeLines(redis, lines, this.listeners, this.options.signal)
    this.untoldLines += untold
    await this.tell(records)
  }

  private async give(judged: readonly LockRecord[], pace: Pace): Promise<void> {
    const {copies} = this.parts
    if (copies === null || judged.length === 0) return this.tell(judged)
    const {locks} = await pace.turn(() => copies.of.lookUp(judged, copies.at))
    return this.tell(locks)
  }

  private async tell(judged: readonly LockRecord[]): Promise<void> {
    const {correlation} = this.options
    const {reported, tally} = this.parts
    const nowMs = Date.now()
    // What a failed try has left is nobody's, whoever wrote it.
    const isHeld = ({verdicts}: LockRecord): boolean => !verdicts.includes('minority-residue')
    const locks = correlation ? judged.map((lock) => (isHeld(lock) ? correlation.judge(lock, nowMs) : lock)) : judged
    for (const lock of locks) {
      tally.add(lock)
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
function saysWhatIsALock(pattern: string): boolean {
  return !/^\*+$/.test(pattern)
}
