import type {ControlRequest, Direction, JournalEntry, JournalPhase} from '../../../clients/journal/journal-store.js'
import {directionPlanOf} from '../plan/direction.js'
import type {MigrationPlan} from '../plan/plan.js'
import {PAUSE_STEP, POSTPONE_STEP, type StepId, SWITCH_STEP} from '../strategy.js'

/** How a run ended: `done`, or `rolled-back` to the old type; `finished` when it can't be gone back any more. */
export type CloseState = 'done' | 'finished' | 'rolled-back'

/** The plan that the first entry of every journal holds. */
export function planOf(entries: readonly JournalEntry[]): MigrationPlan | null {
  return (entries[0]?.data['plan'] as MigrationPlan | undefined) ?? null
}

/** Which way it goes: `back` once the way back has begun. */
export function currentDirection(entries: readonly JournalEntry[]): Direction {
  return entries.at(-1)?.direction ?? 'forward'
}

/** The last entry of a step in a phase, on one leg. */
export function find(
  entries: readonly JournalEntry[],
  direction: Direction,
  step: string,
  phase: JournalPhase,
): JournalEntry | undefined {
  return entries.findLast((entry) => entry.direction === direction && entry.step === step && entry.phase === phase)
}

/** What the first leg that took a step found before it changed anything. */
export function originalOf(entries: readonly JournalEntry[], step: StepId): StepData | null {
  const first = entries.find((entry) => entry.step === step && entry.phase === 'captured')
  return first ? {...first.data} : null
}

/** Whether the step may have changed something that is not undone yet. */
export function isOpen(entries: readonly JournalEntry[], direction: Direction, step: string): boolean {
  const begun = entries.findLastIndex((entry) => isPhase(entry, direction, step, 'intent'))
  return begun > entries.findLastIndex((entry) => isPhase(entry, direction, step, 'undone'))
}

/** Whether the step was proven done, and was not undone since. */
export function isVerified(entries: readonly JournalEntry[], direction: Direction, step: string): boolean {
  const proven = entries.findLastIndex((entry) => isPhase(entry, direction, step, 'verified'))
  return proven > entries.findLastIndex((entry) => isPhase(entry, direction, step, 'undone'))
}

/** Whether the fleet at the end of a leg may have messages: from then on the way back is a leg of its own. */
export function hasSwitched(entries: readonly JournalEntry[], direction: Direction = 'forward'): boolean {
  const plan = planOf(entries)
  return plan !== null && isOpen(entries, direction, SWITCH_STEP[plan.strategy])
}

/** The step that it waits before while it is postponed. */
export function postponeStepOf(entries: readonly JournalEntry[]): StepId {
  return POSTPONE_STEP[planOf(entries)?.strategy ?? 'in-place']
}

/** The step that begins its gap. */
export function pauseStepOf(entries: readonly JournalEntry[]): StepId {
  return PAUSE_STEP[planOf(entries)?.strategy ?? 'in-place']
}

/** How it was closed last; null while it is open, also when it was opened again to go back. */
export function closedAs(entries: readonly JournalEntry[]): CloseState | null {
  const last = entries.findLast(({step}) => step === 'run')
  return last?.phase === 'closed' ? ((last.data['state'] as CloseState | undefined) ?? null) : null
}

/** Whether it was undoing its steps, before the switch, when it stopped; it must not go forward again. */
export function isRollingBackBeforeSwitch(entries: readonly JournalEntry[]): boolean {
  return find(entries, 'forward', 'run', 'undone') !== undefined
}

/** The subscriptions that are held now, as far as the journal knows. */
export function pausedSubscriptions(entries: readonly JournalEntry[]): string[] {
  const plan = planOf(entries)
  const paused = new Set<string>()
  if (!plan) return []
  for (const {direction, phase, step} of entries) {
    const {waitsForConsumers, source, target} = directionPlanOf(plan, direction)
    if (step === 'pause' && phase === 'intent') paused.add(source)
    if (step === 'pause' && phase === 'undone') paused.delete(source)
    if ((step === 'switch-type' || step === 'switch-subscription') && phase === 'applied') paused.delete(source)
    // Let in under the hold, the fleet may have what it lets out.
    if (step === 'switch-type' && waitsForConsumers) paused.delete(source)
    if (step === 'block-auto-create' && phase === 'applied' && direction === 'rollback') paused.delete(target)
  }
  return [...paused]
}

/** Whether the run waits for `cutover`: asked for at its start or later, and not let go since. */
export function isPostponed(entries: readonly JournalEntry[]): boolean {
  return entries.reduce((isNow, {data, phase, step}) => {
    if (step !== 'run') return isNow
    if (phase === 'intent' && data['isPostponed'] === true) return true
    if (phase !== 'taken' || data['isAccepted'] !== true) return isNow
    return data['verb'] === 'postpone' ? true : data['verb'] === 'cutover' ? false : isNow
  }, false)
}

/** Requests that nobody has answered and that were not taken back, the oldest first. */
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

/** JSON that a step saw before it changed anything: what undo() and a later resume work from. */
export type StepData = Record<string, unknown>
