import type {LockRecord} from '../../../domain/locks/recognition/lock-record.js'
import {jsonLine} from '../../../printable.js'
import {fieldText} from '../../output/list-output.js'

type Column = keyof LockRecord | 'host' | 'pid' | 'token'

const COLUMNS: readonly Column[] = [
  'verdict',
  'key',
  'family',
  'token',
  'host',
  'pid',
  'ttlMs',
  'idleMs',
  'heldAtLeastMs',
  'heldSource',
  'renewal',
  'confidence',
  'candidates',
]

export type LineFormat = 'csv' | 'ndjson' | 'tsv'

const SEPARATOR = {csv: ',', tsv: '\t'} as const

/** The first line; ndjson has none. */
export function headLine(format: LineFormat): string {
  return format === 'ndjson' ? '' : `${COLUMNS.join(SEPARATOR[format])}\n`
}

/** One line per lock; in csv and tsv an unknown value is an empty field. */
export function lockLines(locks: readonly LockRecord[], format: LineFormat): string {
  if (format === 'ndjson') return locks.map(jsonLine).join('')
  const separator = SEPARATOR[format]
  return locks
    .map((lock) => `${COLUMNS.map((column) => fieldText(valueOf(lock, column), separator)).join(separator)}\n`)
    .join('')
}

function valueOf(lock: LockRecord, column: Column): unknown {
  if (column === 'host' || column === 'pid' || column === 'token') return lock.holder?.[column]
  if (column === 'candidates')
    return lock.candidates.map(({family, likelihood}) => `${family}=${String(likelihood)}`).join(' ')
  return lock[column]
}
