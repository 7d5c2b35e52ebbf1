import type {ControlRequest, Direction, JournalEntry, JournalPhase} from '../../../clients/journal/journal-store.js'
import {directionPlanOf} from '../plan/direction.js'
import type {MigrationPlan} from '../plan/plan.js'
import {PAUSE_STEP, POSTPONE_STEP, type StepId, SWITCH_STEP} from '../strategy.js'

/** How a run ended: `done`, or `rolled-back` to the old type; `finished` once it can no longer be rolled back. */
export type CloseState = 'done' | 'finished' | 'rolled-back'

/** The plan, from the first entry of the journal. */
export function planOf(entries: readonly JournalEntry[]): MigrationPlan | null {
  return (entries[0]?.data['plan'] as MigrationPlan | undefined) ?? null
}

/** The current direction: `rollback` once a rollback after the switch has begun. */
export function currentDirection(entries: readonly JournalEntry[]): Direction {
  return entries.at(-1)?.direction ?? 'forward'
}

/** The last entry of a step in a phase, in one direction. */
export function find(
  entries: readonly JournalEntry[],
  direction: Direction,
  step: string,
  phase: JournalPhase,
): JournalEntry | undefined {
  return entries.findLast((entry) => entry.direction === direction && entry.step === step && entry.phase === phase)
}

/** What a step found before the migration changed anything: the data of its first capture, in either direction. */
export function originalOf(entries: readonly JournalEntry[], step: StepId): StepData | null {
  const first = entries.find((entry) => entry.step === step && entry.phase === 'captured')
  return first ? {...first.data} : null
}

/** Whether the step may have made a change that is not undone. */
export function isOpen(entries: readonly JournalEntry[], direction: Direction, step: string): boolean {
  const begun = entries.findLastIndex((entry) => isPhase(entry, direction, step, 'intent'))
  return begun > entries.findLastIndex((entry) => isPhase(entry, direction, step, 'undone'))
}

/** Whether the step was verified and not undone afterwards. */
export function isVerified(entries: readonly JournalEntry[], direction: Direction, step: string): boolean {
  const proven = entries.findLastIndex((entry) => isPhase(entry, direction, step, 'verified'))
  return proven > entries.findLastIndex((entry) => isPhase(entry, direction, step, 'undone'))
}

/** Whether the other consumers may have received messages: from then on a rollback takes its own steps. */
export function hasSwitched(entries: readonly JournalEntry[], direction: Direction = 'forward'): boolean {
  const plan = planOf(entries)
  return plan !== null && isOpen(entries, direction, SWITCH_STEP[plan.strategy])
}

/** The step that a postponed migration waits before. */
export function postponeStepOf(entries: readonly JournalEntry[]): StepId {
  return POSTPONE_STEP[planOf(entries)?.strategy ?? 'in-place']
}

/** The step that begins the delivery pause. */
export function pauseStepOf(entries: readonly JournalEntry[]): StepId {
  return PAUSE_STEP[planOf(entries)?.strategy ?? 'in-place']
}

/** How it was closed last; null while it is open, also when it was reopened for a rollback. */
export function closedAs(entries: readonly JournalEntry[]): CloseState | null {
  const last = entries.findLast(({step}) => step === 'run')
  return last?.phase === 'closed' ? ((last.data['state'] as CloseState | undefined) ?? null) : null
}

/** Whether it has begun to undo its steps before the switch; from then on it must not continue forward. */
export function isRollingBackBeforeSwitch(entries: readonly JournalEntry[]): boolean {
  return find(entries, 'forward', 'run', 'undone') !== undefined
}

/** The subscriptions that are paused now according to the journal. */
export function pausedSubscriptions(entries: readonly JournalEntry[]): string[] {
  const plan = planOf(entries)
  const paused = new Set<string>()
  if (!plan) return []
  for (const {direction, phase, step} of entries) {
    const {waitsForConsumers, source, target} = directionPlanOf(plan, direction)
    if (step === 'pause' && phase === 'intent') paused.add(source)
    if (step === 'pause' && phase === 'undone') paused.delete(source)
    if ((step === 'switch-type' || step === 'switch-subscription') && phase === 'applied') paused.delete(source)
    // The new consumers connect during the pause, so a message that a policy change delivers is for them.
    if (step === 'switch-type' && waitsForConsumers) paused.delete(source)
    if (step === 'block-auto-create' && phase === 'applied' && direction === 'rollback') paused.delete(target)
  }
  return [...paused]
}

/** Whether the run waits for `cutover`: it was postponed at its start or later, and no cutover was accepted since. */
export function isPostponed(entries: readonly JournalEntry[]): boolean {
  return entries.reduce((isNow, {data, phase, step}) => {
    if (step !== 'run') return isNow
    if (phase === 'intent' && data['isPostponed'] === true) return true
    if (phase !== 'taken' || data['isAccepted'] !== true) return isNow
    return data['verb'] === 'postpone' ? true : data['verb'] === 'cutover' ? false : isNow
  }, false)
}

/** Requests that were neither answered nor canceled, the oldest first. */
export function openRequests(entries: readonly JournalEntry[], requests: readonly ControlRequest[]): ControlRequest[] {
  const answered = new Set(entries.flatMap(({data, phase}) => (phase === 'taken' ? [data['requestId']] : [])))
  const cancelled = new Set(requests.flatMap(({cancels}) => cancels ?? []))
  return requests.filter(
    ({requestId, verb}) => verb !== 'cancel' && !answered.has(requestId) && !cancelled.has(requestId),
  )
}

function isPhase(entry: JournalEntry, direction: Direction, step: string, phase: JournalPhase): boolean {
  return entry.direction === direction && entry.step === step && entry.phase === phase
}

/** The data of a journal entry of a step, as JSON. */
export type StepData = Record<string, unknown>
