import {setTimeout as delay} from 'node:timers/promises'

import type {JournalEntry, LegName} from '../../../clients/journal/journal-store.js'
import {Conflict} from '../../../errors.js'
import {contextOf} from '../steps/step-context.js'
import {Desk, type RunOptions} from '../control/run-control.js'
import {Stopped} from '../control/run-events.js'
import {
  type Captured,
  type CloseState,
  find,
  hasSwitched,
  holdOf,
  isOpen,
  isPostponed,
  isUndoing,
  isVerified,
  waitOf,
} from '../journal/history.js'
import {HOOKS} from '../control/hooks.js'
import {isPassing, messageOf, unlessAway} from '../control/transient-errors.js'
import {TargetSeat} from '../broker/placeholder.js'
import {stepsOfLeg} from '../plan/direction.js'
import {measure, soak} from '../soak/soak.js'
import type {MigrationStep, StepContext, Verdict} from '../steps/step.js'
import {STEP_BY_ID} from './all-steps.js'
import type {StepId} from '../strategy.js'

export interface RunOutcome {
  readonly state: Exclude<CloseState, 'finished'>
  /** why it went back; null when it did not */
  readonly reason: string | null
}

/** At once while delivery may be held for no reason but the next look; what lasts is a consumer's or a person's matter. */
const POLL_EVERY_MS = {first: 1, later: 50}
const POLL_OFTEN_FOR_MS = 2000
const POLICY_MS = 15_000
const NOTE_EVERY_MS = 5000
/** Clients that were refused for a while try again up to a minute later. */
const COME_BACK_MS = 120_000

/**
 * Takes a migration through its steps, from wherever its journal stands, to the end or back to where it began. Before
 * the switch a leg that can't go on is undone, and delivery is as it was; after it the way back is the same steps with
 * old and new exchanged.
 *
 * @throws Stopped, or what a step threw, when it had to stop where it stands: the journal is open, and can be resumed.
 */
export async function runMigration(options: RunOptions): Promise<RunOutcome> {
  const run = new Run(options)
  try {
    return await run.go()
  } finally {
    await run.close()
  }
}

class Run {
  private readonly options: RunOptions
  private readonly desk: Desk
  private readonly isResumed: boolean
  private readonly seat: TargetSeat

  constructor(options: RunOptions) {
    this.options = options
    this.desk = new Desk(options)
    this.seat = new TargetSeat(options.openSeat)
    this.isResumed = options.ledger.history.some(({step}) => step !== 'run')
  }

  async go(): Promise<RunOutcome> {
    const {ledger} = this.options
    if (ledger.leg === 'back') return this.back(reasonOf(this.history))
    try {
      if (isUndoing(this.history)) throw new Stopped(reasonOf(this.history))
      await this.walk('forward')
      await soak(this.desk, this.context('forward'))
    } catch (error) {
      return this.retreat(error)
    }
    await ledger.append('run', 'closed', {state: 'done'})
    return {state: 'done', reason: null}
  }

  close(): Promise<void> {
    return this.seat.release()
  }

  private get history(): readonly JournalEntry[] {
    return this.options.ledger.history
  }

  private async walk(name: LegName): Promise<void> {
    const {ledger} = this.options
    const context = this.context(name)
    // What a process that is gone had proven may not hold any more: before the switch, prove it again.
    const provesAgain = this.isResumed && name === 'forward' && !hasSwitched(this.history)
    for (const id of stepsOfLeg(ledger.plan, context.leg)) {
      if (!provesAgain && isVerified(this.history, name, id)) continue
      if (id === waitOf(this.history) && name === 'forward') await measure(this.desk, context)
      const {after = [], before} = HOOKS[ledger.plan.strategy][id] ?? {}
      await this.desk.hook(before, context, id)
      while (!(await this.take(stepOf(id), context))) await this.desk.untilLetGo()
      for (const name of after) await this.desk.hook(name, context, id)
    }
  }

  /** After a failure on the way there: back while that is right, else stop where it stands. */
  private async retreat(cause: unknown): Promise<RunOutcome> {
    const {ledger, stop} = this.options
    if (stop.aborted || isLost(cause)) throw cause
    const reason = messageOf(cause)
    if (!hasSwitched(this.history)) return this.undoAll(reason)
    if (!(cause instanceof Stopped && cause.goesBack)) throw cause
    await ledger.append('run', 'intent', {reason}, 'back')
    return this.back(reason)
  }

  private async undoAll(reason: string): Promise<RunOutcome> {
    const {ledger} = this.options
    const context = this.context('forward', true)
    if (!isUndoing(this.history)) await ledger.append('run', 'undone', {reason})
    await this.undoSteps(context)
    await this.desk.hook('rolled-back', context, 'run')
    await ledger.append('run', 'closed', {state: 'rolled-back', reason})
    return {state: 'rolled-back', reason}
  }

  private async back(reason: string): Promise<RunOutcome> {
    const {ledger, report} = this.options
    report({kind: 'back', reason})
    try {
      await this.walk('back')
    } catch (error) {
      await this.letNewFleetGoOn(error)
      throw error
    }
    await this.desk.hook('rolled-back', this.context('back'), 'run')
    await ledger.append('run', 'closed', {state: 'rolled-back', reason})
    return {state: 'rolled-back', reason}
  }

  /** A way back that can't go on before its switch must not leave the new fleet held, where that had been served. */
  private async letNewFleetGoOn(cause: unknown): Promise<void> {
    const isServed = find(this.history, 'forward', 'attach', 'verified') !== undefined
    const isStopped = this.options.stop.aborted || isLost(cause)
    if (isStopped || !isServed || hasSwitched(this.history, 'back')) return
    await this.undoSteps(this.context('back', true))
  }

