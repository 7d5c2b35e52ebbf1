import type {JournalEntry} from '../../clients/journal/journal.js'
import type {CloseState} from './ledger.js'
import {planOf} from './ledger.js'

/** `running`: not closed; its process may live or be gone, which `lastHeartbeat` lets judge. */
export type MigrationState = CloseState | 'running'

export interface MigrationStatus {
  id: string
  topic: string | null
  subscription: string | null
  from: string | null
  to: string | null
  strategy: string | null
  state: MigrationState
  /** the last step begun */
  step: string | null
  waitingFor: string | null
  readyToCutOver: boolean
  /** how long delivery was held: so far while it runs; null before the pause */
  gapMs: number | null
  runBy: string | null
  startedAt: string | null
  /** of the last journal entry */
  lastHeartbeat: string | null
  /** whether the fence still stands: `finish` lifts it */
  isFenced: boolean
}

export interface MigrationList {
  /** where the journal is */
  journal: string
  migrations: MigrationStatus[]
}

/** What a journal says about its migration; `now` is only used for the gap of one that runs. */
export function foldStatus(id: string, entries: readonly JournalEntry[], now: Date): MigrationStatus {
  const plan = planOf(entries)
  const last = entries.at(-1)
  const state = stateOf(entries)
  const current = entries.findLast(({step}) => step !== 'run')
  return {
    id,
    topic: plan?.topic ?? null,
    subscription: plan?.subscription ?? null,
    from: plan?.from ?? null,
    to: plan?.to ?? null,
    strategy: plan?.strategy ?? null,
    state,
    step: current?.step ?? null,
    waitingFor: state === 'running' && current?.phase === 'waiting' ? String(current.data['waitingFor']) : null,
    readyToCutOver: state === 'running' && has(entries, 'drain', 'verified') && !has(entries, 'evict', 'intent'),
    gapMs: gapOf(entries, state === 'running' ? now : null),
    runBy: last ? `${last.who.user}@${last.who.host} pid ${String(last.who.pid)}` : null,
    startedAt: entries[0]?.at ?? null,
    lastHeartbeat: last?.at ?? null,
    isFenced: has(entries, 'fence', 'applied') && !has(entries, 'fence', 'undone'),
  }
}

/** From the pause until every partition delivers again; what a consumer feels is a little less. */
export function gapOf(entries: readonly JournalEntry[], now: Date | null): number | null {
  // The first: a resumed run may have set the pause again.
  const heldAt = entries.find(({phase, step}) => step === 'pause' && phase === 'applied')?.at
  const resumed = find(entries, 'resume', 'verified')?.data['flowsSince']
  const until = typeof resumed === 'string' ? Date.parse(resumed) : (at(entries, 'pause', 'undone') ?? now?.getTime())
  return heldAt === undefined || until === undefined ? null : until - Date.parse(heldAt)
}

function stateOf(entries: readonly JournalEntry[]): MigrationState {
  const closed = entries.findLast(({phase}) => phase === 'closed')
  return (closed?.data['state'] as CloseState | undefined) ?? 'running'
}

type Phase = JournalEntry['phase']

function has(entries: readonly JournalEntry[], step: string, phase: Phase): boolean {
  return find(entries, step, phase) !== undefined
}

function at(entries: readonly JournalEntry[], step: string, phase: Phase): number | undefined {
  const entry = find(entries, step, phase)
  return entry && Date.parse(entry.at)
}

function find(entries: readonly JournalEntry[], step: string, phase: Phase): JournalEntry | undefined {
  return entries.findLast((row) => row.step === step && row.phase === phase)
}
