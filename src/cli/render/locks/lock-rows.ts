import type {AuditedLock} from '../../../domain/locks/audit/lock-baseline.js'
import type {LockRecord} from '../../../domain/locks/recognition/lock-record.js'
import type {LockCandidate} from '../../../domain/locks/recognition/recognized-lock.js'
import {jsonLineWith} from '../../../printable.js'
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

/** Whether the scan prints a line for each lock while it runs. */
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
export function lockLines(
  locks: ReadonlyArray<AuditedLock | LockRecord>,
  kind: LineKind,
  format: LineFormat,
  origin: LineOrigin,
): string {
  const originOf = (lock: AuditedLock | LockRecord): LineOrigin => {
    const [first] = 'redlock' in lock ? (lock.redlock?.heldOn ?? []) : []
    return first === undefined ? origin : {...origin, server: first}
  }
  if (format === 'ndjson') {
    const usual = JSON.stringify(origin)
    return locks
      .map((lock) => {
        const own = originOf(lock)
        return jsonLineWith(lock, own === origin ? usual : JSON.stringify(own))
      })
      .join('')
  }
  const [columns, separator] = [COLUMNS[kind], SEPARATOR[format]]
  return locks
    .map((lock) => {
      const own = originOf(lock)
      return `${columns.map((column) => fieldText(valueOf(lock, own, column), separator)).join(separator)}\n`
    })
    .join('')
}

/** Writes one line per lock while the scan runs. */
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

  async add(locks: ReadonlyArray<AuditedLock | LockRecord>, origin: LineOrigin): Promise<void> {
    if (locks.length === 0) return
    await this.write(this.head + lockLines(locks, this.kind, this.format, origin))
    this.head = ''
  }
}

function valueOf(row: object, origin: LineOrigin, column: string): unknown {
  if (column === 'scannedAt' || column === 'server') return origin[column]
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
