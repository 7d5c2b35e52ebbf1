import type {Redis} from 'ioredis'

import {missingRight, missingRightError} from '../../../clients/redis/acl.js'
import type {RedisConnection} from '../../../clients/redis/connect.js'
import {checkCommand} from '../../../clients/redis/check-command.js'
import {type DatabaseSize, otherDatabases} from '../reading/collect-databases.js'
import {failureText} from '../../../connection-failure.js'
import {nodeName, type SlotOwners} from '../../../clients/redis/slots.js'
import {Interrupted, KeyshiftError, Unreachable} from '../../../errors.js'
import {waitUntil} from '../../../wait-until.js'
import {type LockReceiver, type RedlockPlace, type ScanSettings, ServerScan} from './collect-server.js'
import type {OtherNamesSummary} from './other-names.js'
import {ReportedKeys} from './reported-keys.js'
import {SlotTracker} from './slot-tracker.js'
import {messageOf} from '../../../wording.js'

/** A server whose scan failed. */
export interface FailedServer {
  address: string
  cause: string
}

/** What a scan of all servers covered. */
interface Coverage {
  /** keys on the servers at the start of the scan; null when a server did not report it */
  readonly keys: number | null
  readonly failed: readonly FailedServer[]
  /** hash slots that were still migrating at the end */
  readonly movingSlots: number
  /** the other databases of the server that have keys; empty in a cluster, null when this login may not run INFO */
  readonly otherDatabases: DatabaseSize[] | null
}

/** The coverage of a scan, and what could not be read. */
export interface ScanOutcome extends Coverage {
  /** locks of the first sample that no longer existed at the second one */
  readonly ended: number
  /** keys that this login cannot read */
  readonly unreadable: number
  /** the permissions that are missing for them */
  readonly missingRights: readonly string[]
  /** wait queues whose disconnected waiters are unknown */
  readonly unverifiedQueues: number
  /** why they are unknown; null when there are none */
  readonly unverifiedReason: string | null
  /** whether reading reset the idle times of keys */
  readonly touchesIdleTime: boolean
  /** keys that look like locks under names without a word for a lock */
  readonly otherNames: OtherNamesSummary
  /** why the number of waiters is unknown; null when it is known */
  readonly waitersUnknownReason: string | null
}

/** A failover by Sentinel takes its down-after-milliseconds (30 s by default) and a few seconds more. */
const FAILOVER_MS = 60_000
const SETTLE_MS = 60_000
const RECHECK_MS = 500

/**
 * Scans every primary of a connection. Each lock is passed on once, even if slots migrate or Sentinel replaces the primary
 * during the scan. Changes nothing.
 *
 * @throws Unreachable E_REDIS_SCAN when the scan of every server failed, E_REDIS_ACL when the login lacks a right;
 *   Interrupted when the signal is aborted.
 */
export async function scanServers(
  connection: RedisConnection,
  settings: ScanSettings,
  receiver: LockReceiver,
  redlock: RedlockPlace | null = null,
): Promise<ScanOutcome> {
  const {address, slotOwners, successor} = connection
  const reported = slotOwners !== null || successor !== null ? new ReportedKeys() : null
  const scan = new ServerScan(settings, {connection, receiver, reported, redlock})
  const {signal} = settings
  try {
    const coverage = await (slotOwners === null
      ? scanSingleServer(connection, scan, signal)
      : scanCluster({connection, scan, signal, slotOwners, tracker: new SlotTracker(await slotOwners())}))
    const {ended, touchesIdleTime, unreadable, unverifiedQueues, unverifiedReason, waitersUnknownReason} = scan
    return {
      ...coverage,
      ...{ended, unreadable, unverifiedQueues, unverifiedReason, touchesIdleTime, waitersUnknownReason},
      otherNames: scan.otherNames.summary(),
      missingRights: [...scan.missingRights],
    }
  } catch (error) {
    if (signal.aborted) {
      const {reason} = signal as {reason: unknown}
      throw new Interrupted('E_INTERRUPTED', 'the scan was interrupted; nothing was changed', {cause: reason})
    }
    throw error instanceof KeyshiftError ? error : scanFailed(address, error)
  }
}

