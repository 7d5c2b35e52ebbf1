import type {Redis} from 'ioredis'

import {Interrupted, KeyshiftError, Unreachable} from '../../errors.js'
import type {RedisConnection} from '../../clients/redis/connect.js'
import {SecondLooks} from './collect-again.js'
import {type ExpiryCommand, expiryCommandOf, readLocks, stopTouching} from './collect-read.js'
import type {CompiledFamilies} from './families/compiled.js'
import {Observer, type SeenBefore, type SeenLock} from './observation.js'
import {recognise} from './recognise.js'
import type {JudgeOptions, LockRecord} from './record.js'
import {type LockSummary, LockTally} from './tally.js'

export interface LockScan {
  address: string
  pattern: string
  /** whether every key of every primary was walked, and every lock found stands in `locks` */
  complete: boolean
  /** keys that the servers held when the scan began */
  scannedKeys: number
  /** between the two looks at each lock; null for one look */
  observedMs: number | null
  /** sorted: what is wrong first, then by key. Companions of a lock, such as a line of waiters, are none themselves */
  locks: LockRecord[]
  summary: LockSummary & {
    /** locks of the first look that had ended by the second */
    ended: number
    /** keys that this login may not read */
    unreadable: number
    /** whether reading reset the keys' idle time, as it does before Redis 7.2 */
    touchesIdleTime: boolean
  }
}

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

/** SCAN's hint: at 1000 a call takes under 1 ms of the server; more only makes the stall longer. */
const SCAN_COUNT = 1000
/** SCAN gives a key twice when the table of keys shrinks meanwhile, and then soon after. */
const REMEMBERED = 20_000

/**
 * Walks every primary by SCAN and judges what matches, at once or at a second look. Reads only.
 *
 * @throws Unreachable E_REDIS_SCAN when a server ends it; Interrupted when the signal does.
 */
export async function scanLocks(connection: RedisConnection, options: LockScanOptions): Promise<LockScan> {
  const scan = new Scan(options)
  const totals = await Promise.all(
    connection.primaries.map(async (redis) => {
      const keys = await redis.dbsize()
      const isUntouched = await stopTouching(redis)
      await scan.walk(redis)
      return {keys, isUntouched}
    }),
  ).catch((error: unknown) => {
    if (options.signal.aborted) throw new Interrupted('E_INTERRUPTED', 'the scan was interrupted; nothing was changed')
    throw error instanceof KeyshiftError ? error : scanFailed(connection.address, error)
  })
  const {ended, tally, unreadable} = scan
  return {
    address: connection.address,
    pattern: options.pattern,
    complete: unreadable === 0 && tally.count <= options.limit,
    scannedKeys: totals.reduce((sum, {keys}) => sum + keys, 0),
    observedMs: options.observeMs,
    locks: tally.list(),
    summary: {
      ...tally.summary(),
      ended,
      unreadable,
      touchesIdleTime: totals.some(({isUntouched}) => !isUntouched),
    },
  }
}

class Scan {
  readonly tally: LockTally
  ended = 0
  unreadable = 0
  private keys = 0
  private readonly options: LockScanOptions
  private readonly isExpected: boolean
  private readonly observer: Observer
  private readonly recent = new Recent(REMEMBERED)

  constructor(options: LockScanOptions) {
    this.options = options
    this.tally = new LockTally(options.limit)
    this.isExpected = saysWhatIsALock(options.pattern)
    this.observer = new Observer(options, options.seenBefore)
  }

  async walk(redis: Redis): Promise<void> {
    const {observeMs, pattern, signal} = this.options
    const expiry = await expiryCommandOf(redis)
    const look = (keys: readonly Buffer[]): Promise<SeenLock[]> => this.look(redis, keys, expiry)
    const second = observeMs === null ? null : new SecondLooks(this.observer, look, observeMs, signal)
    let cursor = '0'
    do {
      signal.throwIfAborted()
      const [next, keys] = await redis.scanBuffer(cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT)
      const seen = await look(keys.filter((key) => this.recent.isNew(key)))
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

  private async look(redis: Redis, keys: readonly Buffer[], expiry: ExpiryCommand): Promise<SeenLock[]> {
    const raws = await readLocks(redis, keys, expiry)
    return raws.flatMap((raw) => {
      if (raw === 'unreadable') {
        this.unreadable++
        return []
      }
      const found = recognise(raw, this.options.families, this.isExpected)
      if (found.kind === 'companion' || (found.kind === 'unknown' && !this.isExpected && !found.hasWrongType)) return []
      const {onlyFamilies} = this.options
      if (onlyFamilies !== null && !(found.kind === 'lock' && onlyFamilies.has(found.family.name))) return []
      return [{raw, found}]
    })
  }

  private async give(locks: readonly LockRecord[]): Promise<void> {
    for (const lock of locks) this.tally.add(lock)
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

function scanFailed(address: string, error: unknown): Unreachable {
  const cause = error instanceof Error ? error.message : String(error)
  return new Unreachable('E_REDIS_SCAN', `the scan of Redis at ${address} broke off: ${cause}`, {
    data: {address, cause},
    cause: error,
  })
}
