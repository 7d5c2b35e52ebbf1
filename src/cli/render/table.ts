import Table from 'cli-table3'

import {durationText, numberText} from '../../wording.js'
import {currentView, reportLeftOut} from '../output/page.js'
import {paint} from '../output/palette.js'
import {safeLine, safeText} from '../output/safe-text.js'
import {shortenMiddle} from '../output/shorten.js'
import {visibleWidth, wrapLines} from '../output/wrap-lines.js'
import {type Cell, type Column, fitColumns, type Measured} from './columns.js'

export type {Cell, Column} from './columns.js'

const NO_LINES = {
  top: '', 'top-mid': '', 'top-left': '', 'top-right': '',
  bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '',
  left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ',
} // prettier-ignore

/** cli-table3 compares each cell with those of all rows above it, so that a table of many rows is drawn in pieces. */
const ROWS_AT_ONCE = 100

interface Fitted<R> {
  readonly column: Column<R>
  readonly width: number
  readonly isNumeric: boolean
}

/**
 * A table without lines: heads in capitals, numbers to the right, `-` for what is not known. It fits the width of the page, by
 * leaving out columns and shortening names; where even that is not enough, each row is a card of label and value.
 *
 * @param most rows; how many more there are is said below
 */
export function renderTable<R>(columns: ReadonlyArray<Column<R>>, rows: readonly R[], most = Infinity): string {
  const {isWide, width} = currentView()
  const shown = columns.filter(
    ({cell, isRare, isWide: isWideOnly}) =>
      (isWide || isWideOnly !== true) && (isRare !== true || rows.some((row) => isSomething(cell(row)))),
  )
  const listed = rows.length > most ? rows.slice(0, most) : rows
  const measured = shown.map((column) => measure(column, listed))
  const widths = fitColumns(measured, isWide ? Infinity : width)
  const table =
    widths === null ? cards(shown.filter(isKept), listed) : drawn(fittedColumns(shown, measured, widths), listed)
  const leftOut = shown.filter((column, at) => (widths === null ? !isKept(column) : !widths.has(at)))
  reportLeftOut(
    leftOut.map(({head}) => head),
    widths !== null &&
      measured.some(({widest}, at) => (widths.get(at) ?? widest) < widest && shown[at]?.fit !== 'wrap'),
  )
  return rows.length > most ? `${table}\nand ${String(rows.length - most)} more; --json has all` : table
}

function isKept<R>({priority}: Column<R>): boolean {
  return (priority ?? 1) === 1
}

function isSomething(cell: Cell): boolean {
  return cell !== null && cell !== 0 && cell !== false && cell !== '' && cell !== '-'
}

function measure<R>({cell, fit, head, priority = 1}: Column<R>, rows: readonly R[]): Measured {
  const headWidth = visibleWidth(head)
  let widest = headWidth
  let isNumeric = true
  let word = 0
  for (const row of rows) {
    const value = cell(row)
    isNumeric &&= typeof value === 'number' || value === null
    const text = cellText(value)
    widest = Math.max(widest, visibleWidth(text))
    if (fit === 'wrap') word = Math.max(word, ...text.split(/\s+/).map(visibleWidth))
  }
  return {head: headWidth, widest, isNumeric, priority, word}
}

function fittedColumns<R>(
  columns: ReadonlyArray<Column<R>>,
  measured: readonly Measured[],
  widths: ReadonlyMap<number, number>,
): Array<Fitted<R>> {
  return columns.flatMap((column, at) => {
    const width = widths.get(at)
    return width === undefined ? [] : [{column, width, isNumeric: measured[at]?.isNumeric === true}]
  })
}

function drawn<R>(columns: ReadonlyArray<Fitted<R>>, rows: readonly R[]): string {
  const options = {
    chars: NO_LINES,
    style: {head: [], border: [], 'padding-left': 0, 'padding-right': 0},
    colAligns: columns.map(({isNumeric}) => (isNumeric ? ('right' as const) : ('left' as const))),
    colWidths: columns.map(({width}) => width),
  }
  const pieces: string[] = []
  for (let at = -1; at < rows.length; at += ROWS_AT_ONCE) {
    const table = new Table(options)
    if (at < 0) table.push(columns.map(({column: {head}}) => paint.strong(head.toUpperCase())))
    for (const row of rows.slice(Math.max(0, at), at + ROWS_AT_ONCE)) {
      table.push(columns.map((fitted) => fittedText(fitted, row)))
    }
    if (table.length > 0) pieces.push(table.toString())
  }
  return pieces
    .join('\n')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

function fittedText<R>({column: {cell, fit}, width}: Fitted<R>, row: R): string {
  const text = cellText(cell(row))
  if (visibleWidth(text) <= width) return text
  return fit === 'wrap' ? wrapLines(text, width, 0) : shortenMiddle(safeText(text, false), width)
}

function cards<R>(columns: ReadonlyArray<Column<R>>, rows: readonly R[]): string {
  return rows.map((row) => renderPairs(columns.map(({cell, head}) => [head.toUpperCase(), cell(row)]))).join('\n\n')
}

/** Label and value, one pair a line; a long value goes on below itself. */
export function renderPairs(pairs: ReadonlyArray<readonly [string, Cell]>): string {
  const {isWide, width} = currentView()
  const labelWidth = Math.max(...pairs.map(([label]) => label.length))
  const valueWidth = (isWide ? Infinity : width) - labelWidth - 2
  if (valueWidth < width / 2) {
    return pairs.map(([label, value]) => `${paint.strong(label)}\n  ${pairText(value)}`).join('\n')
  }
  return pairs
    .map(([label, value]) => {
      const text = wrapLines(pairText(value), valueWidth, 0).replaceAll('\n', `\n${' '.repeat(labelWidth + 2)}`)
      return `${paint.strong(label.padEnd(labelWidth))}  ${text}`
    })
    .join('\n')
}

/** Numbers outside of columns have a comma before every third digit, as in sentences. */
function pairText(cell: Cell): string {
  return typeof cell === 'number' && Number.isInteger(cell) ? numberText(cell) : cellText(cell)
}

function cellText(cell: Cell): string {
  if (cell === null) return '-'
  if (typeof cell === 'number') return Number.isInteger(cell) ? String(cell) : cell.toFixed(1)
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no'
  return safeLine(cell)
}

/** A topic as tables name it: commands take it the same way. */
export function topicText<T extends string | null>(topic: T): string | T {
  return topic === null ? topic : topic.replace(/^persistent:\/\//, '')
}

/** A duration for people: `850 ms`, `2.4 s`, `3 min`, `5 h`; `-` when unknown. */
export function renderMs(ms: number | null): string {
  return ms === null ? '-' : durationText(ms)
}

/** A size for people: `840 B`, `1.2 kB`, `3.4 GB`; `-` when unknown. */
export function renderBytes(bytes: number | null): string {
  if (bytes === null) return '-'
  const at = Math.min(SIZES.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3))
  return `${at === 0 ? String(bytes) : (bytes / 1000 ** at).toFixed(1)} ${SIZES[at] ?? ''}`
}

const SIZES = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

export function renderShare(share: number | null): string {
  return share === null ? '-' : `${(share * 100).toFixed(1)} %`
}
