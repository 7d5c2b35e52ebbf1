import {readFile} from 'node:fs/promises'

import {Usage} from '../../errors.js'
import {messageOf} from '../../wording.js'
import {replaceFile, requireReplaceable} from './replace-file.js'

/** A lock of an earlier audit. Times are epoch ms of the server. */
export interface StoredLock {
  readonly key: string
  /** identifies the lock and its holders; empty when they were not sampled */
  readonly id: string
  readonly family: string
  readonly verdicts: readonly string[]
  readonly firstSeenMs: number
  readonly atMs: number
  /** −1 for a lock that never expires */
  readonly expiresAtMs: number
  /** the TTL in ms that the last renewal set; null when none was seen */
  readonly renewedToMs: number | null
}

/** What an audit scanned. Audits of different keys cannot be compared. */
export interface BaselineScope {
  readonly server: string
  readonly pattern: string
  /** the selected families, sorted; empty for all */
  readonly families: readonly string[]
  readonly assumesLocks: boolean
}

interface Head extends BaselineScope {
  readonly format: typeof FORMAT
  readonly scannedAt: string
}

const FORMAT = 'keyshift.lock-baseline/v1'

export interface StoredBaseline {
  /** when the last audit scanned, ISO 8601 */
  readonly scannedAt: string
  readonly locks: readonly StoredLock[]
}

/**
 * The locks of the last audit, in a file with one JSON document per line. Contains keys, but no tokens.
 *
 * @returns null when the file does not exist.
 * @throws Usage E_BASELINE when it has another format, is the baseline of other keys, or cannot be read or replaced.
 */
export async function readBaseline(path: string, scope: BaselineScope): Promise<StoredBaseline | null> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw unusable(path, messageOf(error))
  })
  await requireReplaceable(path).catch((error: unknown) => {
    throw unusable(path, messageOf(error))
  })
  if (text === null) return null
  const [head, ...locks] = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line, at) => parsed(line, path, at + 1))
  if ((head as Partial<Head> | undefined)?.format !== FORMAT) throw unusable(path, `it does not start with ${FORMAT}`)
  const {scannedAt, ...about} = head as Head
  for (const name of ['server', 'pattern', 'families', 'assumesLocks'] as const) {
    const [before, now] = [JSON.stringify(about[name]), JSON.stringify(scope[name])]
    if (before !== now) throw unusable(path, `it was written with ${name} ${before}, not ${now}; use a file for each`)
  }
  const broken = locks.findIndex((lock) => !isStoredLock(lock as Partial<StoredLock> | null))
  if (broken >= 0) throw unusable(path, `line ${String(broken + 2)} has another format`)
  return {scannedAt, locks: locks as StoredLock[]}
}

/** @throws Usage E_BASELINE when the file cannot be replaced. */
export async function writeBaseline(
  path: string,
  scope: BaselineScope,
  {locks, scannedAt}: {readonly scannedAt: string; readonly locks: Iterable<StoredLock>},
): Promise<void> {
  const head: Head = {format: FORMAT, scannedAt, ...scope}
  await replaceFile(path, linesOf(head, locks)).catch((error: unknown) => {
    throw unusable(path, messageOf(error))
  })
}

function* linesOf(head: Head, locks: Iterable<StoredLock>): Generator<string> {
  yield `${JSON.stringify(head)}\n`
  for (const lock of locks) yield `${JSON.stringify(lock)}\n`
}

function parsed(line: string, path: string, number: number): unknown {
  try {
    return JSON.parse(line)
  } catch {
    throw unusable(path, `line ${String(number)} has another format`)
  }
}

function isStoredLock(lock: Partial<StoredLock> | null): boolean {
  const {atMs, expiresAtMs, family, firstSeenMs, id, key, renewedToMs, verdicts} = lock ?? {}
  return (
    [key, id, family].every((text) => typeof text === 'string') &&
    [firstSeenMs, atMs, expiresAtMs].every((number) => Number.isFinite(number)) &&
    (renewedToMs === null || Number.isFinite(renewedToMs)) &&
    Array.isArray(verdicts)
  )
}

function unusable(path: string, reason: string): Usage {
  return new Usage('E_BASELINE', `${path} cannot be used as the baseline: ${reason}`, {data: {path, reason}})
}
