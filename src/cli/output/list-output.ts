import {printable, withoutFormula} from '../../printable.js'

/** Rows as lines with a header; unknown values are empty. */
export function separatedLines<T extends object>(
  rows: readonly T[],
  columns: ReadonlyArray<keyof T & string>,
  separator: ',' | '\t',
): string {
  const lines = rows.map((row) => columns.map((column) => fieldText(row[column], separator)).join(separator))
  return [columns.join(separator), ...lines].join('\n')
}

/** Keeps a rate of 4 messages per hour above 0. NDJSON and JSON have the exact value. */
const DECIMALS = 3

/**
 * A value as a field of a line: empty where it is not a number, text or boolean; control characters are escaped, and it
 * never starts a spreadsheet formula.
 */
export function fieldText(value: unknown, separator: ',' | '\t'): string {
  if (typeof value === 'number') return String(Number(value.toFixed(DECIMALS)))
  if (typeof value === 'boolean') return String(value)
  if (typeof value !== 'string') return ''
  const text = withoutFormula(printable(value))
  return separator === ',' && /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
