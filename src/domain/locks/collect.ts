import {lacksRight, missingRight} from '../../clients/redis/acl.js'
import type {RedisConnection} from '../../clients/redis/connect.js'
import {Interrupted, KeyshiftError, Unreachable} from '../../errors.js'
import {type FailedServer, walkServers} from './collect-servers.js'
import {type LockScanOptions, LockWalk} from './collect-walk.js'
import type {SubscriptionAsked, WaitingSummary} from './correlation.js'
import type {LockRecord} from './record.js'
import {Reported} from './reported.js'
import type {LockSummary} from './tally.js'

export interface LockScan {
  address: string
  pattern: string
  /** null where none was asked about */
  subscription: (SubscriptionAsked & {waiting: WaitingSummary | null}) | null
  /** whether every key of every primary was walked, and every lock found stands in `locks` */
  complete: boolean
  /** keys that the servers held when the scan began; null where one did not say */
  scannedKeys: number | null
  /** between the two looks at each lock; null for one look */
  observedMs: number | null
  /** sorted: what is wrong first, then by key. Companions of a lock, such as a line of waiters, are none themselves */
  locks: LockRecord[]
  summary: LockSummary & {
    /** locks of the first look that had ended by the second */
    ended: number
    /** keys that this login may not read */
    unreadable: number
    /** lines of waiters of which can't be told who in them is dead */
    untoldLines: number
    /** why; null when there are none */
    untoldBecause: string | null
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
 * Walks every primary by SCAN and judges what matches, at once or at a second look. Reads only. Servers that can't be
 * walked to the end are named, and the others are.
 *
 * @throws Unreachable E_REDIS_SCAN when no server could be walked, E_REDIS_ACL when the login may not; Interrupted when the
 *   signal ends it.
 */
export async function scanLocks(connection: RedisConnection, options: LockScanOptions): Promise<LockScan> {
  const mayMeetAgain = connection.slotOwners !== null || connection.successor !== null
  const walk = new LockWalk(options, connection, mayMeetAgain ? new Reported() : null)
  const {failed, keys, movingSlots} = await walkServers(connection, walk, options.signal).catch((error: unknown) => {
    if (options.signal.aborted) {
      const {reason} = options.signal as {reason: unknown}
      throw new Interrupted('E_INTERRUPTED', 'the scan was interrupted; nothing was changed', {cause: reason})
    }
    throw error instanceof KeyshiftError ? error : scanFailed(connection.address, error)
  })
  const {ended, lacks, tally, touchesIdleTime, unreadable, untoldBecause, untoldLines} = walk
  const isWhole = failed.length === 0 && movingSlots === 0 && unreadable === 0 && untoldLines === 0
  return {
    address: connection.address,
    pattern: options.pattern,
    subscription: options.correlation?.about ?? null,
    complete: isWhole && tally.count <= options.limit,
    scannedKeys: keys,
    observedMs: options.observeMs,
    locks: tally.list(),
    summary: {
      ...tally.summary(),
      ended,
      unreadable,
      untoldLines,
      untoldBecause,
      missingRights: [...lacks].toSorted(),
      failedServers: [...failed],
      movingSlots,
      readFrom: options.fromReplica ? 'replica' : 'primary',
      touchesIdleTime,
    },
  }
}

function scanFailed(address: string, error: unknown): Unreachable {
  const cause = error instanceof Error ? error.message : String(error)
  const lacks = missingRight(error)
  return lacks === null
    ? new Unreachable('E_REDIS_SCAN', `the scan of Redis at ${address} broke off: ${cause}`, {
        data: {address, cause},
        cause: error,
      })
    : lacksRight(address, lacks)
}
