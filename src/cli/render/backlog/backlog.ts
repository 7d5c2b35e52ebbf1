import type {BacklogFigures, BacklogPartition, BacklogReport} from '../../../domain/backlog/backlog-report.js'
import {renderProgress} from './backlog-consumers.js'
import {sparkline} from '../sparkline.js'
import {type Cell, type Column, renderBytes, renderMs, renderTable} from '../table.js'

interface Row {
  readonly label: string
  readonly figures: BacklogFigures
}

const FIGURES: ReadonlyArray<Column<BacklogFigures>> = [
  {head: 'backlog entries', cell: (row) => row.backlogEntries},
  {head: 'messages', cell: messagesText, priority: 5},
  {head: 'size', cell: (row) => renderBytes(row.backlogBytes), priority: 6},
  {head: 'unacked', cell: (row) => row.unackedMessages, priority: 3},
  {head: 'delayed', cell: (row) => row.delayedMessages, isRare: true, priority: 6},
  {head: 'in replay', cell: (row) => row.replayMessages, isRare: true, priority: 6},
  {head: 'ack holes', cell: (row) => row.ackHoles, isRare: true, priority: 5},
  {head: 'oldest', cell: (row) => renderMs(row.oldestAgeMs), priority: 2},
  {head: 'in/s', cell: (row) => row.rateInPerSecond, priority: 4},
  {head: 'out/s', cell: (row) => row.rateOutPerSecond, priority: 4},
  {head: 'time to drain', cell: drainText, priority: 2},
  {head: 'verdict', cell: (row) => row.verdict},
]
const COLUMNS: ReadonlyArray<Column<Row>> = [
  {head: 'partition', cell: ({label}) => label},
  ...FIGURES.map(({cell, ...column}) => ({...column, cell: ({figures}: Row) => cell(figures)})),
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
  const rows = partitions.map((row): Row => ({label: String(row.partition ?? '-'), figures: row}))
  if (rows.length > 1) rows.push({label: 'all', figures: total})
  const title = `${topic} ${subscription}, over ${renderMs(windowMs)}; the time to drain holds in 4 of 5 cases`
  return [title, renderTable(COLUMNS, rows), notesOf(report), renderProgress(partitions, report.sampledAt)]
    .filter((part) => part !== '')
    .join('\n\n')
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
