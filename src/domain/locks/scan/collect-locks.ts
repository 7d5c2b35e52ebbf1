import {missingRight, missingRightError} from '../../../clients/redis/acl.js'
import type {RedisConnection} from '../../../clients/redis/connect.js'
import {Interrupted, KeyshiftError, Unreachable} from '../../../errors.js'
import {RedlockServers} from './collect-redlock-servers.js'
import {type Coverage, type FailedServer, scanServers} from './collect-every-server.js'
import {type LockScanOptions, ServerScan} from './collect-server.js'
import type {CorrelatedSubscription, WaitingSummary} from '../consumers/lock-correlation.js'
import type {LockRecord} from '../recognition/lock-record.js'
import {ReportedKeys} from './reported-keys.js'
import {LockCounts, type LockSummary} from './scan-summary.js'
import {messageOf} from '../../../wording.js'

export interface LockScan {
  address: string
  /** the other, independent servers of a Redlock that were asked too; empty where none were given */
  redlock: string[]
  pattern: string
  /** null where none was asked about */
  subscription: (CorrelatedSubscription & {waiting: WaitingSummary | null}) | null
  /** whether every key of every primary was walked, and every lock found stands in `locks` */
  complete: boolean
  /** keys that the servers held when the scan began; null where one did not say */
  scannedKeys: number | null
  /** between the two looks at each lock; null for one look */
  observedMs: number | null
  /** sorted: what is wrong first, then by key. Companions of a lock, such as a line of waiters, are none themselves */
  locks: LockRecord[]
  summary: LockSummary & {
    /** locks of the first look that had ended by the second, on each server */
    ended: number
    /** keys that this login may not read */
    unreadable: number
    /** lines of waiters of which can't be told who in them is dead */
    unverifiedQueues: number
    /** why; null when there are none */
    unverifiedReason: string | null
    /** what it lacks for them, as ACL SETUSER grants it: `+hgetall`, or `~KEY` */
    missingRights: string[]
    /** primaries whose walk broke off: what they hold may be missing */
    failedServers: FailedServer[]
    /** hash slots of a cluster that did not stop moving: what they hold may be missing */
    movingSlots: number
    /** whose keys were read; a replica's idle time is since the last write, for it gets no failed tries and no reads */
    readFrom: 'primary' | 'replica'
    /** whether reading reset the keys' idle time there, as it does before Redis 7.2 */
    touchesIdleTime: boolean
  }
}

/**
 * Walks every primary by SCAN and judges what matches, at once or at a second look; all servers of a Redlock side by side.
 * Reads only. Servers that can't be walked to the end are named, and the others are.
 *
 * @throws Unreachable E_REDIS_SCAN when no server could be walked, E_REDIS_ACL when the login may not; Interrupted when the
 *   signal ends it.
 */
export async function scanLocks(connection: RedisConnection, options: LockScanOptions): Promise<LockScan> {
  const {fromReplica, limit, redlock, signal} = options
  const servers = [{address: connection.address, connection, cause: null}, ...redlock]
  const peers = redlock.length === 0 ? null : await RedlockServers.open(servers, options.families)
  const counts = new LockCounts(limit)
  const outcomes = await Promise.allSettled(
    servers.map(async ({address, connection: one}, at) => {
      if (one === null) return []
      const reported = one.slotOwners !== null || one.successor !== null ? new ReportedKeys() : null
      const scan = new ServerScan(options, {connection: one, counts, reported, redlock: peers && {servers: peers, at}})
      try {
        return [{...(await scanOrExplain(scan, one, signal)), scan}]
      } catch (error) {
        peers?.failures.set(address, messageOf(error))
        throw error
      }
    }),
  )
  const scans = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []))
  const broken = outcomes.find((outcome) => outcome.status === 'rejected')
  if (broken && (scans.length === 0 || signal.aborted)) throw broken.reason
  const failed = [...scans.flatMap((one) => one.failed), ...failuresOf(peers)]
  const movingSlots = sumOf(scans, (one) => one.movingSlots)
  const unreadable = sumOf(scans, ({scan}) => scan.unreadable)
  const unverifiedQueues = sumOf(scans, ({scan}) => scan.unverifiedQueues)
  const isComplete = failed.length === 0 && movingSlots === 0 && unreadable === 0 && unverifiedQueues === 0
  return {
    address: connection.address,
    redlock: redlock.map(({address}) => address),
    pattern: options.pattern,
    subscription: options.correlation?.about ?? null,
    complete: isComplete && counts.count <= limit,
    scannedKeys: scans.some(({keys}) => keys === null) ? null : sumOf(scans, ({keys}) => keys ?? 0),
    observedMs: options.observeMs,
    locks: counts.list(),
    summary: {
      ...counts.summary(),
      ended: sumOf(scans, ({scan}) => scan.ended),
      unreadable,
      unverifiedQueues,
      unverifiedReason: scans.map(({scan}) => scan.unverifiedReason).find((reason) => reason !== null) ?? null,
      missingRights: [...new Set(scans.flatMap(({scan}) => [...scan.missingRights]))].toSorted(),
      failedServers: failed,
      movingSlots,
      readFrom: fromReplica ? 'replica' : 'primary',
      touchesIdleTime: scans.some(({scan}) => scan.touchesIdleTime),
    },
  }
}

/** @throws what ended the walk, as an error that says so. */
async function scanOrExplain(scan: ServerScan, connection: RedisConnection, signal: AbortSignal): Promise<Coverage> {
  try {
    return await scanServers(connection, scan, signal)
  } catch (error) {
    if (signal.aborted) {
      const {reason} = signal as {reason: unknown}
      throw new Interrupted('E_INTERRUPTED', 'the scan was interrupted; nothing was changed', {cause: reason})
    }
    throw error instanceof KeyshiftError ? error : scanFailed(connection.address, error)
  }
}

function failuresOf(peers: RedlockServers | null): FailedServer[] {
  return [...(peers?.failures ?? [])].map(([address, cause]) => ({address, cause}))
}

function sumOf<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((sum, item) => sum + of(item), 0)
}

function scanFailed(address: string, error: unknown): Unreachable {
  const cause = messageOf(error)
  const right = missingRight(error)
  return right === null
    ? new Unreachable('E_REDIS_SCAN', `the scan of Redis at ${address} broke off: ${cause}`, {
        data: {address, cause},
        cause: error,
      })
    : missingRightError(address, right)
}
