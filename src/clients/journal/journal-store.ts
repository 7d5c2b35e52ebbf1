/**
 * `captured` and `intent` are durable before the call that changes anything; `applied` and `verified` follow it. `taken`
 * answers a control request, `hook` records the output of a hook, `waiting` what a step waits for; `undone` and `closed`
 * end a step and a run.
 */
export type JournalPhase =
  'applied' | 'captured' | 'closed' | 'hook' | 'intent' | 'taken' | 'undone' | 'verified' | 'waiting'

/** Whether a migration goes to the new type or is rolled back. */
export type Direction = 'rollback' | 'forward'

export interface Actor {
  readonly user: string
  readonly host: string
  readonly pid: number
}

/** One record of the runner. It never contains a password or a token. */
export interface JournalRecord {
  readonly direction: Direction
  readonly step: string
  readonly phase: JournalPhase
  readonly data: Readonly<Record<string, unknown>>
}

/** One entry of the hash chain that the claim's owner writes. */
export interface JournalEntry extends JournalRecord {
  readonly kind: 'entry'
  /** starts at 0, without a gap */
  readonly sequence: number
  readonly migrationId: string
  readonly at: string
  readonly who: Actor
  readonly planDigest: string
  /** hash of the entry before; 64 zeros for the first */
  readonly previousHash: string
  readonly hash: string
}

export type ControlVerb = 'abort' | 'cancel' | 'cutover' | 'postpone' | 'rollback'

/**
 * An operator's request to a migration that another process runs. It is not part of the hash chain, so any machine can
 * add one.
 */
export interface ControlRequest {
  readonly kind: 'request'
  readonly requestId: string
  readonly migrationId: string
  readonly verb: ControlVerb
  /** the request that a `cancel` cancels; null for the other verbs */
  readonly cancels: string | null
  readonly at: string
  readonly who: Actor
  readonly hash: string
}

export type JournalLine = ControlRequest | JournalEntry

/** What one claim covers. Topic policies apply to a whole topic, so a topic has one migration at a time. */
export interface Subject {
  readonly cluster: string
  /** full name of the partitioned or plain topic */
  readonly topic: string
}

/** Which process changes a topic's subscription, and since when. */
export interface Claim {
  readonly subject: Subject
  readonly subscription: string
  readonly migrationId: string
  readonly who: Actor
  readonly since: string
}

/** The last heartbeat of the process that runs a migration. */
export interface Heartbeat {
  readonly at: string
  readonly who: Actor
  readonly step: string | null
  readonly waitingFor: string | null
}

/**
 * Where the migration journal is stored. In every store a line is durable once append() has returned, all readers see the
 * lines in the same order, and one subject has at most one claim.
 */
export interface JournalStore {
  /** The location in output, for "the journal is at …". */
  readonly place: string
  /** Creates the empty log of a new migration. */
  create(migrationId: string, subject: Subject): Promise<void>
  /**
   * @returns the number of lines before the first of these; more than the writer knew means that another process wrote.
   */
  append(migrationId: string, lines: readonly JournalLine[]): Promise<number>
  /** The lines from number `from` on; 0 is the first. @throws Unreachable E_MIGRATION_NOT_FOUND. */
  read(migrationId: string, from?: number): Promise<JournalLine[]>
  /** Removes the log of a migration that never started. */
  remove(migrationId: string): Promise<void>
  /** The ids of all migrations, the newest last. */
  list(): Promise<string[]>
  /** Takes the claim of a subject unless it is taken. @returns the claim that is in effect. */
  claim(claim: Claim): Promise<Claim>
  /** The claim of a subject; null when it is free. */
  holder(subject: Subject): Promise<{claim: Claim; heartbeat: Heartbeat | null} | null>
  writeHeartbeat(claim: Claim, heartbeat: Heartbeat): Promise<void>
  /** Releases a claim; a claim of another migration is left unchanged. */
  release(claim: Claim): Promise<void>
}
