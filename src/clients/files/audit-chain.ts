import {sha256} from '../../digest.js'

/** One decision. The command that records it chooses the further fields. */
export type AuditFacts = Readonly<Record<string, unknown>>

interface AuditLine {
  readonly sequence: number
  readonly at: string
  readonly facts: AuditFacts
  /** hash of the line before; 64 zeros for the first line */
  readonly previousHash: string
  /** SHA-256 over all fields above, as they are in the line */
  readonly hash: string
}

interface CutOffLine {
  /** its number in the file, from 1 */
  readonly line: number
  readonly bytes: number
  readonly sha256: string
}

const NONE = '0'.repeat(64)
/** The event of a line that records one that was cut off before it. */
export const CUT_OFF = 'cut-off-line'
/** Two processes append at the same time, so a line that lost the race continues one of the last few lines. */
const RECENT = 1000

/**
 * Follows the lines of an audit log and checks that each continues the one before. Two kinds of lines do not count: one that
 * another process overtook, which its writer has written again, and one that was cut off, which the next line that counts records.
 */
export class AuditChain {
  /** lines that count */
  lines = 0
  /** lines that another process overtook */
  overtaken = 0
  firstAt: string | null = null
  lastAt: string | null = null
  private tip = NONE
  private readonly recent = new Set<string>()
  /** lines that are not valid JSON, and are not recorded yet */
  private cutOff: CutOffLine[] = []
  private read = 0

  get lastHash(): string | null {
    return this.lines === 0 ? null : this.tip
  }

  /** @returns the number of the first line that was altered or does not continue the chain; null if all are right. */
  take(text: string): number | null {
    this.read++
    if (text === '') return null
    const line = parse(text)
    if (line === null) {
      this.cutOff.push({line: this.read, bytes: Buffer.byteLength(text), sha256: sha256(text)})
      return null
    }
    if (line.hash !== bodyHashOf(line)) return this.read
    if (line.previousHash !== this.tip || line.sequence !== this.lines) {
      if (!this.recent.has(line.previousHash)) return this.read
      this.overtaken++
      return null
    }
    const [first] = this.cutOff
    if (first && (line.facts['event'] !== CUT_OFF || line.facts['sha256'] !== first.sha256)) return first.line
    this.cutOff = this.cutOff.slice(1)
    this.accept(line)
    return null
  }

  /** The first line that was cut off and has to be recorded; null if every such line is recorded. */
  get unrecorded(): CutOffLine | null {
    return this.cutOff[0] ?? null
  }

  /** The next line, as text and its hash. */
  next(facts: AuditFacts): {readonly text: string; readonly hash: string} {
    const body = {sequence: this.lines, at: new Date().toISOString(), facts, previousHash: this.tip}
    const hash = sha256(JSON.stringify(body))
    return {text: `${JSON.stringify({...body, hash})}\n`, hash}
  }

  /** Whether a line, by its hash, is one of the last that count. */
  has(hash: string): boolean {
    return this.recent.has(hash)
  }

  private accept({at, hash}: AuditLine): void {
    this.recent.add(this.tip).add(hash)
    for (const old of this.recent) {
      if (this.recent.size <= RECENT) break
      this.recent.delete(old)
    }
    this.tip = hash
    this.firstAt ??= at
    this.lastAt = at
    this.lines++
  }
}

function parse(text: string): AuditLine | null {
  try {
    const line = JSON.parse(text) as AuditLine | null
    return typeof line === 'object' && line !== null && typeof line.facts === 'object' ? line : null
  } catch {
    return null
  }
}

function bodyHashOf({at, facts, previousHash, sequence}: AuditLine): string {
  return sha256(JSON.stringify({sequence, at, facts, previousHash}))
}
