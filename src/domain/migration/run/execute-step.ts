import {setTimeout as delay} from 'node:timers/promises'

import type {Direction, JournalEntry} from '../../../clients/journal/journal-store.js'
import {durationText, messageOf} from '../../../wording.js'
import type {Budgets, RunControl} from '../control/run-control.js'
import {type RunEvent, Stopped} from '../control/run-events.js'
import {isTransient, unlessUnavailable} from '../control/transient-errors.js'
import {find, isOpen, isPostponed, pauseStepOf, postponeStepOf, type StepData} from '../journal/history.js'
import type {MigrationJournal} from '../journal/migration-journal.js'
import type {ChangeStep, MigrationStep, StepCheck, StepContext} from '../steps/step.js'
import {recorded, type Recorded, type RecordedStep} from '../steps/step-records.js'
import type {StepId} from '../strategy.js'

/** What executing a step needs besides its context. */
export interface StepTools {
  readonly journal: MigrationJournal
  readonly control: RunControl
  readonly budgets: Budgets
  readonly stop: AbortSignal
  readonly report: (event: RunEvent) => void
}

/**
 * Interval between checks of a waiting step. 1 ms during the first 2 s, because the next check may end the delivery pause;
 * 50 ms after that, because the step then waits for a consumer or an operator.
 */
const POLL_EVERY_MS = {first: 1, later: 50}
const POLL_OFTEN_FOR_MS = 2000
const POLICY_MS = 15_000
const NOTE_EVERY_MS = 5000
/** Clients that were refused several times retry up to a minute later. */
const RECONNECT_MS = 120_000
const RETRY_AFTER_MS = 200

/**
 * Executes one step from the state that the journal shows until it is verified.
 *
 * @returns false when it was postponed at the last moment and nothing was changed.
 * @throws Stopped when its timeout has passed, or the run was interrupted and may stop here.
 */
export async function executeStep(step: MigrationStep, context: StepContext, tools: StepTools): Promise<boolean> {
  const {control, journal, report} = tools
  const {name} = context.direction
  const mayWait = step.id === postponeStepOf(journal.history) && name === 'forward'
  if (mayWait) await control.waitWhilePostponed()
  control.throwIfStopped(step.id)
  report({kind: 'step', step: step.id, direction: name, title: step.title(context.direction)})
  // Without an intent nothing was changed, and an earlier capture may be outdated: capture again.
  const isBegun = isOpen(journal.history, name, step.id)
  const captured = step.kind === 'wait' ? {} : await capture(step, context, isBegun, tools)
  // After a crash the change may be done already: verify before applying it again.
  const before = recorded(journal.history, name, step.id, 'applied') ?? null
  const early = isBegun ? await unlessUnavailable(step.verifier(context, captured, before)) : null
  if (early?.isDone) {
    journal.add(step.id, 'verified', early.facts)
    return true
  }
  journal.add(step.id, 'intent')
  if (step.kind === 'change') await journal.flush()
  await control.answerRequests() // requests that were written before the intent became durable were read with it
  if (mayWait && isPostponed(journal.history)) {
    await journal.addDurably(step.id, 'undone')
    return false
  }
  let applied: Recorded<RecordedStep, 'applied'> | null = null
  if (step.kind === 'change') {
    applied = await retried(step.id, (isAgain) => step.apply(context, captured, isBegun || isAgain), tools)
    journal.add(step.id, 'applied', applied)
  }
  journal.add(step.id, 'verified', await poll(step, step.verifier(context, captured, applied), tools))
  return true
}

/** Undoes a step. A step that only waits has nothing to restore. */
export async function undoStep(step: MigrationStep, context: StepContext, tools: StepTools): Promise<void> {
  if (step.kind === 'change') {
    if (!step.undo) return
    tools.report({kind: 'undo', step: step.id})
    await retried(step.id, async () => step.undo?.(context, context.captured(step.id)), tools)
  }
  await tools.journal.addDurably(step.id, 'undone')
}

async function capture(
  step: ChangeStep,
  context: StepContext,
  isBegun: boolean,
  tools: StepTools,
): Promise<Recorded<RecordedStep, 'captured'>> {
  if (isBegun) return context.captured(step.id)
  const captured = await retried(step.id, () => step.capture(context), tools)
  tools.journal.add(step.id, 'captured', captured)
  return captured
}

/** Makes a change. If the connection breaks, it is made again: every change may be repeated. */
async function retried<T>(id: StepId, change: (isAgain: boolean) => Promise<T>, tools: StepTools): Promise<T> {
  const startedAt = Date.now()
  for (let isAgain = false; ; isAgain = true) {
    try {
      return await change(isAgain)
    } catch (error) {
      if (!isTransient(error) || Date.now() - startedAt > POLICY_MS || tools.stop.aborted) throw error
      tools.control.reportWaiting(id, `the broker (${messageOf(error)})`, Date.now() - startedAt)
      await delay(RETRY_AFTER_MS)
    }
  }
}

async function poll(
  step: MigrationStep,
  verify: () => Promise<StepCheck<StepData>>,
  {budgets, control, journal}: StepTools,
): Promise<StepData> {
  const startedAt = Date.now()
  const deadline = startedAt + timeoutOf(step, budgets, journal.history, journal.direction, startedAt)
  let notedAt = startedAt
  for (;;) {
    const check = await unlessUnavailable(verify)
    if (check.isDone) return check.facts
    await control.pollRequests()
    control.throwIfStopped(step.id)
    const forMs = Date.now() - startedAt
    control.reportWaiting(step.id, check.waitingFor, forMs)
    if (Date.now() > deadline) {
      throw new Stopped(`${step.id} timed out after ${durationText(forMs)} while waiting for ${check.waitingFor}`, {
        rollsBack: true,
      })
    }
    if (Date.now() - notedAt > NOTE_EVERY_MS) {
      notedAt = Date.now()
      await journal.addDurably(step.id, 'waiting', {waitingFor: check.waitingFor, forMs})
    }
    await delay(forMs < POLL_OFTEN_FOR_MS ? POLL_EVERY_MS.first : POLL_EVERY_MS.later)
  }
}

/** How long a step may be polled, in ms: its own limit, and forward the rest of --max-gap once delivery is paused. */
function timeoutOf(
  {timeout}: MigrationStep,
  {attachMs, drainMs, gapMs}: Budgets,
  history: readonly JournalEntry[],
  direction: Direction,
  nowMs: number,
): number {
  if (direction === 'rollback' && timeout === 'attach') return Math.max(attachMs, RECONNECT_MS)
  const stepMs = {attach: attachMs, drain: drainMs, policy: POLICY_MS}[timeout]
  const pausedAt = find(history, 'forward', pauseStepOf(history), 'intent')?.at
  if (gapMs === null || pausedAt === undefined || direction === 'rollback') return stepMs
  return Math.min(stepMs, Math.max(0, Date.parse(pausedAt) + gapMs - nowMs))
}
