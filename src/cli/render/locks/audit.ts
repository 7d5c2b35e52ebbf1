import type {LockAudit} from '../../../domain/locks/audit/collect-audit.js'
import type {AuditedLock} from '../../../domain/locks/audit/lock-baseline.js'
import {lockCommand} from '../../../suggested-command.js'
import {counted, numberText} from '../../../wording.js'
import {paint} from '../../output/palette.js'
import {type Column, renderTable} from '../table.js'
import {ageText} from '../ages.js'
import {familyText, holderLabel, ttlText, verdictText} from './locks.js'
import {incompleteNotes, outsideNotes} from './scan-notes.js'

/** A lock with its times as ages. */
type Row = AuditedLock & {readonly firstSeen: string | null; readonly lastSeen: string | null}

const COLUMNS: ReadonlyArray<Column<Row>> = [
  {
    head: 'change',
    cell: ({change, changed}) => (changed.length === 0 ? change : `${change} (${changed.join(', ')})`),
    fit: 'wrap',
  },
  {head: 'verdict', cell: verdictText, fit: 'wrap'},
  {head: 'key', cell: ({key}) => key},
  {head: 'family', cell: familyText, priority: 4},
  {
    head: 'holder',
    cell: ({change, holder}) => (change === 'ended' || holder === null ? '-' : holderLabel(holder)),
    priority: 2,
  },
  {head: 'ttl', cell: (lock) => (lock.change === 'ended' ? '-' : ttlText(lock)), priority: 3},
  {head: 'first seen', cell: ({firstSeen}) => firstSeen},
  {head: 'last seen', cell: ({lastSeen}) => lastSeen, isRare: true, priority: 2},
]

/** @param file the baseline, which contains the locks of this audit for the next one. */
export function renderAudit(audit: LockAudit, file: string): string {
  const {address, comparedWith, locks, scannedAt, scannedKeys, summary} = audit
  const {changes, notSeen} = summary
  const counts = [
    `${numberText(changes.new)} new`,
    `${numberText(changes.changed)} changed`,
    `${numberText(changes.same)} unchanged`,
    `${numberText(changes.ended)} ended`,
  ]
  const keys = scannedKeys === null ? 'an unknown number of keys' : `about ${counted(scannedKeys, 'key')}`
  const found = `${counted(summary.locks, 'lock')} found among ${keys}`
  const head =
    comparedWith === null
      ? `${address}: ${found}; first audit, ${file} was created`
      : `${address}: ${found}; since the audit ${ageText(scannedAt, comparedWith) ?? ''}: ${counts.join(', ')}`
  const gaps = incompleteNotes(summary).map((gap) => `${paint.warn('incomplete')}: ${gap}`)
  if (notSeen > 0) {
    const unknown = notSeen === 1 ? 'it may have ended' : 'they may have ended'
    gaps.push(`${counted(notSeen, 'lock')} of the last audit not found; ${unknown}, or in a part that was not scanned`)
  }
  const worst = locks.find(({change, verdict}) => change !== 'ended' && verdict !== 'healthy')
  const next = worst === undefined ? [] : ['next:', `  ${lockCommand('inspect', worst.key)}`]
  const notes = [...outsideNotes(audit).map(({next: command, text}) => `${text}; to scan them: ${command}`), ...next]
  const rows = locks.map((lock) => ({
    ...lock,
    firstSeen: ageText(scannedAt, lock.firstSeenAt),
    lastSeen: lock.change === 'ended' ? ageText(scannedAt, lock.lastSeenAt) : null,
  }))
  return [[head, ...gaps].join('\n'), locks.length === 0 ? '' : renderTable(COLUMNS, rows), notes.join('\n')]
    .filter((part) => part !== '')
    .join('\n\n')
}
