import type {ControlRequest, ControlVerb, JournalEntry, LegName} from '../../../clients/journal/journal-store.js'
import {
  closedAs,
  type CloseState,
  currentLeg,
  find,
  holdOf,
  isOpen,
  isPostponed,
  isUndoing,
  openRequests,
  planOf,
  waitOf,
} from './history.js'

/**
 * `running`, `postponed` and `going-back` are open: their process may live or be gone, which `lastHeartbeat` lets judge.
 */
export type MigrationState = CloseState | 'going-back' | 'postponed' | 'running'

export interface MigrationStatus {
  id: string
  topic: string | null
  subscription: string | null
  newSubscription: string | null
  from: string | null
  to: string | null
  strategy: string | null
  state: MigrationState
  /** the last step begun */
  step: string | null
  waitingFor: string | null
  /** whether the cut-over is all that is waited for */
  readyToCutOver: boolean
  /** how long delivery was held: so far while it is; null before the pause */
  gapMs: number | null
  runBy: string | null
  startedAt: string | null
  lastHeartbeat: string | null
  /** whether a fleet is still kept out by the fence or the door: `finish` lifts it */
  isFenced: boolean
  /** what was asked of it and not answered yet */
  requests: Array<{id: string; verb: ControlVerb; by: string; at: string}>
}

export interface MigrationList {
  /** where the journal is */
  journal: string
  migrations: MigrationStatus[]
}

/** What the owner showed of itself last; null when it was not asked, or there is none. */
export interface SignOfLife {
  readonly at: string
  readonly step: string | null
  readonly waitingFor: string | null
}

/** What a journal says about its migration; `now` is only used for the gap of one that runs. */
export function foldStatus(
  id: string,
  entries: readonly JournalEntry[],
  requests: readonly ControlRequest[],
  life: SignOfLife | null,
  now: Date,
): MigrationStatus {
  const plan = planOf(entries)
  const last = entries.at(-1)
  const state = stateOf(entries)
  const isOver = closedAs(entries) !== null
  const current = entries.findLast(({step}) => step !== 'run')
  return {
    id,
    topic: plan?.topic ?? null,
    subscription: plan?.subscription ?? null,
    newSubscription: plan?.newSubscription ?? null,
    from: plan?.from ?? null,
    to: plan?.to ?? null,
    strategy: plan?.strategy ?? null,
    state,
    step: current?.step ?? null,
    waitingFor: isOver ? null : (life?.waitingFor ?? lastWaitingFor(current)),
    readyToCutOver: state === 'postponed' && life?.step === waitOf(entries),
    gapMs: gapOf(entries, isOver ? null : now),
    runBy: last ? `${last.who.user}@${last.who.host} pid ${String(last.who.pid)}` : null,
    startedAt: entries[0]?.at ?? null,
    lastHeartbeat: laterOf(last?.at, life?.at),
    isFenced: hasBarrier(entries),
    requests: isOver
      ? []
      : openRequests(entries, requests).map(({at, requestId, verb, who}) => ({
          id: requestId,
          verb,
          by: `${who.user}@${who.host}`,
          at,
        })),
  }
}

/** From the pause until every partition delivers again; what a consumer feels is a little less. */
export function gapOf(entries: readonly JournalEntry[], now: Date | null): number | null {
  // Where the way there had brought delivery back, the way back has a gap of its own.
  const leg: LegName =
    currentLeg(entries) === 'back' && flowsSince(entries, 'forward') !== undefined ? 'back' : 'forward'
  // The first: a resumed run may have set the pause again.
  const heldAt = (first(entries, leg, 'applied') ?? first(entries, leg, 'intent'))?.at
  if (heldAt === undefined) return null
  const until =
    flowsSince(entries, leg) ??
    flowsSince(entries, 'back') ??
    timeOf(find(entries, leg, holdOf(entries), 'undone')) ??
    now?.getTime()
  return until === undefined ? null : Math.max(0, until - Date.parse(heldAt))
}

function stateOf(entries: readonly JournalEntry[]): MigrationState {
  const closed = closedAs(entries)
  if (closed !== null) return closed
  if (currentLeg(entries) === 'back' || isUndoing(entries)) return 'going-back'
  return isPostponed(entries) && !isOpen(entries, 'forward', waitOf(entries)) ? 'postponed' : 'running'
}

/** Whether the policy that keeps the other fleet out still stands. */
function hasBarrier(entries: readonly JournalEntry[]): boolean {
  if (closedAs(entries) === 'finished') return false
  if (planOf(entries)?.strategy === 'blue-green') return isOpen(entries, 'forward', 'door')
  return isOpen(entries, 'forward', 'fence') && find(entries, 'back', 'restore', 'verified') === undefined
}

function first(entries: readonly JournalEntry[], leg: LegName, phase: JournalEntry['phase']): JournalEntry | undefined {
  const step = holdOf(entries)
  return entries.find((entry) => entry.leg === leg && entry.step === step && entry.phase === phase)
}

function flowsSince(entries: readonly JournalEntry[], leg: LegName): number | undefined {
  const text = find(entries, leg, 'attach', 'verified')?.data['flowsSince']
  return typeof text === 'string' ? Date.parse(text) : undefined
}

function timeOf(entry: JournalEntry | undefined): number | undefined {
  return entry && Date.parse(entry.at)
}

function lastWaitingFor(entry: JournalEntry | undefined): string | null {
  return entry?.phase === 'waiting' ? String(entry.data['waitingFor']) : null
}

function laterOf(a: string | undefined, b: string | undefined): string | null {
  return (
    [a, b]
      .filter((text) => text !== undefined)
      .toSorted()
      .at(-1) ?? null
  )
}
