import type {RedisConnection} from '../../../clients/redis/connect.js'
import type {StoredBaseline, StoredLock} from '../../../clients/files/lock-baseline-file.js'
import {compareVerdicts} from '../recognition/lock-verdicts.js'
import {type LockReport, type LockScan, scanLocks} from '../scan/collect-locks.js'
import type {ScanSettings} from '../scan/collect-server.js'
import {type AuditedLock, LOCK_CHANGES, LockBaseline, type LockChange} from './lock-baseline.js'

export interface LockAudit {
  address: string
  /** when the scan started, ISO 8601 */
  scannedAt: string
  /** when the last audit scanned, ISO 8601; null for the first audit */
  comparedWith: string | null
  database: number
  pattern: string
  /** whether every key was scanned and every lock is in `locks` */
  complete: boolean
  /** keys on the servers at the start of the scan; null when a server did not report it */
  scannedKeys: number | null
  /** the worst verdict first, then by key; locks that ended are last */
  locks: AuditedLock[]
  summary: LockScan['summary'] & {
    changes: Record<LockChange, number>
    /** locks of the last audit that were not found, but may exist in a part that could not be scanned */
    notSeen: number
  }
}

interface AuditOptions extends Pick<LockReport, 'limit' | 'onProgress' | 'redlock'> {
  readonly startedAt: Date
  readonly before: StoredBaseline | null
  /** which locks are listed */
  readonly changes: ReadonlySet<LockChange>
  /** Called with the locks to list, as soon as they are compared; the scan waits for it. */
  readonly onLocks: (locks: readonly AuditedLock[]) => Promise<void>
}

/**
 * Scans for locks and compares them with the last audit. Changes nothing.
 *
 * @returns also the scan, and the locks for the next audit.
 * @throws as scanLocks().
 */
export async function auditLocks(
  connection: RedisConnection,
  settings: Omit<ScanSettings, 'earlierSamples'>,
  {before, changes, limit, onLocks, ...report}: AuditOptions,
): Promise<{readonly audit: LockAudit; readonly scan: LockScan; readonly next: StoredLock[]}> {
  const baseline = new LockBaseline(before)
  const counts = Object.fromEntries(LOCK_CHANGES.map((change) => [change, 0])) as Record<LockChange, number>
  const listed: AuditedLock[] = []
  const add = async (locks: readonly AuditedLock[]): Promise<void> => {
    for (const {change} of locks) counts[change]++
    const wanted = locks.filter(({change}) => changes.has(change))
    listed.push(...wanted)
    await onLocks(wanted)
  }
  const scan = await scanLocks(
    connection,
    {...settings, earlierSamples: baseline},
    {
      ...report,
      limit: 0,
      onLocks: (locks) => add(locks.map((lock) => baseline.compare(lock, report.startedAt.getTime()))),
    },
  )
  const {failedServers, movingSlots, unreadable} = scan.summary
  const isCovered = failedServers.length === 0 && movingSlots === 0 && unreadable === 0
  const ended = baseline.ended()
  if (isCovered) await add(ended)
  const {address, database, pattern, scannedAt, scannedKeys, summary} = scan
  return {
    scan,
    next: baseline.stored(!isCovered),
    audit: {
      ...{address, scannedAt, comparedWith: before?.scannedAt ?? null, database, pattern},
      complete: isCovered && summary.unverifiedQueues === 0 && listed.length <= limit,
      scannedKeys,
      locks: listed.toSorted(compareLocks).slice(0, limit),
      summary: {...summary, changes: counts, notSeen: isCovered ? 0 : ended.length},
    },
  }
}

function compareLocks(a: AuditedLock, b: AuditedLock): number {
  return (
    Number(a.change === 'ended') - Number(b.change === 'ended') ||
    compareVerdicts(a.verdict, b.verdict) ||
    (a.key < b.key ? -1 : 1)
  )
}