  private async undoSteps(context: StepContext): Promise<void> {
    const {ledger, report} = this.options
    const {name} = context.leg
    const open = stepsOfLeg(ledger.plan, context.leg).filter((id) => isOpen(this.history, name, id))
    for (const id of open.toReversed()) {
      const step = stepOf(id)
      if (!step.undo) continue
      report({kind: 'undo', step: id})
      await this.change(id, async () => step.undo?.(context, context.captured(id)))
      await ledger.append(id, 'undone')
    }
  }

  /** @returns false when it was postponed in the last moment, and nothing was changed. */
  private async take(step: MigrationStep, context: StepContext): Promise<boolean> {
    const {ledger, report} = this.options
    const {name} = context.leg
    const mayWait = step.id === waitOf(this.history) && name === 'forward'
    if (mayWait) await this.desk.untilLetGo()
    this.desk.requireNotStopped(step.id)
    const title = ledger.plan.steps.find(({id}) => id === step.id)?.title ?? step.id
    report({kind: 'step', step: step.id, leg: name, title})
    // Without an intent nothing was changed since: what was captured then may be old, and is looked at anew.
    const isBegun = isOpen(this.history, name, step.id)
    const captured = isBegun ? context.captured(step.id) : await this.change(step.id, () => this.capture(step, context))
    // After a crash it may be done already: look before doing it again.
    const before = find(this.history, name, step.id, 'applied')?.data ?? null
    const early = isBegun ? await unlessAway(step.verifier(context, captured, before)) : null
    if (early?.isDone) ledger.note(step.id, 'verified', early.facts)
    else {
      ledger.note(step.id, 'intent')
      if (step.isWatching !== true) await ledger.flush()
      await this.desk.answer() // what stood in the journal before the intent was seen with it
      if (mayWait && isPostponed(this.history)) {
        await ledger.append(step.id, 'undone')
        return false
      }
      const applied = await this.change(step.id, (isAgain) => step.apply(context, captured, isBegun || isAgain))
      ledger.note(step.id, 'applied', applied)
      ledger.note(step.id, 'verified', await this.poll(step.id, step.verifier(context, captured, applied)))
    }
    return true
  }

  private async capture(step: MigrationStep, context: StepContext): Promise<Captured> {
    const captured = await step.capture(context)
    this.options.ledger.note(step.id, 'captured', captured)
    return captured
  }

  /** Makes a change; one that a cut connection leaves open is made again, which every change stands. */
  private async change<T>(step: StepId, change: (isAgain: boolean) => Promise<T>): Promise<T> {
    const startedAt = Date.now()
    for (let isAgain = false; ; isAgain = true) {
      try {
        return await change(isAgain)
      } catch (error) {
        if (!isPassing(error) || Date.now() - startedAt > POLICY_MS) throw error
        if (this.options.stop.aborted) throw error
        this.desk.wait(step, `the broker (${messageOf(error)})`, Date.now() - startedAt)
        await delay(200)
      }
    }
  }

  private async poll(id: StepId, verify: () => Promise<Verdict>): Promise<Captured> {
    const startedAt = Date.now()
    const deadline = startedAt + this.patience(id)
    let notedAt = startedAt
    for (;;) {
      const verdict = await unlessAway(verify)
      if (verdict.isDone) return verdict.facts
      await this.desk.heed()
      this.desk.requireNotStopped(id)
      const forMs = Date.now() - startedAt
      this.desk.wait(id, verdict.waitingFor, forMs)
      if (Date.now() > deadline) {
        throw new Stopped(`${id} waited ${seconds(forMs)} for ${verdict.waitingFor}`, {goesBack: true})
      }
      if (Date.now() - notedAt > NOTE_EVERY_MS) {
        notedAt = Date.now()
        await this.options.ledger.append(id, 'waiting', {waitingFor: verdict.waitingFor, forMs})
      }
      await delay(forMs < POLL_OFTEN_FOR_MS ? POLL_EVERY_MS.first : POLL_EVERY_MS.later)
    }
  }

  private patience(step: StepId): number {
    const {budgets, ledger} = this.options
    if (ledger.leg === 'back' && (step === 'attach' || step === 'gather'))
      return Math.max(budgets.attachMs, COME_BACK_MS)
    const own =
      {drain: budgets.drainMs, leave: budgets.drainMs, gather: budgets.attachMs, attach: budgets.attachMs}[
        step as string
      ] ?? POLICY_MS
    const pausedAt = find(this.history, 'forward', holdOf(this.history), 'intent')?.at
    if (budgets.gapMs === null || pausedAt === undefined || ledger.leg === 'back') return own
    return Math.min(own, Math.max(0, Date.parse(pausedAt) + budgets.gapMs - Date.now()))
  }

  private context(name: LegName, acceptsGrowth = false): StepContext {
    const {admin, ledger} = this.options
    const {history, isResumed, seat} = this
    return contextOf({admin, plan: ledger.plan, history, leg: name, isResumed, seat, acceptsGrowth})
  }
}

function stepOf(id: StepId): MigrationStep {
  const step = STEP_BY_ID.get(id)
  if (!step) throw new Error(`no step ${id}`)
  return step
}

/** Another process has the migration: this one must not touch it any more. */
function isLost(error: unknown): boolean {
  return error instanceof Conflict && error.code === 'E_TAKEN_OVER'
}

/** Why it goes back, as written down when it turned. */
function reasonOf(entries: readonly JournalEntry[]): string {
  const turn = entries.find(({data, step}) => step === 'run' && typeof data['reason'] === 'string' && !data['verb'])
  return (turn?.data['reason'] as string | undefined) ?? 'it was going back when it was stopped'
}

function seconds(ms: number): string {
  return `${String(Math.round(ms / 1000))} s`
}
