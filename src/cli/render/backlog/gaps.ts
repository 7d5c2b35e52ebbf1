import type {GapReport, GapRow} from '../../../domain/backlog/gap-report.js'
import {jsonLine} from '../../../printable.js'
import {operands, suggestedCommand} from '../../../suggested-command.js'
import {counted, keyText} from '../../../wording.js'
import type {ListOutput} from '../../flags/output-flags.js'
import {separatedLines} from '../../output/list-output.js'
import {type Column, renderMs, renderTable} from '../table.js'

const COLUMNS: ReadonlyArray<Column<GapRow>> = [
  {head: 'partition', cell: ({partition}) => (partition === null ? null : String(partition)), isRare: true},
  {head: 'first', cell: ({first}) => first},
  {head: 'last', cell: ({last}) => last},
  {head: 'entries', cell: ({entries}) => entries},
  {head: 'age', cell: ({ageMs}) => (ageMs === null ? null : renderMs(ageMs)), isRare: true, priority: 2},
  {head: 'key', cell: ({key}) => (key === null ? null : keyText(key)), isRare: true, priority: 2},
  {head: 'published', cell: ({publishedAt}) => publishedAt, isWide: true},
  {head: 'consumer', cell: ({consumer}) => consumer, isRare: true, priority: 3},
]

const FIELDS: ReadonlyArray<keyof GapRow> = [
  ...(['partition', 'first', 'last', 'entries', 'ageMs', 'publishedAt', 'key', 'isKeyBase64', 'consumer'] as const),
]

/** The gaps as text. CSV and TSV contain only rows, because programs read them. */
export function gapsText(report: GapReport, output: ListOutput): string {
  if (output === 'csv' || output === 'tsv') return separatedLines(report.gaps, FIELDS, output === 'csv' ? ',' : '\t')
  return renderGaps(report)
}

/** One JSON line per gap. */
export function gapLines(gaps: readonly GapRow[]): string {
  return gaps.map(jsonLine).join('')
}

function renderGaps({gaps, subscription, topic, total}: GapReport): string {
  const where = `${topic} ${subscription}`
  if (total.gaps === 0) {
    return `No gaps: every acknowledged entry of ${where} lies before the first unacked one.`
  }
  const hidden = total.gaps - gaps.length
  const isRead = gaps.some(({ageMs}) => ageMs !== null)
  const notes = [
    ...(hidden > 0
      ? [`${counted(hidden, 'more gap')} ${hidden === 1 ? 'is' : 'are'} not listed. Raise --max to list all.`]
      : []),
    ...(isRead
      ? []
      : [
          `For keys and ages, run:\n  ${suggestedCommand('backlog', 'gaps', '--read', ...operands(topic, subscription))}`,
        ]),
  ]
  return [
    `${where}: ${counted(total.gaps, 'gap')} with ${counted(total.entries, 'unacked entry', 'unacked entries')} before acknowledged ones`,
    renderTable(COLUMNS, gaps),
    ...(notes.length === 0 ? [] : [notes.join('\n')]),
  ].join('\n\n')
}
