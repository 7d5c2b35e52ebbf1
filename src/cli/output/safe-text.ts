import {printable, printableLines} from '../../printable.js'

/** The color sequences of the palette. */
const COLORS = /(\u001b\[(?:[124]|2[24]|3[0-39]|4[1-69])m)/

/** A text for a stream: with the palette's colors or without them, and with all other control characters but newlines escaped. */
export function safeText(text: string, isColored: boolean): string {
  return apartFromColors(text, printableLines, isColored)
}

/** The same for a text that stays on one line. */
export function safeLine(text: string): string {
  return apartFromColors(text, printable, true)
}

function apartFromColors(text: string, escape: (part: string) => string, isColored: boolean): string {
  if (!text.includes('\u001b')) return escape(text)
  return text
    .split(COLORS)
    .map((part, at) => (at % 2 === 0 ? escape(part) : isColored ? part : ''))
    .join('')
}

/**
 * A report with every text in it, and every name of a field, safe to print on one line. What is safe already, which is
 * nearly always all of it, is not copied.
 */
export function printableReport<R>(report: R): R {
  return safeValue(report) as R
}

function safeValue(value: unknown): unknown {
  if (typeof value === 'string') return printable(value)
  if (Array.isArray(value)) return safeList(value)
  if (typeof value !== 'object' || value === null) return value
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null ? safeObject(value) : value
}

function safeList(list: readonly unknown[]): readonly unknown[] {
  const at = list.findIndex((one) => safeValue(one) !== one)
  return at < 0 ? list : list.map(safeValue)
}

function safeObject(object: object): object {
  const entries = Object.entries(object)
  const isSafe = entries.every(([name, value]) => printable(name) === name && safeValue(value) === value)
  return isSafe ? object : Object.fromEntries(entries.map(([name, value]) => [printable(name), safeValue(value)]))
}
