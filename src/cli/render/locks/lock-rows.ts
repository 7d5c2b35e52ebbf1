import type {AuditedLock} from '../../../domain/locks/audit/lock-baseline.js'
import type {LockRecord} from '../../../domain/locks/recognition/lock-record.js'
import type {LockCandidate} from '../../../domain/locks/recognition/recognized-lock.js'
import {jsonLine} from '../../../printable.js'
import {fieldText} from '../../output/list-output.js'
import {StdoutWriter} from '../../output/stdout-lines.js'

const SCANNED = [
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
  'verdicts',
  'waiters',
  'scannedAt',
  'server',
]
const AUDITED = ['change', 'firstSeenAt', 'lastSeenAt', 'verdict', 'verdicts', 'key', 'family', 'token', 'host', 'pid']
const COLUMNS = {
  scan: SCANNED,
  audit: [...AUDITED, 'ttlMs', 'heldAtLeastMs', 'waiters', 'scannedAt', 'server'],
} as const

type LineKind = keyof typeof COLUMNS

export type LineFormat = 'csv' | 'ndjson' | 'tsv'

/** Whether each lock is printed as a line as soon as it is found. */
export function isLineFormat(output: string): output is LineFormat {
  return output === 'csv' || output === 'tsv' || output === 'ndjson'
}

const SEPARATOR = {csv: ',', tsv: '\t'} as const

/** When and where the locks of a line were found. */
export interface LineOrigin {
  /** ISO 8601 */
  readonly scannedAt: string
  readonly server: string
}

/** The first line; ndjson has none. */
export function headLine(kind: LineKind, format: LineFormat): string {
  return format === 'ndjson' ? '' : `${COLUMNS[kind].join(SEPARATOR[format])}\n`
}

/** One line per lock; in csv and tsv an unknown value is an empty field, and the verdicts are separated by spaces. */
export function lockLines(rows: readonly object[], kind: LineKind, format: LineFormat): string {
  if (format === 'ndjson') return rows.map(jsonLine).join('')
  const [columns, separator] = [COLUMNS[kind], SEPARATOR[format]]
  return rows
    .map((row) => `${columns.map((column) => fieldText(valueOf(row, column), separator)).join(separator)}\n`)
    .join('')
}

/** Writes one line per lock as soon as it is found. */
export class LockLines extends StdoutWriter {
  private readonly kind: LineKind
  private readonly format: LineFormat
  private head: string

  constructor(kind: LineKind, format: LineFormat) {
    super()
    this.kind = kind
    this.format = format
    this.head = headLine(kind, format)
  }

  async add(locks: ReadonlyArray<AuditedLock | LockRecord>, {scannedAt, server}: LineOrigin): Promise<void> {
    if (locks.length === 0) return
    const rows = locks.map((lock) => ({
      ...lock,
      scannedAt,
      server: 'redlock' in lock ? (lock.redlock?.heldOn[0] ?? server) : server,
    }))
    await this.write(this.head + lockLines(rows, this.kind, this.format))
    this.head = ''
  }
}

function valueOf(row: object, column: string): unknown {
  const values = row as Readonly<Record<string, unknown>>
  if (column === 'host' || column === 'pid' || column === 'token') {
    return (values['holder'] as Readonly<Record<string, unknown>> | null)?.[column]
  }
  const value = values[column]
  if (column === 'candidates') {
    return (value as LockCandidate[]).map(({family, likelihood}) => `${family}=${String(likelihood)}`).join(' ')
  }
  return Array.isArray(value) ? value.join(' ') : value
}
