import type {BacklogFigures, BacklogReport} from '../../domain/backlog/report.js'
import {sparkline} from './spark.js'
import {type Cell, renderBytes, renderMs, renderTable} from './table.js'

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
  {head: 'time to drain', cell: (row) => drainText(row.drainMs)},
  {head: 'verdict', cell: (row) => row.verdict},
]

export function renderBacklog(report: BacklogReport): string {
  const {partitions, subscription, topic, total, windowMs} = report
  const columns = COLUMNS.filter(
    ({cell, isRare}) => isRare !== true || [...partitions, total].some((row) => Number(cell(row) ?? 0) > 0),
  )
  const rowOf = (label: string, row: BacklogFigures): Cell[] => [label, ...columns.map(({cell}) => cell(row))]
  const rows = partitions.map((row) => rowOf(row.partition === null ? '-' : String(row.partition), row))
  if (rows.length > 1) rows.push(rowOf('all', total))
  const title = `${topic} ${subscription}, rates over ${renderMs(windowMs)}`
  return `${title}\n\n${renderTable(['partition', ...columns.map(({head}) => head)], rows)}`
}

/** @param backlogs of all partitions, at each look. */
export function renderBacklogWatch(report: BacklogReport, backlogs: ReadonlyArray<number | null>): string {
  return `${renderBacklog(report)}\n\nbacklog  ${sparkline(backlogs)}`
}

/** What is computed from entries says by how much. */
function messagesText({backlogEntries, backlogMessages, messagesPerEntry}: BacklogFigures): Cell {
  if (backlogMessages === null) return null
  if (messagesPerEntry === null || backlogMessages === backlogEntries) return backlogMessages
  return `~${String(backlogMessages)} (${messagesPerEntry.toFixed(1)} each)`
}

function drainText({high, low}: BacklogFigures['drainMs']): string {
  if (low === null) return '-'
  if (low === 0 && high === 0) return '0'
  return `${renderMs(low)} to ${renderMs(high)}`
}
