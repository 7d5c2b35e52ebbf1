import type {Redis} from 'ioredis'

import {KeyshiftError, Unreachable} from '../../errors.js'
import type {RedisConnection} from '../../clients/redis/connect.js'
import {expiryCommandOf, readLocks, stopTouching} from './collect-read.js'
import type {CompiledFamilies} from './families/compiled.js'
import {recognise} from './recognise.js'
import {type JudgeOptions, lockRecord, type LockRecord, type LockVerdict} from './record.js'

export interface LockScan {
  address: string
  pattern: string
  /** whether every key of every primary was walked, and every lock found stands in `locks` */
  complete: boolean
  /** keys that the servers held when the scan began */
  scannedKeys: number
  /** sorted: what is wrong first, then by key. Companions of a lock, such as a line of waiters, are none themselves */
  locks: LockRecord[]
  summary: {
    locks: number
    verdicts: Record<LockVerdict, number>
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
  /** the most locks to list; all are counted */
  readonly limit: number
  /** Told after each call of SCAN: locks found so far, and calls made. */
  readonly onProgress: (state: {readonly locks: number; readonly calls: number}) => void
}

/** SCAN's hint: at 1000 a call takes under 1 ms of the server; more only makes the stall longer. */
const SCAN_COUNT = 1000

const SEVERITY: Record<LockVerdict, number> = {'no-ttl': 0, 'ttl-too-long': 1, 'unknown-format': 2, healthy: 3}

/** Walks every primary by SCAN and classifies what matches. Reads only. */
export async function scanLocks(connection: RedisConnection, options: LockScanOptions): Promise<LockScan> {
  const tally = new Tally(options.limit)
  const totals = await Promise.all(
    connection.primaries.map(async (redis) => {
      const keys = await redis.dbsize()
      const isUntouched = await stopTouching(redis)
      await scanPrimary(redis, options, tally)
      return {keys, isUntouched}
    }),
  ).catch((error: unknown) => {
    throw error instanceof KeyshiftError ? error : scanFailed(connection.address, error)
  })
  return {
    address: connection.address,
    pattern: options.pattern,
    complete: tally.unreadable === 0 && tally.count <= options.limit,
    scannedKeys: totals.reduce((sum, {keys}) => sum + keys, 0),
    locks: tally.list(),
    summary: {
      locks: tally.count,
      verdicts: tally.verdicts,
      unreadable: tally.unreadable,
      touchesIdleTime: totals.some(({isUntouched}) => !isUntouched),
    },
  }
}

class Tally {
  private readonly wrong: LockRecord[] = []
  private readonly healthy: LockRecord[] = []
  readonly verdicts: Record<LockVerdict, number> = {healthy: 0, 'no-ttl': 0, 'ttl-too-long': 0, 'unknown-format': 0}
  /** SCAN may give a key twice, and a cluster's key may be met on two nodes while its slot moves. */
  private readonly seen = new Set<string>()
  private readonly limit: number
  unreadable = 0
  calls = 0

  constructor(limit: number) {
    this.limit = limit
  }

  get count(): number {
    return this.seen.size
  }

  add(lock: LockRecord): void {
    if (this.seen.has(lock.key)) return
    this.seen.add(lock.key)
    this.verdicts[lock.verdict]++
    const kind = lock.verdict === 'healthy' ? this.healthy : this.wrong
    if (kind.length < this.limit) kind.push(lock)
  }

  /** As many as the limit allows: what is wrong first, then by key. */
  list(): LockRecord[] {
    return [...this.wrong, ...this.healthy]
      .slice(0, this.limit)
      .toSorted((a, b) => SEVERITY[a.verdict] - SEVERITY[b.verdict] || a.key.localeCompare(b.key))
  }
}

async function scanPrimary(redis: Redis, options: LockScanOptions, tally: Tally): Promise<void> {
  const isExpected = saysWhatIsALock(options.pattern)
  const expiry = await expiryCommandOf(redis)
  let cursor = '0'
  do {
    const [next, keys] = await redis.scanBuffer(cursor, 'MATCH', options.pattern, 'COUNT', SCAN_COUNT)
    for (const raw of await readLocks(redis, keys, expiry)) {
      if (raw === 'unreadable') {
        tally.unreadable++
        continue
      }
      const found = recognise(raw, options.families, isExpected)
      if (found.kind === 'lock' || (found.kind === 'unknown' && isExpected)) {
        tally.add(lockRecord(raw, found, options))
      }
    }
    options.onProgress({locks: tally.count, calls: ++tally.calls})
    cursor = next.toString()
  } while (cursor !== '0')
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
