import type {RedisConnection} from '../../../clients/redis/connect.js'
import {databaseOf, type DatabaseSize} from '../reading/collect-databases.js'
import {type RedlockServer, RedlockServers} from './collect-redlock-servers.js'
import {type FailedServer, type ScanOutcome, scanServers} from './collect-every-server.js'
import type {LockReceiver, ScanSettings} from './collect-server.js'
import type {CorrelatedSubscription, LockCorrelation, WaitingSummary} from '../consumers/lock-correlation.js'
import type {LockRecord} from '../recognition/lock-record.js'
import type {OtherNamesSummary} from './other-names.js'
import {LockCounts, type LockSummary} from './scan-summary.js'
import {messageOf} from '../../../wording.js'

export interface LockScan {
  address: string
  /** when the scan started, ISO 8601 */
  scannedAt: string
  /** the number of the database that was scanned; 0 in a cluster */
  database: number
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
    /** the other databases of the server that have keys; empty in a cluster, null when this login may not run INFO */
    otherDatabases: DatabaseSize[] | null
    /** keys that look like locks, but whose names have no word for a lock; `--assume-locks` reports them */
    otherNames: OtherNamesSummary
    /** why the number of waiters is unknown; null when it is known */
    waitersUnknownReason: string | null
    /** which servers were read; failed attempts and reads do not reset the idle times on a replica */
    readFrom: 'primary' | 'replica'
    /** whether reading reset the idle times of keys, as it does before Redis 7.2 */
    touchesIdleTime: boolean
  }
}

/** What a report contains in addition to the locks, and what is reported during the scan. */
export interface LockReport {
  /** default: now */
  readonly startedAt?: Date
  /** maximum number of locks to list; all are counted */
  readonly limit: number
  /** compares the locks with the consumers of a subscription */
  readonly correlation?: LockCorrelation | undefined
  /** the other, independent servers of a Redlock */
  readonly redlock?: readonly RedlockServer[]
  /** Called with locks as soon as they are assessed, unsorted; the scan waits for it. */
  readonly onLocks?: (locks: readonly LockRecord[]) => Promise<void>
  /** Called after each page with the number of locks found, and of keys scanned on one server. */
  readonly onProgress?: (state: {readonly locks: number; readonly keys: number}) => void
}

/**
 * Scans every primary with SCAN and assesses the matching keys after one or two samples; scans all servers of a Redlock in
 * parallel. Changes nothing. A server whose scan fails is reported, and the others are scanned to the end.
 *
 * @throws as scanServers(), when the scan of every server failed or the signal is aborted.
 */
export async function scanLocks(
  connection: RedisConnection,
  settings: ScanSettings,
  report: LockReport,
): Promise<LockScan> {
  const {correlation, limit, redlock = [], startedAt = new Date()} = report
  const servers = [{address: connection.address, connection, cause: null}, ...redlock]
  const peers = redlock.length === 0 ? null : await RedlockServers.open(servers)
  const counts = new LockCounts(limit)
  const receiver = receiverOf(counts, report)
  const outcomes = await Promise.allSettled(
    servers.map(async ({address, connection: one}, at) => {
      if (one === null) return []
      try {
        return [await scanServers(one, settings, receiver, peers && {servers: peers, at})]
      } catch (error) {
        peers?.failures.set(address, messageOf(error))
        throw error
      }
    }),
  )
  const scans = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []))
  const broken = outcomes.find((outcome) => outcome.status === 'rejected')
  if (broken && (scans.length === 0 || settings.signal.aborted)) throw broken.reason
  const failed = [...scans.flatMap((one) => one.failed), ...failuresOf(peers)]
  const totals = totalsOf(scans)
  const {movingSlots, unreadable, unverifiedQueues} = totals
  const isComplete = failed.length === 0 && movingSlots === 0 && unreadable === 0 && unverifiedQueues === 0
  return {
    address: connection.address,
    scannedAt: startedAt.toISOString(),
    database: databaseOf(connection.primaries[0]),
    redlock: redlock.map(({address}) => address),
    pattern: settings.pattern,
    subscription: correlation?.about ?? null,
    complete: isComplete && counts.count <= limit,
    scannedKeys: scans.some(({keys}) => keys === null) ? null : sumOf(scans, ({keys}) => keys ?? 0),
    observedMs: settings.observeMs ?? null,
    locks: counts.list(),
    summary: {
      ...counts.summary(),
      ...totals,
      failedServers: failed,
      readFrom: settings.fromReplica === true ? 'replica' : 'primary',
    },
  }
}

/** What the scans of all connections could not read, and what they found ended. */
function totalsOf(scans: readonly ScanOutcome[]) {
  return {
    ended: sumOf(scans, (one) => one.ended),
    unreadable: sumOf(scans, (one) => one.unreadable),
    unverifiedQueues: sumOf(scans, (one) => one.unverifiedQueues),
    unverifiedReason: scans.map((one) => one.unverifiedReason).find((reason) => reason !== null) ?? null,
    missingRights: [...new Set(scans.flatMap((one) => one.missingRights))].toSorted(),
    movingSlots: sumOf(scans, (one) => one.movingSlots),
    touchesIdleTime: scans.some((one) => one.touchesIdleTime),
    waitersUnknownReason: scans.map((one) => one.waitersUnknownReason).find((reason) => reason !== null) ?? null,
    // The servers of a Redlock have the same locks.
    otherDatabases: scans[0]?.otherDatabases ?? null,
    otherNames: scans[0]?.otherNames ?? {keys: 0, patterns: []},
  }
}

/** Compares the locks with the consumers, counts them, and passes them on. */
function receiverOf(counts: LockCounts, {correlation, onLocks, onProgress}: LockReport): LockReceiver {
  return {
    async onLocks(assessed) {
      const locks = correlation ? correlated(assessed, correlation) : assessed
      for (const lock of locks) counts.add(lock)
      await onLocks?.(locks)
    },
    onPage: (keys) => onProgress?.({locks: counts.count, keys}),
  }
}

function correlated(locks: readonly LockRecord[], correlation: LockCorrelation): LockRecord[] {
  const nowMs = Date.now()
  // A key that a failed Redlock attempt left on a minority of servers is not a held lock; it is not compared with the
  // consumers.
  const isHeld = ({verdicts}: LockRecord): boolean => !verdicts.includes('redlock-minority')
  return locks.map((lock) => (isHeld(lock) ? correlation.assess(lock, nowMs) : lock))
}

function failuresOf(peers: RedlockServers | null): FailedServer[] {
  return [...(peers?.failures ?? [])].map(([address, cause]) => ({address, cause}))
}

function sumOf<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((sum, item) => sum + of(item), 0)
}
