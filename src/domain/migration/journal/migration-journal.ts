import type {
  Actor,
  ControlRequest,
  Direction,
  JournalEntry,
  JournalLine,
  JournalPhase,
  JournalStore,
} from '../../../clients/journal/journal-store.js'
import {nextEntry, viewLines} from './chain.js'
import {Conflict} from '../../../errors.js'
import {suggestedCommand} from '../../../suggested-command.js'
import {currentDirection, planOf, type StepData} from './history.js'
import type {MigrationPlan} from '../plan/plan.js'

/**
 * The journal of one running migration. It adds entries in order, makes them durable together, and detects entries of other
 * processes. It has one writer; requests of other processes are lines between its entries.
 */
export class MigrationJournal {
  readonly id: string
  readonly plan: MigrationPlan
  private readonly store: JournalStore
  private readonly who: Actor
  private readonly lines: JournalLine[]
  private readonly entries: JournalEntry[]
  private readonly foreignRequests: ControlRequest[]
  /** Added, and not durable yet. */
  private pending: JournalEntry[] = []
  private writing: Promise<void> = Promise.resolve()

  private constructor(store: JournalStore, id: string, plan: MigrationPlan, who: Actor, lines: readonly JournalLine[]) {
    this.store = store
    this.id = id
    this.plan = plan
    this.who = who
    this.lines = [...lines]
    const {entries, requests} = requireIntact(id, lines)
    this.entries = entries
    this.foreignRequests = requests
  }

  /** The journal of a migration that is about to begin; the store has created it already. */
  static begin(store: JournalStore, id: string, plan: MigrationPlan, who: Actor): MigrationJournal {
    return new MigrationJournal(store, id, plan, who, [])
  }

  /** Opens the journal of a migration that has begun. @throws Conflict E_JOURNAL_BROKEN, E_NOT_STARTED. */
  static async open(store: JournalStore, id: string, who: Actor): Promise<MigrationJournal> {
    const lines = await store.read(id)
    const plan = planOf(requireIntact(id, lines).entries)
    if (!plan) {
      throw new Conflict('E_NOT_STARTED', `${id} never started: its process ended before it recorded the plan`, {
        data: {migrationId: id},
        next: [suggestedCommand('migrate', 'apply', 'plan.json')],
      })
    }
    return new MigrationJournal(store, id, plan, who, lines)
  }

  get history(): readonly JournalEntry[] {
    return this.entries
  }

  get requests(): readonly ControlRequest[] {
    return this.foreignRequests
  }

  /** The current direction. */
  get direction(): Direction {
    return currentDirection(this.entries)
  }

  /** Adds an entry; it becomes durable with the next flush(). */
  add(step: string, phase: JournalPhase, data: StepData = {}, direction = this.direction): void {
    const entry = nextEntry(this.entries.at(-1), {
      direction,
      migrationId: this.id,
      at: new Date().toISOString(),
      who: this.who,
      planDigest: this.plan.digest,
      step,
      phase,
      data,
    })
    this.entries.push(entry)
    this.pending.push(entry)
  }

  /** Adds an entry that is durable when the promise resolves. */
  async addDurably(step: string, phase: JournalPhase, data: StepData = {}, direction = this.direction): Promise<void> {
    this.add(step, phase, data, direction)
    await this.flush()
  }

  /**
   * Makes the added entries durable.
   *
   * @throws Conflict E_TAKEN_OVER when another process has written entries since: then this one must change nothing more.
   */
  flush(): Promise<void> {
    this.writing = this.writing.then(() => this.write())
    return this.writing
  }

  /** Reads the lines that other processes have written since. @throws Conflict E_TAKEN_OVER. */
  async refresh(): Promise<void> {
    await this.flush()
    this.readForeignLines(await this.store.read(this.id, this.lines.length))
  }

  private async write(): Promise<void> {
    const batch = this.pending
    if (batch.length === 0) return
    this.pending = []
    const at = await this.store.append(this.id, batch)
    if (at > this.lines.length) {
      const between = await this.store.read(this.id, this.lines.length)
      this.readForeignLines(between.slice(0, at - this.lines.length))
    }
    this.lines.push(...batch)
  }

  private readForeignLines(lines: readonly JournalLine[]): void {
    this.lines.push(...lines)
    this.foreignRequests.push(...lines.filter((line) => line.kind === 'request'))
    // An entry that was sent again after a timeout is there twice if the broker had stored it the first time.
    const knownHashes = new Set(this.entries.map(({hash}) => hash))
    const taker = lines.find((line): line is JournalEntry => line.kind === 'entry' && !knownHashes.has(line.hash))
    if (!taker) return
    const {host, pid, user} = taker.who
    throw new Conflict('E_TAKEN_OVER', `${this.id} was taken over by ${user}@${host} pid ${String(pid)}`, {
      data: {id: this.id, who: taker.who},
      next: [suggestedCommand('migrate', 'status', this.id)],
    })
  }
}

function requireIntact(
  id: string,
  lines: readonly JournalLine[],
): {entries: JournalEntry[]; requests: ControlRequest[]} {
  const {broken, entries, requests} = viewLines(lines)
  if (broken === null) return {entries, requests}
  throw new Conflict(
    'E_JOURNAL_BROKEN',
    `the journal of ${id} was altered or damaged: the hash chain breaks at line ${String(broken)}`,
    {
      data: {migrationId: id, line: broken},
      next: [suggestedCommand('migrate', 'journal', 'verify', id)],
    },
  )
}
