/** The types of key in which locks are stored. */
export const LOCK_TYPES = ['hash', 'list', 'set', 'string', 'zset'] as const
export type LockType = (typeof LOCK_TYPES)[number]

/** What one look at a key shows. Bytes are kept: tokens need not be text. */
export interface SampledKey {
  readonly key: Buffer
  /** the key as printable() writes it */
  readonly name: string
  /** as TYPE says it; other types than those of locks too */
  readonly type: string
  /** when it expires, epoch ms of the server; −1 for a key that never does */
  readonly expiresAtMs: number
  /** as OBJECT IDLETIME says it; null under an LFU policy, and for a number, whose object other keys may share */
  readonly idleSeconds: number | null
  /**
   * A string's value alone; of a hash field and value, of a zset member and score, of a list or set its elements, each with
   * null. No more than what was read of a long one.
   */
  readonly entries: ReadonlyArray<readonly [token: Buffer, entry: Buffer | null]>
  /** the server's clock at the look, epoch ms */
  readonly atMs: number
}

/** Text where the bytes are UTF-8, else base64 that says so. */
export function printable(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  return text.includes('\ufffd') && !Buffer.from(text, 'utf8').equals(bytes)
    ? `base64:${bytes.toString('base64')}`
    : text
}

/** What printable() was given. */
export function bytesOf(text: string): Buffer {
  return text.startsWith('base64:') ? Buffer.from(text.slice('base64:'.length), 'base64') : Buffer.from(text)
}
