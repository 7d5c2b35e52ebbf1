import type {Redis} from 'ioredis'

import {KeyshiftError, Unreachable} from '../../errors.js'
import type {RedisConnection} from '../../clients/redis/connect.js'
import {classifyLock, type ClassifyOptions, type LockRecord, type LockVerdict, type RawLock} from './classify.js'

export interface LockScan {
  address: string
  pattern: string
  /** whether every key of every primary was walked, and every lock found stands in `locks` */
  complete: boolean
  /** keys that the servers held when the scan began */
  scannedKeys: number
  /** sorted: what is wrong first, then by key */
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

export interface LockScanOptions extends ClassifyOptions {
  /** a glob as SCAN MATCH understands it */
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
  let cursor = '0'
  do {
    const [next, keys] = await redis.scanBuffer(cursor, 'MATCH', options.pattern, 'COUNT', SCAN_COUNT)
    for (const raw of await readLocks(redis, keys)) {
      if (raw === 'unreadable') tally.unreadable++
      else if (raw.type !== 'none') tally.add(classifyLock(raw, options)) // none: it went away meanwhile
    }
    options.onProgress({locks: tally.count, calls: ++tally.calls})
    cursor = next.toString()
  } while (cursor !== '0')
}

/** Two pipelines: what does not touch the keys first, so that the idle time is not our own; then the values. */
async function readLocks(redis: Redis, keys: readonly Buffer[]): Promise<Array<RawLock | 'unreadable'>> {
  if (keys.length === 0) return []
  const looks = redis.pipeline()
  for (const key of keys) looks.type(key).pttl(key).object('IDLETIME', key)
  const seen = await answers(looks.exec())
  const values = redis.pipeline()
  for (const [at, key] of keys.entries()) {
    if (seen[at * 3]?.value === 'hash') values.hgetallBuffer(key)
    else values.getBuffer(key)
  }
  // A key of another type answers GET with WRONGTYPE: its value stays unread, and it is no lock that we know.
  const read = await answers(values.exec())
  return keys.map((key, at) => rawLock(key, seen.slice(at * 3, at * 3 + 3), read[at]))
}

interface Answer {
  readonly error: Error | null
  readonly value: unknown
}

async function answers(replies: Promise<Array<[Error | null, unknown]> | null>): Promise<Answer[]> {
  return ((await replies) ?? []).map(([error, value]) => ({error, value}))
}

function rawLock(key: Buffer, looks: readonly Answer[], read: Answer | undefined): RawLock | 'unreadable' {
  const [type, pttl, idle] = looks
  if ([type, pttl, read].some((answer) => answer?.error?.message.includes('NOPERM'))) return 'unreadable'
  return {
    key,
    type: String(type?.value),
    pttl: Number(pttl?.value),
    idleSeconds: typeof idle?.value === 'number' ? idle.value : null,
    value: Buffer.isBuffer(read?.value) ? read.value : null,
    fields: type?.value === 'hash' ? hashFields(read?.value) : [],
  }
}

function hashFields(reply: unknown): Array<readonly [Buffer, Buffer]> {
  return Object.entries((reply ?? {}) as Record<string, Buffer>).map(([field, value]) => [Buffer.from(field), value])
}

/** CLIENT NO-TOUCH, since Redis 7.2: our reads leave the keys' idle time alone. */
async function stopTouching(redis: Redis): Promise<boolean> {
  try {
    await redis.call('CLIENT', 'NO-TOUCH', 'ON')
    return true
  } catch {
    return false // older, or not allowed: the answer says so in touchesIdleTime
  }
}

function scanFailed(address: string, error: unknown): Unreachable {
  const cause = error instanceof Error ? error.message : String(error)
  return new Unreachable('E_REDIS_SCAN', `the scan of Redis at ${address} broke off: ${cause}`, {
    data: {address, cause},
    cause: error,
  })
}
