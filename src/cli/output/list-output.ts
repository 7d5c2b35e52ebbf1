import {Flags} from '@oclif/core'

import {printable, withoutFormula} from '../../printable.js'

/** Forms in which a list can be given. */
export const LIST_OUTPUTS = ['table', 'wide', 'csv', 'tsv', 'ndjson', 'json'] as const
export type ListOutput = (typeof LIST_OUTPUTS)[number]

export const listOutputFlag = {
  output: Flags.option({
    default: 'table',
    description: 'wide has more columns; csv, tsv and ndjson give a line for each row',
    options: LIST_OUTPUTS,
  })(),
}

/** Whether `--output json` stands on the command line: it is the same as --json. */
export function asksForJson(argv: readonly string[]): boolean {
  return /(?:^| )--output[ =]json(?: |$)/.test(argv.join(' '))
}

/** Rows as lines, with a head; what is not known is empty. */
export function separatedLines<T extends object>(
  rows: readonly T[],
  columns: ReadonlyArray<keyof T & string>,
  separator: ',' | '\t',
): string {
  const lines = rows.map((row) => columns.map((column) => fieldText(row[column], separator)).join(separator))
  return [columns.join(separator), ...lines].join('\n')
}

/**
 * A value as a field of a line: empty where it is not a number, text or boolean, control characters escaped, and never a formula
 * for a spreadsheet.
 */
export function fieldText(value: unknown, separator: ',' | '\t'): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value !== 'string') return ''
  const text = withoutFormula(printable(value))
  return separator === ',' && /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
