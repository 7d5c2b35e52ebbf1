import {type Cell, renderTable} from './table.js'

/** One column of a table of rows. */
export interface Column<R> {
  readonly head: string
  readonly cell: (row: R) => Cell
  /** shown only where a row has something in it: not where all is zero, no, or not known */
  readonly isRare?: boolean
}

/** A table of at most so many rows, which says how many it leaves out. */
export function renderColumns<R>(columns: ReadonlyArray<Column<R>>, rows: readonly R[], most = Infinity): string {
  const isShown = ({cell, isRare}: Column<R>): boolean => isRare !== true || rows.some((row) => isSomething(cell(row)))
  const shown = columns.filter(isShown)
  const table = renderTable(
    shown.map(({head}) => head),
    rows.slice(0, most).map((row) => shown.map(({cell}) => cell(row))),
  )
  return rows.length > most ? `${table}\nand ${String(rows.length - most)} more; --json has all` : table
}

function isSomething(cell: Cell): boolean {
  return cell !== null && cell !== 0 && cell !== false && cell !== '' && cell !== '-'
}
