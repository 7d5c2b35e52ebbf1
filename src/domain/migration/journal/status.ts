import type {ControlRequest, ControlVerb, Direction, JournalEntry} from '../../../clients/journal/journal-store.js'
import {
  closedAs,
  type CloseState,
  currentDirection,
  find,
  isOpen,
  isPostponed,
  isRollingBackBeforeSwitch,
  openRequests,
  pauseStepOf,
  planOf,
  postponeStepOf,
} from './history.js'

/** `running`, `postponed` and `rolling-back` are open; whether their process still runs, `lastHeartbeat` shows. */
export type MigrationState = CloseState | 'rolling-back' | 'postponed' | 'running'

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
  /** whether the run waits only for `cutover` */
  readyToCutOver: boolean
  /** the delivery pause, up to now while it lasts; null before it */
  gapMs: number | null
  runBy: string | null
  startedAt: string | null
  lastHeartbeat: string | null
  /** whether a policy still blocks consumers of one side; `finish` removes it */
  hasRestrictions: boolean
  /** requests that are not answered yet */
  requests: Array<{id: string; verb: ControlVerb; by: string; at: string}>
}

export interface MigrationList {
  /** where the journal is */
  journal: string
  migrations: MigrationStatus[]
  /** migrations whose journal could not be read, and why */
  unreadable: Array<{id: string; cause: string}>
}

/** The last heartbeat of the owner. */
export interface LastHeartbeat {
  readonly at: string
  readonly step: string | null
  readonly waitingFor: string | null
}

/** The status of a migration by its journal; `now` is used for a delivery pause that still lasts. */
export function statusOf(
  id: string,
  entries: readonly JournalEntry[],
  requests: readonly ControlRequest[],
  heartbeat: LastHeartbeat | null,
  now: Date,
): MigrationStatus {
  const plan = planOf(entries)
  const last = entries.at(-1)
  const state = stateOf(entries)
  const isOver = closedAs(entries) !== null
  const current = entries.findLast((entry) => entry.step !== 'run' && !isBaseline(entry))
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
    waitingFor: isOver ? null : (heartbeat?.waitingFor ?? lastWaitingFor(current)),
    readyToCutOver: state === 'postponed' && heartbeat?.step === postponeStepOf(entries),
    gapMs: gapOf(entries, isOver ? null : now),
    runBy: last ? `${last.who.user}@${last.who.host} pid ${String(last.who.pid)}` : null,
    startedAt: entries[0]?.at ?? null,
    lastHeartbeat: laterOf(last?.at, heartbeat?.at),
    hasRestrictions: hasRestrictions(entries),
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

/** The baseline belongs to the soak after the switch, but is recorded before the pause. */
function isBaseline({phase, step}: JournalEntry): boolean {
  return step === 'soak' && phase === 'captured'
}

/** The delivery pause: from the pause until every partition delivers again. Consumers see a slightly shorter one. */
export function gapOf(entries: readonly JournalEntry[], now: Date | null): number | null {
  // When delivery had resumed before the rollback, the rollback has a delivery pause of its own.
  const direction: Direction =
    currentDirection(entries) === 'rollback' && flowsSince(entries, 'forward') !== undefined ? 'rollback' : 'forward'
  // The first one counts, because a resumed run may have set the pause again.
  const pausedAt = (first(entries, direction, 'applied') ?? first(entries, direction, 'intent'))?.at
  if (pausedAt === undefined) return null
  const until =
    flowsSince(entries, direction) ??
    flowsSince(entries, 'rollback') ??
    timeOf(find(entries, direction, pauseStepOf(entries), 'undone')) ??
    now?.getTime()
  return until === undefined ? null : Math.max(0, until - Date.parse(pausedAt))
}

function stateOf(entries: readonly JournalEntry[]): MigrationState {
  const closed = closedAs(entries)
  if (closed !== null) return closed
  if (currentDirection(entries) === 'rollback' || isRollingBackBeforeSwitch(entries)) return 'rolling-back'
  return isPostponed(entries) && !isOpen(entries, 'forward', postponeStepOf(entries)) ? 'postponed' : 'running'
}

/** Whether the policy that blocks the other consumers is still set. */
function hasRestrictions(entries: readonly JournalEntry[]): boolean {
  if (closedAs(entries) === 'finished') return false
  if (planOf(entries)?.strategy === 'blue-green') return isOpen(entries, 'forward', 'block-auto-create')
  return (
    isOpen(entries, 'forward', 'restrict-types') && find(entries, 'rollback', 'restore-types', 'verified') === undefined
  )
}

function first(
  entries: readonly JournalEntry[],
  direction: Direction,
  phase: JournalEntry['phase'],
): JournalEntry | undefined {
  const step = pauseStepOf(entries)
  return entries.find((entry) => entry.direction === direction && entry.step === step && entry.phase === phase)
}

function flowsSince(entries: readonly JournalEntry[], direction: Direction): number | undefined {
  const text = find(entries, direction, 'verify-delivery', 'verified')?.data['flowsSince']
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
