import {printable} from '../reading/sampled-key.js'

/** How a client wrapped a text before it stored it. */
export type Wrapping = 'Java-serialized' | 'JSON' | 'PHP-serialized' | 'Ruby-serialized'

export interface TokenText {
  /** the text inside the wrapping */
  readonly text: string
  /** null for a text that is stored without one */
  readonly wrapping: Wrapping | null
}

const QUOTE = 0x22
/** The header of a Java object stream, followed by the tag of a string and the two bytes of its length. */
const JAVA_STRING = Buffer.from([0xac, 0xed, 0x00, 0x05, 0x74])
/** Version 4.8 of Ruby's Marshal format. A string is `"` or `I"` and a length, which is stored plus 5 up to 122. */
const RUBY_MARSHAL = Buffer.from([0x04, 0x08])

/** The text of a value: a JSON string without its quotes, or a serialized string of Java, PHP or Ruby; otherwise the value itself. */
export function tokenText(bytes: Buffer): TokenText {
  return (
    jsonText(bytes) ?? javaText(bytes) ?? phpText(bytes) ?? rubyText(bytes) ?? {text: printable(bytes), wrapping: null}
  )
}

function jsonText(bytes: Buffer): TokenText | null {
  if (bytes[0] !== QUOTE || bytes.at(-1) !== QUOTE) return null
  try {
    const parsed: unknown = JSON.parse(bytes.toString('utf8'))
    return typeof parsed === 'string' ? {text: parsed, wrapping: 'JSON'} : null
  } catch {
    return null // quotes that are part of another text
  }
}

function javaText(bytes: Buffer): TokenText | null {
  const start = JAVA_STRING.length + 2
  if (bytes.length < start || !bytes.subarray(0, JAVA_STRING.length).equals(JAVA_STRING)) return null
  if (bytes.readUInt16BE(JAVA_STRING.length) !== bytes.length - start) return null
  return {text: printable(bytes.subarray(start)), wrapping: 'Java-serialized'}
}

function phpText(bytes: Buffer): TokenText | null {
  if (bytes[0] !== 0x73 && bytes[0] !== 0x69) return null
  const match = /^(?:s:(?<length>\d+):"(?<text>.*)"|i:(?<number>-?\d+));$/s.exec(bytes.toString('utf8'))
  const {length, number, text} = match?.groups ?? {}
  if (number !== undefined) return {text: number, wrapping: 'PHP-serialized'}
  if (text === undefined || Number(length) !== Buffer.byteLength(text)) return null
  return {text, wrapping: 'PHP-serialized'}
}

function rubyText(bytes: Buffer): TokenText | null {
  if (!bytes.subarray(0, 2).equals(RUBY_MARSHAL)) return null
  const at = bytes[2] === 0x49 ? 3 : 2
  const length = (bytes[at + 1] ?? 0) - 5
  if (bytes[at] !== QUOTE || length < 0 || length > 117 || bytes.length < at + 2 + length) return null
  return {text: printable(bytes.subarray(at + 2, at + 2 + length)), wrapping: 'Ruby-serialized'}
}

/** These tokens do not identify a holder, because every holder writes the same one. */
const CONSTANT =
  /^(?:\d{1,3}|true|yes|y|on|ok|locks?|locked|exclusive|shared|held|taken|acquired|busy|running|processing)$/i

/**
 * Whether letters and digits follow each other without order: two neighbors are of different kinds (upper case, lower case,
 * other) in 16 of 25 places of random base64, but in few places of words, names and numbers.
 */
export function looksRandom(text: string): boolean {
  let changes = 0
  for (let at = 1; at < text.length; at++) if (kindOf(text, at) !== kindOf(text, at - 1)) changes++
  return changes >= (text.length - 1) * 0.4
}

function kindOf(text: string, at: number): number {
  const code = text.charCodeAt(at)
  return code >= 97 && code <= 122 ? 0 : code >= 65 && code <= 90 ? 1 : 2
}

const HEX = /^[0-9a-f]{16,}$/i
const BASE64 = /^(?=.*[A-Z])(?=.*[a-z])[\w+/-]{16,}={0,2}$/
const TIME = /^1[4-9]\d{8}(?:\.\d+)?$|^1[4-9]\d{11}$/
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-(?<version>[0-9a-f])[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** What a token shows about its holder. */
export interface TokenTraits {
  /** what kind of text it is, as in `UUID token` */
  readonly kind: string
  readonly isConstant: boolean
  /** whether it is a UUID, or long random text in hex or base64 */
  readonly isRandom: boolean
}

export function tokenTraits(text: string): TokenTraits {
  const version = UUID.exec(text)?.groups?.['version']
  if (version !== undefined) return random(version === '4' ? 'UUID token' : `UUID token of version ${version}`)
  if (HEX.test(text)) return random(`token of ${String(text.length)} hex digits`)
  if (text === '0') return {kind: 'number 0, which usually means free', isConstant: true, isRandom: false}
  if (CONSTANT.test(text)) return {kind: 'constant token', isConstant: true, isRandom: false}
  if (TIME.test(text)) return readable('a time as token')
  if (/^\d+$/.test(text)) return readable('number as token')
  if (text.startsWith('{') && text.endsWith('}')) return readable('JSON object as token')
  if (BASE64.test(text) && looksRandom(text)) return random(`random token of ${String(text.length)} characters`)
  return readable('text as token')
}

function random(kind: string): TokenTraits {
  return {kind, isConstant: false, isRandom: true}
}

function readable(kind: string): TokenTraits {
  return {kind, isConstant: false, isRandom: false}
}
