import {Flags} from '@oclif/core'

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

/** What is no number, text or truth is empty, as what is not known. */
export function fieldText(value: unknown, separator: ',' | '\t'): string {
  if (!['boolean', 'number', 'string'].includes(typeof value)) return ''
  const text = String(value)
  // A tab can't be quoted: programs that read such lines cut at each.
  if (separator === '\t') return text.replaceAll(/[\t\r\n]/g, ' ')
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
