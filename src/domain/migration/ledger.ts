import {
  type Actor,
  type JournalEntry,
  type JournalPhase,
  type JournalStore,
  nextEntry,
} from '../../clients/journal/journal.js'
import {Conflict} from '../../errors.js'
import type {MigrationPlan, StepId} from './plan.js'
import type {Captured} from './step.js'

/** How a run ended: `done`, or `rolled-back` to delivery as it was. */
export type CloseState = 'done' | 'finished' | 'rolled-back'

/** One migration's journal while it runs: appends in order, and answers from what is written. */
export class MigrationLedger {
  readonly id: string
  readonly plan: MigrationPlan
  private readonly store: JournalStore
  private readonly who: Actor
  private readonly entries: JournalEntry[]

  constructor(store: JournalStore, id: string, plan: MigrationPlan, who: Actor, entries: readonly JournalEntry[] = []) {
    this.store = store
    this.id = id
    this.plan = plan
    this.who = who
    this.entries = [...entries]
  }

  /** Opens the journal of a migration that has begun. @throws Conflict E_JOURNAL_BROKEN when it holds no plan. */
  static async open(store: JournalStore, id: string, who: Actor): Promise<MigrationLedger> {
    const entries = await store.read(id)
    const plan = planOf(entries)
    if (!plan)
      throw new Conflict('E_JOURNAL_BROKEN', `the journal of ${id} does not begin with a plan`, {
        data: {migrationId: id},
      })
    return new MigrationLedger(store, id, plan, who, entries)
  }

  get history(): readonly JournalEntry[] {
    return this.entries
  }

  /** Durable when it returns. */
  async append(step: string, phase: JournalPhase, data: Captured = {}): Promise<JournalEntry> {
    const entry = nextEntry(this.entries.at(-1), {
      migrationId: this.id,
      at: new Date().toISOString(),
      who: this.who,
      planDigest: this.plan.digest,
      step,
      phase,
      data,
    })
    await this.store.append(this.id, entry)
    this.entries.push(entry)
    return entry
  }

  /** The last entry of a step in a phase. */
  find(step: string, phase: JournalPhase): JournalEntry | undefined {
    return this.entries.findLast((entry) => entry.step === step && entry.phase === phase)
  }

  captured(step: StepId): Captured {
    const entry = this.find(step, 'captured')
    if (!entry) throw new Conflict('E_JOURNAL_BROKEN', `the journal of ${this.id} lacks what ${step} captured`)
    return {...entry.data}
  }

  /** Whether a step was begun, by this process or by one that is gone. */
  get hasSteps(): boolean {
    return this.entries.some(({step}) => step !== 'run')
  }

  /** Whether the run had turned back; it must not go forward again. */
  get isGoingBack(): boolean {
    return this.find('run', 'undone') !== undefined
  }

  /** Whether the step may have changed something that is not undone yet. */
  isOpen(step: StepId): boolean {
    return this.find(step, 'intent') !== undefined && this.find(step, 'undone') === undefined
  }
}

/** The plan that the first entry of every journal holds. */
export function planOf(entries: readonly JournalEntry[]): MigrationPlan | null {
  return (entries[0]?.data['plan'] as MigrationPlan | undefined) ?? null
}