/** After a failover by Sentinel the new primary is scanned from the start, because SCAN cursors are specific to a server. */
async function scanSingleServer(connection: RedisConnection, scan: ServerScan, signal: AbortSignal): Promise<Coverage> {
  const {primaries, successor} = connection
  let [redis] = primaries as [Redis]
  const [keys, others] = await Promise.all([sizeOf(redis), otherDatabases(redis)])
  let failure: unknown
  const coverage = await waitUntil(
    async (): Promise<Coverage | undefined> => {
      if (failure !== undefined) redis = (await successor?.().catch(() => null)) ?? redis
      try {
        await scan.scan(redis, null)
        return {keys, failed: [], movingSlots: 0, otherDatabases: others}
      } catch (error) {
        if (signal.aborted || successor === null) throw error
        failure = error
        return undefined
      }
    },
    {everyMs: RECHECK_MS, timeoutMs: FAILOVER_MS, signal},
  )
  if (coverage === undefined) throw failure
  return coverage
}

interface ClusterParts {
  readonly connection: RedisConnection
  readonly scan: ServerScan
  readonly signal: AbortSignal
  readonly slotOwners: () => Promise<SlotOwners>
  readonly tracker: SlotTracker
}

/** Scans all primaries of a cluster in rounds, until no slot has moved during a round. */
async function scanCluster(parts: ClusterParts): Promise<Coverage> {
  const {connection, signal, slotOwners, tracker} = parts
  const {primaries} = connection
  const counts = await Promise.all(primaries.map(sizeOf))
  const failed = new Map<string, unknown>()
  await scanRound(primaries, parts, failed)
  if (failed.size === primaries.length) throw [...failed.values()][0]
  let movingSlots = tracker.next(await slotOwners())
  await waitUntil(
    async () => {
      if (movingSlots === 0) return true
      await scanRound(await connection.refresh(), parts, failed)
      movingSlots = tracker.next(await slotOwners())
      return movingSlots === 0 ? true : undefined
    },
    {everyMs: RECHECK_MS, timeoutMs: SETTLE_MS, signal},
  )
  signal.throwIfAborted()
  return {
    keys: counts.reduce((sum: number | null, count) => (sum === null || count === null ? null : sum + count), 0),
    failed: [...failed].map(([address, cause]) => ({address, cause: messageOf(cause)})),
    movingSlots,
    otherDatabases: [],
  }
}

/** Scans the slots of the current round on their owners. @param failed receives the servers whose scan failed. */
async function scanRound(
  servers: readonly Redis[],
  {scan, signal, tracker}: ClusterParts,
  failed: Map<string, unknown>,
): Promise<void> {
  await Promise.all(
    servers.map(async (redis) => {
      const name = nodeName(redis)
      try {
        await scan.scan(redis, {
          owns: (key) => tracker.owns(key, name),
          markMoved: (key) => {
            tracker.markMoved(key)
          },
        })
      } catch (error) {
        signal.throwIfAborted()
        failed.set(name, error)
      }
    }),
  )
}

/** null when this login may not run DBSIZE, or the server is not reachable. */
function sizeOf(redis: Redis): Promise<number | null> {
  return redis.dbsize().catch(() => null)
}

function scanFailed(address: string, error: unknown): Unreachable {
  const cause = messageOf(error)
  const right = missingRight(error)
  const check = checkCommand(address)
  return right === null
    ? new Unreachable('E_REDIS_SCAN', `the scan of Redis at ${address} failed: ${failureText(cause)}`, {
        data: {address, cause},
        cause: error,
        next: check === null ? [] : [check],
      })
    : missingRightError(address, right)
}
