import type {EXIT_CODES} from '../exit-codes.js'
import {type Column, renderTable} from './table.js'

type ExitCodeRow = (typeof EXIT_CODES)[number]

const COLUMNS: ReadonlyArray<Column<ExitCodeRow>> = [
  {head: 'code', cell: ({code}) => code},
  {head: 'name', cell: ({name}) => name},
  {head: 'meaning', cell: ({meaning}) => meaning, fit: 'wrap'},
]

export function renderExitCodes(rows: readonly ExitCodeRow[]): string {
  return renderTable(COLUMNS, rows)
}
