/** The Redis types in which locks are stored. */
export const LOCK_TYPES = ['hash', 'list', 'set', 'string', 'zset'] as const
export type LockType = (typeof LOCK_TYPES)[number]

/** One sample of a key. Keys and tokens are bytes, because they need not be text. */
export interface SampledKey {
  readonly key: Buffer
  /** the key as printable() writes it */
  readonly name: string
  /** as reported by TYPE; may be a type in which no lock is stored */
  readonly type: string
  /** epoch ms of the server; −1 for a key that never expires */
  readonly expiresAtMs: number
  /** as reported by OBJECT IDLETIME; null under an LFU policy, and for a number, because keys share its object */
  readonly idleSeconds: number | null
  /**
   * The value of a string, the fields and values of a hash, the members and scores of a zset, or the elements of a list or
   * set. The second part is null where the type has only one. A long value is cut off.
   */
  readonly entries: ReadonlyArray<readonly [token: Buffer, entry: Buffer | null]>
  /** the server's clock when the key was read, epoch ms */
  readonly atMs: number
}

const BASE64 = 'base64:'

/** The text when the bytes are UTF-8; otherwise base64 with the prefix `base64:`, as for a text that begins with this prefix. */
export function printable(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  const isText = !text.includes('\ufffd') || Buffer.from(text, 'utf8').equals(bytes)
  return isText && !text.startsWith(BASE64) ? text : BASE64 + bytes.toString('base64')
}

/** Whether printable() returned the text itself. */
export function isPrintedAsText(printed: string): boolean {
  return !printed.startsWith(BASE64)
}

/** The inverse of printable(). A text after the prefix that is not base64 is part of the key. */
export function bytesOf(text: string): Buffer {
  const encoded = text.startsWith(BASE64) ? text.slice(BASE64.length) : null
  const bytes = encoded === null ? null : Buffer.from(encoded, 'base64')
  return bytes !== null && bytes.toString('base64') === encoded ? bytes : Buffer.from(text)
}
