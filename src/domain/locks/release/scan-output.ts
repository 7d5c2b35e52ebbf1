import {Usage} from '../../../errors.js'
import type {LockVerdict} from '../recognition/lock-verdicts.js'

interface ScannedLock {
  readonly key: string
  readonly verdicts: readonly LockVerdict[]
}

/**
 * The keys in a scan's output, of `--json` or of `--output ndjson`.
 *
 * @param verdicts only those that deserve one of these; all where it is empty.
 * @throws Usage E_SCAN_FILE for a text that is neither.
 */
export function keysOfScan(text: string, file: string, verdicts: ReadonlySet<LockVerdict>): string[] {
  const locks = parseScan(text)
  if (!locks?.every(isLock)) {
    throw new Usage('E_SCAN_FILE', `${file} is not what locks scan --json or --output ndjson gives`, {
      data: {file},
      next: [`keyshift locks scan --pattern 'lock:*' --observe 12s --output ndjson > ${file}`],
    })
  }
  const isWanted = (found: readonly LockVerdict[]): boolean =>
    verdicts.size === 0 || found.some((verdict) => verdicts.has(verdict))
  return locks.filter((lock) => isWanted(lock.verdicts)).map(({key}) => key)
}

function parseScan(text: string): ScannedLock[] | null {
  try {
    const document = JSON.parse(text) as {schema?: string; result?: {locks?: ScannedLock[]}}
    if (document.schema === 'keyshift.locks.scan/v1') return document.result?.locks ?? null
  } catch {
    // more than one document
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
