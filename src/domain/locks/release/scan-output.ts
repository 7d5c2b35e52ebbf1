import {Usage} from '../../../errors.js'
import {suggestedCommand} from '../../../suggested-command.js'
import type {LockRecord} from '../recognition/lock-record.js'
import type {LockVerdict} from '../recognition/lock-verdicts.js'
import {durationText} from '../../../wording.js'
import type {WantedLock} from './collect-release-plan.js'

type ScannedLock = Pick<
  LockRecord,
  'heldAtLeastMs' | 'holder' | 'isAssumed' | 'key' | 'ttlMs' | 'verdicts' | 'waitQueue'
>

/** The locks of a scan to release, and those whose holder may be active. */
export interface ScannedLocks {
  readonly wanted: WantedLock[]
  readonly skipped: Array<{key: string; reason: string}>
}

/**
 * The locks in the output of `locks scan --json` or `--output ndjson` that a plan for many locks may contain. No operator checks
 * each of them, so the record of each must show that its holder has exited: it has stopped renewing, or it has held a lock
 * without a TTL for longer than any holder works.
 *
 * @param verdicts only locks with one of these verdicts; empty for all locks.
 * @param maxHoldMs how long a holder may work, in ms.
 * @throws Usage E_SCAN_FILE for any other text.
 */
export function locksOfScan(
  text: string,
  file: string,
  verdicts: ReadonlySet<LockVerdict>,
  maxHoldMs: number,
): ScannedLocks {
  const locks = parseScan(text)
  if (!locks?.every(isLock)) {
    throw new Usage('E_SCAN_FILE', `${file} is not the output of locks scan --json or --output ndjson`, {
      data: {file},
      next: [
        `${suggestedCommand('locks', 'scan', '--pattern', 'lock:*', '--observe', '12s', '--output', 'ndjson')} > locks.ndjson`,
      ],
    })
  }
  const chosen = locks.filter((lock) => verdicts.size === 0 || lock.verdicts.some((verdict) => verdicts.has(verdict)))
  const judged = chosen.map((lock) => ({lock, reason: reasonToSkip(lock, maxHoldMs)}))
  return {
    wanted: judged.flatMap(({lock: {holder, isAssumed, key, ttlMs}, reason}) =>
      reason === null ? [{key, seen: {token: holder?.token ?? null, ttlMs, isAssumed}}] : [],
    ),
    skipped: judged.flatMap(({lock: {key}, reason}) => (reason === null ? [] : [{key, reason}])),
  }
}

/** These say nothing about whether the holder of a lock is active, or that it is. */
const NO_LOCK: readonly LockVerdict[] = ['constant-token', 'past-time', 'unknown-format', 'wrong-type']

function reasonToSkip({heldAtLeastMs, ttlMs, verdicts, waitQueue}: ScannedLock, maxHoldMs: number): string | null {
  if (waitQueue !== null) return null // only disconnected waiters are removed
  const ambiguous = NO_LOCK.find((verdict) => verdicts.includes(verdict))
  if (ambiguous !== undefined) return `a lock with the verdict ${ambiguous} is released only by name`
  if (verdicts.includes('not-renewed')) return null
  if (ttlMs !== null) return 'its holder may be active, and it expires on its own; wait for that, or release it by name'
  if ((heldAtLeastMs ?? 0) >= maxHoldMs) return null
  const held = heldAtLeastMs === null ? 'for an unknown time' : `for at least ${durationText(heldAtLeastMs)}`
  return `it has been held ${held}, and a holder may work for ${durationText(maxHoldMs)} (--max-hold); scan again later with --first-seen`
}

function parseScan(text: string): ScannedLock[] | null {
  try {
    const document = JSON.parse(text) as {schema?: string; result?: {locks?: ScannedLock[]}}
    if (document.schema === 'keyshift.locks.scan/v1') return document.result?.locks ?? null
  } catch {
    // NDJSON has several documents and is parsed below.
  }
  try {
    const lines = text.split('\n').filter((line) => line !== '')
    return lines.map((line) => JSON.parse(line) as ScannedLock)
  } catch {
    return null
  }
}

function isLock(lock: Partial<ScannedLock> | null): boolean {
  return typeof lock?.key === 'string' && Array.isArray(lock.verdicts)
}
