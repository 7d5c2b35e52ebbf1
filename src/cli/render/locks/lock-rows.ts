import type {LockRecord} from '../../../domain/locks/recognition/lock-record.js'
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
]

export const CSV_HEAD = `${COLUMNS.join(',')}\n`

/** One line per lock; an unknown value is an empty field. */
export function csvLines(locks: readonly LockRecord[]): string {
  return locks.map((lock) => `${COLUMNS.map((column) => fieldText(valueOf(lock, column), ',')).join(',')}\n`).join('')
}

export function jsonLines(locks: readonly LockRecord[]): string {
  return locks.map((lock) => `${JSON.stringify(lock)}\n`).join('')
}

function valueOf(lock: LockRecord, column: Column): unknown {
  if (column === 'host' || column === 'pid' || column === 'token') return lock.holder?.[column]
  return lock[column]
}
