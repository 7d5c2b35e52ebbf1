import type {BacklogFigures, BacklogPartition, BacklogReport} from '../../../domain/backlog/backlog-report.js'
import {renderProgress} from './backlog-consumers.js'
import {sparkline} from '../sparkline.js'
import {type Cell, renderBytes, renderMs, renderTable} from '../table.js'

interface Column {
  readonly head: string
  readonly cell: (row: BacklogFigures) => Cell
  /** shown only where there are any */
  readonly isRare?: boolean
}

const COLUMNS: readonly Column[] = [
  {head: 'backlog entries', cell: (row) => row.backlogEntries},
  {head: 'messages', cell: messagesText},
  {head: 'size', cell: (row) => renderBytes(row.backlogBytes)},
  {head: 'unacked', cell: (row) => row.unackedMessages},
  {head: 'delayed', cell: (row) => row.delayedMessages, isRare: true},
  {head: 'in replay', cell: (row) => row.replayMessages, isRare: true},
  {head: 'ack holes', cell: (row) => row.ackHoles, isRare: true},
  {head: 'oldest', cell: (row) => renderMs(row.oldestAgeMs)},
  {head: 'in/s', cell: (row) => row.rateInPerSecond},
  {head: 'out/s', cell: (row) => row.rateOutPerSecond},
  {head: 'time to drain', cell: drainText},
  {head: 'verdict', cell: (row) => row.verdict},
]

const NO_DRAIN: Readonly<Record<NonNullable<BacklogFigures['drainReason']>, string>> = {
  growing: 'it grows',
  stalled: 'it stands still',
  steady: 'it stays as it is',
  'too-few-readings': 'too few looks',
  unknown: '-',
}

interface Note {
  readonly holds: (row: BacklogPartition, report: BacklogReport) => boolean
  readonly text: (samples: number) => string
}

const NOTES: readonly Note[] = [
  {
    holds: ({markDelete}) => markDelete === 'blocked',
    text: () => 'no stall: messages are acknowledged, but mark-delete waits for an older one that is not',
  },
  {holds: ({wasReloaded}) => wasReloaded, text: () => 'the topic was loaded afresh meanwhile, so rates are not known'},
  {holds: ({completeness}) => completeness < 1, text: (samples) => `missing in some of the ${String(samples)} looks`},
]
const MOST_NAMED = 8

export function renderBacklog(report: BacklogReport): string {
  const {partitions, subscription, topic, total, windowMs} = report
  const columns = COLUMNS.filter(
    ({cell, isRare}) => isRare !== true || [...partitions, total].some((row) => Number(cell(row) ?? 0) > 0),
  )
  const rowOf = (label: string, row: BacklogFigures): Cell[] => [label, ...columns.map(({cell}) => cell(row))]
  const rows = partitions.map((row) => rowOf(row.partition === null ? '-' : String(row.partition), row))
  if (rows.length > 1) rows.push(rowOf('all', total))
  const title = `${topic} ${subscription}, over ${renderMs(windowMs)}; the time to drain holds in 4 of 5 cases`
  const table = renderTable(['partition', ...columns.map(({head}) => head)], rows)
  return [title, table, notesOf(report), renderProgress(partitions)].filter((part) => part !== '').join('\n\n')
}

/** @param backlogs of all partitions, at each look. */
export function renderBacklogWatch(report: BacklogReport, backlogs: ReadonlyArray<number | null>): string {
  return `${renderBacklog(report)}\n\nbacklog  ${sparkline(backlogs)}`
}

function notesOf(report: BacklogReport): string {
  const lines = NOTES.flatMap(({holds, text}) => {
    const rows = report.partitions.filter((row) => holds(row, report))
    return rows.length === 0 ? [] : [`${whereText(rows)}${text(report.samples)}`]
  })
  return lines.join('\n')
}

/** Nothing on a plain topic. */
function whereText(rows: readonly BacklogPartition[]): string {
  const numbers = rows.flatMap(({partition}) => partition ?? [])
  if (numbers.length === 0) return ''
  const more = numbers.length > MOST_NAMED ? ` and ${String(numbers.length - MOST_NAMED)} more` : ''
  return `partition${numbers.length === 1 ? '' : 's'} ${numbers.slice(0, MOST_NAMED).join(', ')}${more}: `
}

/** What is computed from entries says by how much. */
function messagesText({backlogEntries, backlogMessages, messagesPerEntry}: BacklogFigures): Cell {
  if (backlogMessages === null) return null
  if (messagesPerEntry === null || backlogMessages === backlogEntries) return backlogMessages
  return `~${String(backlogMessages)} (${messagesPerEntry.toFixed(1)} each)`
}

function drainText({drainMs: {high, low}, drainReason}: BacklogFigures): string {
  if (low === null) return drainReason === null ? '-' : NO_DRAIN[drainReason]
  if (low === 0 && high === 0) return '0'
  return high === null ? `at least ${renderMs(low)}` : `${renderMs(low)} to ${renderMs(high)}`
}
