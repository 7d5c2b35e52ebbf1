import {Usage} from '../../../errors.js'
import {shellWord, suggestedCommand} from '../../../suggested-command.js'
import type {LockVerdict} from '../recognition/lock-verdicts.js'

interface ScannedLock {
  readonly key: string
  readonly verdicts: readonly LockVerdict[]
}

/**
 * The keys in the output of `locks scan --json` or `--output ndjson`.
 *
 * @param verdicts only locks with one of these verdicts; empty for all locks.
 * @throws Usage E_SCAN_FILE for any other text.
 */
export function keysOfScan(text: string, file: string, verdicts: ReadonlySet<LockVerdict>): string[] {
  const locks = parseScan(text)
  if (!locks?.every(isLock)) {
    throw new Usage('E_SCAN_FILE', `${file} is not the output of locks scan --json or --output ndjson`, {
      data: {file},
      next: [
        `${suggestedCommand('locks', 'scan', '--pattern', 'lock:*', '--observe', '12s', '--output', 'ndjson')} > ${shellWord(file)}`,
      ],
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
