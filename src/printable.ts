/**
 * Characters that a terminal interprets or hides instead of showing them: control characters (C0, DEL, C1), line and
 * paragraph separators, overrides of the writing direction, zero-width and other invisible characters, and lone
 * surrogates.
 */
const UNSAFE =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\u{e0100}-\u{e01ef}]/gu
const HAS_UNSAFE = new RegExp(UNSAFE.source, 'u')
const ESCAPES: Readonly<Record<string, string>> = {'\n': '\\n', '\r': '\\r', '\t': '\\t'}

/**
 * A name, key or value as one line that is safe to print: `\x1b` for an escape character, `\u202e` for a direction
 * override. Any client that may create a topic, a consumer or a Redis key chooses names.
 */
export function printable(text: string): string {
  return HAS_UNSAFE.test(text) ? text.replace(UNSAFE, escapeOf) : text
}

/** The same for a text of several lines; its line breaks are kept. */
export function printableLines(text: string): string {
  return HAS_UNSAFE.test(text) ? text.replace(UNSAFE, (found) => (found === '\n' ? found : escapeOf(found))) : text
}

/** A JSON text in which each such character is a JSON escape: a parser reads the same value. */
export function printableJson(text: string): string {
  return HAS_UNSAFE.test(text) ? text.replace(UNSAFE, (found) => (found === '\n' ? found : jsonEscapeOf(found))) : text
}

/** A value as one line of NDJSON, with the same escapes. */
export function jsonLine(value: object): string {
  return `${printableJson(JSON.stringify(value))}\n`
}

/** The same with the fields of a second object, given as JSON. It is cheaper than a copy of a large value with these fields. */
export function jsonLineWith(value: object, more: string): string {
  return `${printableJson(`${JSON.stringify(value).slice(0, -1)},${more.slice(1)}`)}\n`
}

/** A value as a JSON document, with the same escapes. */
export function jsonDocument(value: unknown): string {
  return printableJson(JSON.stringify(value, undefined, 2))
}

/** A text that a spreadsheet would evaluate as a formula, with an apostrophe in front. A number is unchanged. */
export function withoutFormula(text: string): string {
  return /^[=+@-]/.test(text) && !/^[+-]?\d+(?:\.\d+)?$/.test(text) ? `'${text}` : text
}

function escapeOf(found: string): string {
  const code = found.codePointAt(0) ?? 0
  const hex = code.toString(16)
  if (code < 0x100) return ESCAPES[found] ?? `\\x${hex.padStart(2, '0')}`
  return code > 0xffff ? `\\u{${hex}}` : `\\u${hex.padStart(4, '0')}`
}

function jsonEscapeOf(found: string): string {
  return Array.from({length: found.length}, (_, at) => `\\u${found.charCodeAt(at).toString(16).padStart(4, '0')}`).join(
    '',
  )
}
