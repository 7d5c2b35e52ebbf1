import chalk from 'chalk'
import Table from 'cli-table3'
import stringWidth from 'string-width'

export type Cell = boolean | number | string | null

const NO_LINES = {
  top: '', 'top-mid': '', 'top-left': '', 'top-right': '',
  bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '',
  left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ',
} // prettier-ignore

/** cli-table3 compares each cell with those of all rows above it, so that a table of many rows is drawn in pieces. */
const ROWS_AT_ONCE = 100

/** A plain table: headers in capitals, numbers to the right, `-` for what is not known. */
export function renderTable(head: readonly string[], rows: ReadonlyArray<readonly Cell[]>): string {
  const isNumeric = head.map((_, column) =>
    rows.every((row) => typeof row[column] === 'number' || row[column] === null),
  )
  const lines = [
    head.map((title) => chalk.bold(title.toUpperCase())),
    ...rows.map((row) => row.map((cell) => cellText(cell))),
  ]
  const options = {
    chars: NO_LINES,
    style: {head: [], border: [], 'padding-left': 0, 'padding-right': 0},
    colAligns: isNumeric.map((numeric) => (numeric ? ('right' as const) : ('left' as const))),
    colWidths: head.map((_, column) => lines.reduce((most, line) => Math.max(most, widthOf(line[column])), 0)),
  }
  const pieces: string[] = []
  for (let at = 0; at < lines.length; at += ROWS_AT_ONCE) {
    const table = new Table(options)
    table.push(...lines.slice(at, at + ROWS_AT_ONCE))
    pieces.push(table.toString())
  }
  return pieces
    .join('\n')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

/** By the widest of its lines. */
function widthOf(text = ''): number {
  if (/^[ -~]*$/.test(text)) return text.length
  return Math.max(...text.split('\n').map((line) => stringWidth(line)))
}

/** Label and value, one pair a line. */
export function renderPairs(pairs: ReadonlyArray<readonly [string, Cell]>): string {
  const width = Math.max(...pairs.map(([label]) => label.length))
  return pairs.map(([label, value]) => `${chalk.bold(label.padEnd(width))}  ${cellText(value)}`).join('\n')
}

function cellText(cell: Cell): string {
  if (cell === null) return '-'
  if (typeof cell === 'number') return Number.isInteger(cell) ? String(cell) : cell.toFixed(1)
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no'
  return cell
}

/** A duration for people: `850 ms`, `2.4 s`, `3 min`, `5 h`; `-` when unknown. */
export function renderMs(ms: number | null): string {
  if (ms === null) return '-'
  if (ms < 1000) return `${String(Math.round(ms))} ms`
  if (ms < 120_000) return `${(ms / 1000).toFixed(1)} s`
  if (ms < 7_200_000) return `${String(Math.round(ms / 60_000))} min`
  return `${String(Math.round(ms / 3_600_000))} h`
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
