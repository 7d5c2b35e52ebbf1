import type {BacklogFigures, BacklogPartition, BacklogReport} from '../../../domain/backlog/backlog-report.js'
import {renderProgress} from './backlog-consumers.js'
import {sparkline} from '../sparkline.js'
import {type Cell, type Column, renderBytes, renderMs, renderTable} from '../table.js'
import {counted} from '../../../wording.js'

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
  {head: 'ack/s', cell: (row) => row.rateAckedPerSecond, isRare: true, priority: 4},
  {head: 'time to drain', cell: drainText, fit: 'wrap', priority: 2},
  {head: 'verdict', cell: (row) => row.verdict},
]
const COLUMNS: ReadonlyArray<Column<Row>> = [
  {head: 'partition', cell: ({label}) => label},
  ...FIGURES.map(({cell, ...column}) => ({...column, cell: ({figures}: Row) => cell(figures)})),
]

const NO_DRAIN: Readonly<Record<NonNullable<BacklogFigures['drainReason']>, string>> = {
  growing: 'growing, will not drain',
  'not-due': 'delayed, not due yet',
  stalled: 'not draining (stalled)',
  steady: 'not draining (steady)',
  'too-few-readings': 'too few samples',
  unknown: '-',
}

interface Note {
  readonly appliesTo: (row: BacklogPartition) => boolean
  readonly text: (samples: number) => string
}

const NOTES: readonly Note[] = [
  {
    appliesTo: ({consumers, verdict}) => verdict !== null && verdict !== 'empty' && consumers.length === 0,
    text: () => 'no consumer is connected',
  },
  {
    appliesTo: ({markDelete}) => markDelete === 'blocked',
    text: () => 'not stalled: newer messages are being acked, but mark-delete is blocked by an older unacked message',
  },
  {
    appliesTo: ({wasReloaded}) => wasReloaded,
    text: () => 'the topic was reloaded between the samples, so rates are unknown',
  },
  {
    appliesTo: ({completeness}) => completeness < 1,
    text: (samples) => `missing from some of the ${counted(samples, 'sample')}`,
  },
]
const MOST_NAMED = 8

export function renderBacklog(report: BacklogReport): string {
  const {partitions, subscription, topic, total, windowMs} = report
  const rows = partitions.map((row): Row => ({label: String(row.partition ?? '-'), figures: row}))
  if (rows.length > 1) rows.push({label: 'all', figures: total})
  const title = `${topic} ${subscription}, sampled for ${renderMs(windowMs)}`
  return [title, renderTable(COLUMNS, rows), notesOf(report), renderProgress(partitions, report.sampledAt)]
    .filter((part) => part !== '')
    .join('\n\n')
}

/** @param backlogs the total backlog of each sample. */
export function renderBacklogWatch(report: BacklogReport, backlogs: ReadonlyArray<number | null>): string {
  return `${renderBacklog(report)}\n\nbacklog  ${sparkline(backlogs)}`
}

function notesOf(report: BacklogReport): string {
  const lines = NOTES.flatMap(({appliesTo, text}) => {
    const rows = report.partitions.filter(appliesTo)
    return rows.length === 0 ? [] : [`${whereText(rows)}${text(report.samples)}`]
  })
  return [...lines, ...([...report.partitions, report.total].some(isRange) ? [RANGE_NOTE] : [])].join('\n')
}

const RANGE_NOTE = 'The time to drain is an estimate: in 8 of 10 cases it lies within the range shown.'

/** Empty on a plain topic. */
function whereText(rows: readonly BacklogPartition[]): string {
  const numbers = rows.flatMap(({partition}) => partition ?? [])
  if (numbers.length === 0) return ''
  const more = numbers.length > MOST_NAMED ? ` and ${String(numbers.length - MOST_NAMED)} more` : ''
  return `partition${numbers.length === 1 ? '' : 's'} ${numbers.slice(0, MOST_NAMED).join(', ')}${more}: `
}

/** An estimate from entries shows the average batch size it is based on. */
function messagesText({backlogEntries, backlogMessages, messagesPerEntry}: BacklogFigures): Cell {
  if (backlogMessages === null) return null
  if (messagesPerEntry === null || backlogMessages === backlogEntries) return backlogMessages
  return `~${String(backlogMessages)} (${messagesPerEntry.toFixed(1)} per entry)`
}

function drainText(row: BacklogFigures): string {
  const {drainMs, drainReason, verdict} = row
  const {high, low} = drainMs
  if (verdict === 'empty') return '0 s'
  if (isCaughtUp(row)) return 'caught up'
  if (low === null) return drainReason === null ? '-' : NO_DRAIN[drainReason]
  if (!isRange(row)) return high === null ? '-' : '< 1 s'
  return high === null ? `at least ${renderMs(low)}` : `${renderMs(low)} to ${renderMs(high)}`
}

/** Whether the time to drain is shown as a range. */
function isRange(row: BacklogFigures): boolean {
  const {high, low} = row.drainMs
  return row.verdict !== 'empty' && !isCaughtUp(row) && low !== null && (high ?? low) >= 1000
}

/** A backlog of at most one second of deliveries is in flight, not waiting; its time to drain is of no interest. */
function isCaughtUp({backlogMessages, drainMs, rateOutPerSecond, verdict}: BacklogFigures): boolean {
  const isBounded = verdict === 'draining' && drainMs.high !== null
  if ((verdict !== 'steady' && verdict !== 'draining') || isBounded) return false
  return backlogMessages !== null && rateOutPerSecond !== null && backlogMessages <= rateOutPerSecond
}
