import type {SampledKey} from '../reading/sampled-key.js'
import {tokenTraits} from '../recognition/token-text.js'
import type {RecognizedLock} from '../recognition/recognized-lock.js'

/** Keys that look like locks, but whose names have no word for a lock. */
export interface OtherNamesSummary {
  keys: number
  /** globs of the names with the most of these keys, in descending order */
  patterns: Array<{pattern: string; keys: number}>
}

/** Limits the memory for keys that have no common pattern. */
const MOST_PATTERNS = 1000
const PATTERNS_SHOWN = 3

/** Counts keys that look like locks under other names, with a limit on the memory. */
export class OtherNames {
  private keys = 0
  private readonly patterns = new Map<string, number>()

  add(key: string): void {
    this.keys++
    const pattern = patternOf(key)
    const known = this.patterns.get(pattern)
    if (known !== undefined || this.patterns.size < MOST_PATTERNS) this.patterns.set(pattern, (known ?? 0) + 1)
  }

  summary(): OtherNamesSummary {
    const patterns = [...this.patterns]
      .map(([pattern, keys]) => ({pattern, keys}))
      .toSorted((a, b) => b.keys - a.keys || (a.pattern < b.pattern ? -1 : 1))
    return {keys: this.keys, patterns: patterns.slice(0, PATTERNS_SHOWN)}
  }
}

/** Whether a key can look like a lock under another name: it expires soon, as most locks do and most other data does not. */
export function expiresSoon({atMs, expiresAtMs}: SampledKey, maxTtlMs: number): boolean {
  return expiresAtMs >= 0 && expiresAtMs - atMs <= maxTtlMs
}

/** Whether the value is a generated token, not only any short text. */
export function hasGeneratedToken({holders}: RecognizedLock): boolean {
  return holders.some(({text, token}) => tokenTraits(text ?? token).isRandom)
}

/** The key up to its first part with a digit, or up to its last part: `app:account:7:x` is `app:account:*`. */
function patternOf(key: string): string {
  const parts = key.split(/(?<=[:/.|#])/)
  const at = parts.findIndex((part) => /\d/.test(part))
  const named = parts.slice(0, at > 0 ? at : -1).join('')
  return `${named.replace(/[*?[\]\\]/g, String.raw`\$&`)}*`
}
