import type {BacklogFigures, BacklogReport} from '../../domain/backlog/report.js'
import {type Cell, renderMs, renderTable} from './table.js'

const HEAD = ['partition', 'backlog entries', 'unacked', 'oldest', 'in/s', 'out/s', 'time to drain', 'verdict']

export function renderBacklog(report: BacklogReport): string {
  const rows = report.partitions.map((row) => figures(row.partition === null ? '-' : String(row.partition), row))
  if (rows.length > 1) rows.push(figures('all', report.total))
  const title = `${report.topic} ${report.subscription}, rates over ${renderMs(report.windowMs)}`
  return `${title}\n\n${renderTable(HEAD, rows)}`
}

function figures(label: string, row: BacklogFigures): Cell[] {
  return [
    label,
    row.backlogEntries,
    row.unackedMessages,
    renderMs(row.oldestAgeMs),
    row.rateInPerSecond,
    row.rateOutPerSecond,
    drainText(row.drainMs),
    row.verdict,
  ]
}

function drainText({high, low}: BacklogFigures['drainMs']): string {
  if (low === null) return '-'
  if (low === 0 && high === 0) return '0'
  return `${renderMs(low)} to ${renderMs(high)}`
}
