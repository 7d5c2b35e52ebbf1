/**
 * `captured` and `intent` are durable before the call that changes anything; `applied` and `verified` follow it.
 * `taken` answers a control request, `hook` keeps what a hook said, `waiting` what a poll waits for; `undone` and
 * `closed` end a step and a run.
 */
export type JournalPhase =
  'applied' | 'captured' | 'closed' | 'hook' | 'intent' | 'taken' | 'undone' | 'verified' | 'waiting'

/** Which way a migration goes: to the new type, or back to the old one. */
export type Direction = 'rollback' | 'forward'

export interface Actor {
  readonly user: string
  readonly host: string
  readonly pid: number
}

/** What the runner writes; never a password or a token. */
export interface JournalRecord {
  readonly direction: Direction
  readonly step: string
  readonly phase: JournalPhase
  readonly data: Readonly<Record<string, unknown>>
}

/** One link of the chain that the owner of a migration writes. */
export interface JournalEntry extends JournalRecord {
  readonly kind: 'entry'
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

export type ControlVerb = 'abort' | 'cancel' | 'cutover' | 'postpone' | 'rollback'

/** What somebody asks of a migration that another process runs. It stands beside the chain: anybody may add one. */
export interface ControlRequest {
  readonly kind: 'request'
  readonly requestId: string
  readonly migrationId: string
  readonly verb: ControlVerb
  /** the request that a `cancel` takes back; null for the other verbs */
  readonly cancels: string | null
  readonly at: string
  readonly who: Actor
  readonly hash: string
}

export type JournalLine = ControlRequest | JournalEntry

/** What one claim covers: policies are for a whole topic, so one topic has one migration at a time. */
export interface Subject {
  readonly cluster: string
  /** full name of the partitioned or plain topic */
  readonly topic: string
}

/** Who works on a topic, and since when. */
export interface Claim {
  readonly subject: Subject
  readonly subscription: string
  readonly migrationId: string
  readonly who: Actor
  readonly since: string
}

/** The last sign of life of the process that runs a migration. */
export interface Heartbeat {
  readonly at: string
  readonly who: Actor
  readonly step: string | null
  readonly waitingFor: string | null
}

/**
 * Where migrations are written down. Whatever keeps it, a line that append() returned is durable, all readers see the
 * lines in one order, and one subject has at most one claim.
 */
export interface JournalStore {
  /** A place to show, for "the journal is at …". */
  readonly place: string
  /** Makes the empty log of a new migration. */
  create(migrationId: string, subject: Subject): Promise<void>
  /** @returns how many lines lie before the first of these: more than the writer knew means that others wrote. */
  append(migrationId: string, lines: readonly JournalLine[]): Promise<number>
  /** The lines from number `from` (0 is the first) on. @throws Unreachable E_MIGRATION_NOT_FOUND. */
  read(migrationId: string, from?: number): Promise<JournalLine[]>
  /** Removes the log of a migration that never began. */
  remove(migrationId: string): Promise<void>
  /** The ids of all migrations, the newest last. */
  list(): Promise<string[]>
  /** Takes the claim of a subject, or leaves it to who has it. @returns who has it now. */
  claim(claim: Claim): Promise<Claim>
  /** Who holds a subject's claim; null when nobody does. */
  holder(subject: Subject): Promise<{claim: Claim; heartbeat: Heartbeat | null} | null>
  writeHeartbeat(claim: Claim, heartbeat: Heartbeat): Promise<void>
  /** Gives a claim back; one that another migration holds is left alone. */
  release(claim: Claim): Promise<void>
}
