import type {Redis} from 'ioredis'

import {type Looked, SecondLooks} from './collect-again.js'
import {type ExpiryCommand, expiryCommandOf, readLocks, stopTouching} from './collect-read.js'
import type {CompiledFamilies} from './families/compiled.js'
import {Observer, type SeenBefore} from './observation.js'
import {printable} from './raw-lock.js'
import {recognise} from './recognise.js'
import type {JudgeOptions, LockRecord} from './record.js'
import type {Reported} from './reported.js'
import {LockTally} from './tally.js'

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

/** SCAN's hint: at 1000 a call takes under 1 ms of the server; more only makes the stall longer. */
const SCAN_COUNT = 1000
/** SCAN gives a key twice when the table of keys shrinks meanwhile, and then soon after. */
const REMEMBERED = 20_000

/** Walks servers by SCAN and judges what matches, at once or at a second look; counts and gives on what it finds. */
export class LockWalk {
  readonly tally: LockTally
  ended = 0
  unreadable = 0
  /** what the login lacks for those that are unreadable */
  readonly lacks = new Set<string>()
  touchesIdleTime = false
  private keys = 0
  private readonly options: LockScanOptions
  private readonly isExpected: boolean
  private readonly observer: Observer
  private readonly reported: Reported | null

  /** @param reported where a key may be met again in another walk; null where there is but one. */
  constructor(options: LockScanOptions, reported: Reported | null) {
    this.options = options
    this.reported = reported
    this.tally = new LockTally(options.limit)
    this.isExpected = saysWhatIsALock(options.pattern)
    this.observer = new Observer(options, options.seenBefore)
  }

  /** Walks one server. @throws what it answered, or what ended the connection to it. */
  async walk(redis: Redis, territory: Territory | null): Promise<void> {
    const {observeMs, pattern, signal} = this.options
    if (!(await stopTouching(redis))) this.touchesIdleTime = true
    const expiry = await expiryCommandOf(redis)
    const look = (keys: readonly Buffer[]): Promise<Looked> => this.look(redis, keys, expiry, territory)
    const second = observeMs === null ? null : new SecondLooks(this.observer, look, observeMs, signal)
    const recent = new Recent(REMEMBERED)
    let cursor = '0'
    do {
      signal.throwIfAborted()
      const [next, keys] = await redis.scanBuffer(cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT)
      const {seen} = await look(keys.filter((key) => recent.isNew(key) && this.isNew(key, territory)))
      if (second === null) await this.give(this.observer.judge(seen, null))
      else {
        second.add(seen)
        await this.give(await second.due())
      }
      this.keys += SCAN_COUNT
      this.options.onProgress({locks: this.tally.count, keys: this.keys})
      cursor = next.toString()
    } while (cursor !== '0')
    while (second?.isWaiting) await this.give(await second.next())
    this.ended += second?.ended ?? 0
  }

  private isNew(key: Buffer, territory: Territory | null): boolean {
    return (territory?.isOf(key) ?? true) && !this.reported?.has(printable(key))
  }

  private async look(
    redis: Redis,
    keys: readonly Buffer[],
    expiry: ExpiryCommand,
    territory: Territory | null,
  ): Promise<Looked> {
    const {locks, moved, unreadable} = await readLocks(redis, keys, expiry)
    for (const key of moved) territory?.hasMoved(key)
    this.unreadable += unreadable.length
    for (const one of unreadable) this.lacks.add(one.lacks)
    const seen = locks.flatMap((raw) => {
      const found = recognise(raw, this.options.families, this.isExpected)
      if (found.kind === 'companion' || (found.kind === 'unknown' && !this.isExpected && !found.hasWrongType)) return []
      const {onlyFamilies} = this.options
      if (onlyFamilies !== null && !(found.kind === 'lock' && onlyFamilies.has(found.family.name))) return []
      return [{raw, found}]
    })
    return {seen, elsewhere: moved.length + unreadable.length}
  }

  private async give(locks: readonly LockRecord[]): Promise<void> {
    for (const lock of locks) {
      this.tally.add(lock)
      this.reported?.add(lock.key)
    }
    if (locks.length > 0) await this.options.onLocks(locks)
  }
}

/** The last keys that were met: what SCAN gives twice is met again soon. */
class Recent {
  private readonly keys = new Set<string>()
  private readonly size: number

  constructor(size: number) {
    this.size = size
  }

  isNew(key: Buffer): boolean {
    const text = key.toString('latin1')
    if (this.keys.has(text)) return false
    this.keys.add(text)
    if (this.keys.size > this.size) {
      const [oldest = ''] = this.keys
      this.keys.delete(oldest)
    }
    return true
  }
}

/** Who asks for some keys says that they are locks; who asks for all wants those that certainly are. */
function saysWhatIsALock(pattern: string): boolean {
  return !/^\*+$/.test(pattern)
}
