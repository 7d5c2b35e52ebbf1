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
  /** addresses of the other, independent servers of a Redlock; empty without a Redlock */
  redlock: string[]
  pattern: string
  /** null without a subscription */
  subscription: (CorrelatedSubscription & {waiting: WaitingSummary | null}) | null
  /** whether every key of every primary was scanned and every lock found is in `locks` */
  complete: boolean
  /** keys on the servers at the start of the scan; null when a server did not report it */
  scannedKeys: number | null
  /** interval between the two samples of each lock; null for one sample */
  observedMs: number | null
  /** the worst verdict first, then by key; companion keys of a lock are not listed unless they have a verdict */
  locks: LockRecord[]
  summary: LockSummary & {
    /** locks of the first sample that no longer existed at the second one, on each server */
    ended: number
    /** keys that this login cannot read */
    unreadable: number
    /** wait queues whose disconnected waiters are unknown */
    unverifiedQueues: number
    /** why they are unknown; null when there are none */
    unverifiedReason: string | null
    /** the missing rights for unreadable keys, as ACL SETUSER grants them: `+hgetall`, `~KEY` */
    missingRights: string[]
    /** primaries whose scan failed; their locks may be missing */
    failedServers: FailedServer[]
    /** hash slots that were still migrating at the end of the scan; their locks may be missing */
    movingSlots: number
    /** which servers were read; failed attempts and reads do not reset the idle times on a replica */
    readFrom: 'primary' | 'replica'
    /** whether reading reset the idle times of keys, as it does before Redis 7.2 */
    touchesIdleTime: boolean
  }
}

/**
 * Scans every primary with SCAN and assesses the matching keys after one or two samples; scans all servers of a Redlock in
 * parallel. Changes nothing. A server whose scan fails is reported, and the others are scanned to the end.
 *
 * @throws Unreachable E_REDIS_SCAN when the scan of every server failed, E_REDIS_ACL when the login lacks a right;
 *   Interrupted when the signal is aborted.
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

/** @throws the error of the scan as a KeyshiftError. */
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
    ? new Unreachable('E_REDIS_SCAN', `the scan of Redis at ${address} failed: ${cause}`, {
        data: {address, cause},
        cause: error,
      })
    : missingRightError(address, right)
}
