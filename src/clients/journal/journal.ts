import {createHash} from 'node:crypto'

/**
 * `captured` and `intent` are durable before the call that changes anything; `applied` and `verified` follow it.
 * `waiting` says what a poll waits for, for those who watch; `undone` and `closed` end a step and a run.
 */
export type JournalPhase = 'applied' | 'captured' | 'closed' | 'intent' | 'undone' | 'verified' | 'waiting'

export interface Actor {
  readonly user: string
  readonly host: string
  readonly pid: number
}

/** What the runner writes; never a password or a token. */
export interface JournalRecord {
  readonly step: string
  readonly phase: JournalPhase
  readonly data: Readonly<Record<string, unknown>>
}

export interface JournalEntry extends JournalRecord {
  /** from 0, without a gap */
  readonly sequence: number
  readonly migrationId: string
  readonly at: string
  readonly who: Actor
  readonly planDigest: string
  /** of the entry before; 64 zeros for the first */
  readonly previousHash: string
  readonly hash: string
}

/** Who works on a subscription, and since when. */
export interface Claim {
  readonly migrationId: string
  readonly who: Actor
  readonly since: string
}

/**
 * Where migrations are written down. Whatever keeps it, an entry that append() returned is durable, entries are chained
 * by hash, and one subject (a subscription of a topic) has at most one claim.
 */
export interface JournalStore {
  /** A place to show, for "the journal is at …". */
  readonly place: string
  /**
   * Takes the claim, or takes it again for the same migration when its process is gone.
   *
   * @param isTakeOver take it from a process of the same migration that can't be seen from here.
   * @throws Conflict E_CLAIMED, with who holds it and since when.
   */
  claim(subject: string, claim: Claim, isTakeOver: boolean): Promise<void>
  release(subject: string, migrationId: string): Promise<void>
  append(migrationId: string, entry: JournalEntry): Promise<void>
  /** In order; @throws Unreachable E_MIGRATION_NOT_FOUND, Conflict E_JOURNAL_BROKEN when the chain does not hold. */
  read(migrationId: string): Promise<JournalEntry[]>
  /** The ids of all migrations, the newest last. */
  list(): Promise<string[]>
}

const NO_HASH = '0'.repeat(64)

/** Makes the entry that follows `previous`. */
export function nextEntry(
  previous: JournalEntry | undefined,
  record: JournalRecord & Pick<JournalEntry, 'at' | 'migrationId' | 'planDigest' | 'who'>,
): JournalEntry {
  const body = {...record, sequence: previous ? previous.sequence + 1 : 0, previousHash: previous?.hash ?? NO_HASH}
  return {...body, hash: hashOf(body)}
}

/** The number of the first entry whose hash, number or predecessor is wrong; null when the chain holds. */
export function firstBroken(entries: readonly JournalEntry[]): number | null {
  const broken = entries.findIndex(({hash, ...body}, at) => {
    const expectedPrevious = entries[at - 1]?.hash ?? NO_HASH
    return body.sequence !== at || body.previousHash !== expectedPrevious || hash !== hashOf(body)
  })
  return broken === -1 ? null : broken
}

function hashOf(body: Omit<JournalEntry, 'hash'>): string {
  return sha256(canonicalJson(body))
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** JSON with sorted keys, so that a value has one hash however it was written. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}
