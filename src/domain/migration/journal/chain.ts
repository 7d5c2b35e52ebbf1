import type {ControlRequest, JournalEntry, JournalLine} from '../../../clients/journal/journal-store.js'
import {canonicalJson, sha256} from '../../../digest.js'

const NO_HASH = '0'.repeat(64)

/** Creates the entry that follows `previous`. */
export function nextEntry(
  previous: JournalEntry | undefined,
  record: Omit<JournalEntry, 'hash' | 'kind' | 'previousHash' | 'sequence'>,
): JournalEntry {
  const sequence = previous ? previous.sequence + 1 : 0
  return sealed({...record, kind: 'entry', sequence, previousHash: previous?.hash ?? NO_HASH})
}

export function newRequest(request: Omit<ControlRequest, 'hash' | 'kind'>): ControlRequest {
  return sealed({...request, kind: 'request'})
}

interface JournalView {
  readonly entries: JournalEntry[]
  readonly requests: ControlRequest[]
  /** numbers of the lines that a process wrote after another one had taken the migration over; they do not count */
  readonly voided: number[]
  /** the number of the first line that was altered or that follows a missing line; null when there is none */
  readonly broken: number | null
}

/**
 * Follows the chain. When two processes write at the same time, the first of two lines that follow the same entry counts.
 * The other one, and all lines that only follow it, are void.
 */
export function viewLines(lines: readonly JournalLine[]): JournalView {
  const entries: JournalEntry[] = []
  const requests: ControlRequest[] = []
  const voided: number[] = []
  const forks = new Set<string>()
  for (const [at, line] of lines.entries()) {
    if (!isIntact(line)) return {entries, requests, voided, broken: at}
    if (line.kind === 'request') requests.push(line)
    else if (follows(entries.at(-1), line)) entries.push(line)
    else if (line.sequence < entries.length || forks.has(line.previousHash)) {
      voided.push(at)
      forks.add(line.hash)
    } else return {entries, requests, voided, broken: at}
  }
  return {entries, requests, voided, broken: null}
}

export function follows(last: JournalEntry | undefined, {previousHash, sequence}: JournalEntry): boolean {
  return sequence === (last ? last.sequence + 1 : 0) && previousHash === (last?.hash ?? NO_HASH)
}

export function isIntact({hash, ...body}: JournalLine): boolean {
  return hash === sha256(canonicalJson(body))
}

function sealed<T extends object>(body: T): T & {hash: string} {
  return {...body, hash: sha256(canonicalJson(body))}
}
