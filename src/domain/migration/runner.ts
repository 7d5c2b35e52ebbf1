import {setTimeout as delay} from 'node:timers/promises'

import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import {Interrupted, type KeyshiftError, Pending, Unreachable} from '../../errors.js'
import {parseTopicName, partitionName} from '../../topic-name.js'
import type {MigrationLedger} from './ledger.js'
import type {StepId} from './plan.js'
import type {Captured, MigrationStep, StepContext, Verdict} from './step.js'
import {attach} from './steps/attach.js'
import {drain} from './steps/drain.js'
import {evict} from './steps/evict.js'
import {fence} from './steps/fence.js'
import {pause} from './steps/pause.js'
import {resume} from './steps/resume.js'

/** In this order, for a reason: see fence and pause. */
const STEPS: readonly MigrationStep[] = [fence, pause, drain, evict, attach, resume] as MigrationStep[]

/** From here on the old consumers are gone: the run goes forward, or back only while no new one is in. */
const SWITCH: StepId = 'evict'

export interface Budgets {
  /** how long the consumers may take to acknowledge what they have */
  readonly drainMs: number
  /** how long the new fleet may take to arrive */
  readonly attachMs: number
  /** how long delivery may be held in all; null: as long as the others allow */
  readonly gapMs: number | null
}

/** What a run tells while it goes on. */
export type RunEvent =
  | {readonly kind: 'step'; readonly step: StepId; readonly title: string}
  | {readonly kind: 'undo'; readonly step: StepId}
  | {readonly kind: 'waiting'; readonly step: StepId; readonly waitingFor: string; readonly forMs: number}

export interface RunOptions {
  readonly admin: PulsarAdmin
  readonly ledger: MigrationLedger
  readonly budgets: Budgets
  /** Asked to stop: before the switch the run goes back, after it the run finishes. */
  readonly interrupt: AbortSignal
  /** Asked twice: stop where it stands, with delivery held, to be resumed. */
  readonly stop: AbortSignal
  readonly report: (event: RunEvent) => void
}

const POLL_EVERY_MS = 20
const POLICY_MS = 15_000
const RESUME_MS = 30_000
const NOTE_EVERY_MS = 5000

/**
 * Takes a migration through its steps, from wherever its journal stands, to the end or back to where it began.
 *
 * @throws Pending E_ROLLED_BACK when a budget ran out or a call failed before a new consumer was in: delivery is as it
 *   was; E_STOPPED when it has to be resumed.
 * @throws Interrupted E_INTERRUPTED with delivery as it was before.
 */
export async function runMigration(options: RunOptions): Promise<void> {
  const run = new Run(options)
  try {
    await run.forward()
  } catch (error) {
    throw await run.retreat(error)
  }
  await options.ledger.append('run', 'closed', {state: 'done'})
}

/** Raised inside a poll; never leaves the runner. */
class Stopped extends Error {}

class Run {
  private readonly options: RunOptions
  private readonly context: StepContext

  constructor(options: RunOptions) {
    this.options = options
    const {admin, ledger} = options
    const {plan} = ledger
    const topic = parseTopicName(plan.topic)
    this.context = {
      admin,
      plan,
      topic,
      partitions:
        plan.partitions === null
          ? [{partition: null, name: topic}]
          : Array.from({length: plan.partitions}, (_, partition) => ({
              partition,
              name: partitionName(topic, partition),
            })),
      subscription: plan.subscription,
      isResumed: ledger.hasSteps,
      captured: (step) => ledger.captured(step),
    }
  }

  async forward(): Promise<void> {
    const {ledger} = this.options
    if (ledger.isGoingBack) throw new Stopped('it was going back when it was stopped')
    // What a process that is gone had proven may not hold any more: before the switch, prove it again.
    const provesAgain = this.context.isResumed && !ledger.isOpen(SWITCH)
    for (const step of STEPS) {
      if (provesAgain || !ledger.find(step.id, 'verified')) await this.take(step)
    }
  }

  /** After a failure: back to where it began while that is safe, else stop where it stands. @returns what to throw. */
  async retreat(cause: unknown): Promise<KeyshiftError> {
    const {ledger, stop} = this.options
    if (stop.aborted || this.hasDelivered()) return this.stopped(cause)
    try {
      const open = STEPS.filter(({id}) => ledger.isOpen(id))
      for (const step of open) await step.requireWayBack?.(this.context)
      // From here on a resume goes on going back: what was undone must not count as done.
      await ledger.append('run', 'undone', {reason: messageOf(cause)})
      for (const step of open.toReversed()) await this.undo(step)
    } catch (error) {
      return this.stopped(cause, error)
    }
    await ledger.append('run', 'closed', {state: 'rolled-back', reason: messageOf(cause)})
    return this.rolledBack(cause)
  }

  private async take(step: MigrationStep): Promise<void> {
    const {ledger, report} = this.options
    this.requireNotStopped(step.id)
    report({kind: 'step', step: step.id, title: ledger.plan.steps.find(({id}) => id === step.id)?.title ?? step.id})
    const isResumed = ledger.isOpen(step.id)
    const captured = ledger.find(step.id, 'captured')?.data ?? (await this.capture(step))
    // After a crash it may be done already: look before doing it again.
    const before = ledger.find(step.id, 'applied')?.data ?? null
    const early = isResumed ? await step.verifier(this.context, captured, before)() : null
    const facts = early?.isDone ? early.facts : await this.applyAndVerify(step, captured)
    await ledger.append(step.id, 'verified', facts)
  }

  private async applyAndVerify(step: MigrationStep, captured: Captured): Promise<Captured> {
    const {ledger} = this.options
    await ledger.append(step.id, 'intent')
    const applied = await step.apply(this.context, captured)
    await ledger.append(step.id, 'applied', applied)
    return this.poll(step, step.verifier(this.context, captured, applied))
  }

  private async capture(step: MigrationStep): Promise<Captured> {
    const captured = await step.capture(this.context)
    await this.options.ledger.append(step.id, 'captured', captured)
    return captured
  }

  private async poll({id}: MigrationStep, verify: () => Promise<Verdict>): Promise<Captured> {
    const startedAt = Date.now()
    const deadline = startedAt + this.patience(id)
    let notedAt = startedAt
    for (;;) {
      const verdict = await unlessAway(verify)
      if (verdict.isDone) return verdict.facts
      this.requireNotStopped(id)
      const forMs = Date.now() - startedAt
      this.options.report({kind: 'waiting', step: id, waitingFor: verdict.waitingFor, forMs})
      if (Date.now() > deadline) throw new Stopped(`${id} waited ${seconds(forMs)} for ${verdict.waitingFor}`)
      if (Date.now() - notedAt > NOTE_EVERY_MS) {
        notedAt = Date.now()
        await this.options.ledger.append(id, 'waiting', {waitingFor: verdict.waitingFor, forMs})
      }
      await delay(POLL_EVERY_MS)
    }
  }

  private patience(step: StepId): number {
    const {budgets, ledger} = this.options
    const own = {drain: budgets.drainMs, attach: budgets.attachMs, resume: RESUME_MS}[step as string] ?? POLICY_MS
    const pausedAt = ledger.find('pause', 'applied')?.at
    if (budgets.gapMs === null || pausedAt === undefined || step === 'resume') return own
    return Math.min(own, Math.max(0, Date.parse(pausedAt) + budgets.gapMs - Date.now()))
  }

  private requireNotStopped(step: StepId): void {
    const {interrupt, ledger, stop} = this.options
    const isPastSwitch = ledger.isOpen(SWITCH)
    if (stop.aborted || (interrupt.aborted && !isPastSwitch)) throw new Stopped(`interrupted at ${step}`)
  }

  private async undo(step: MigrationStep): Promise<void> {
    const {ledger, report} = this.options
    report({kind: 'undo', step: step.id})
    await step.undo(this.context, ledger.captured(step.id))
    await ledger.append(step.id, 'undone')
  }

  private hasDelivered(): boolean {
    return this.options.ledger.find('resume', 'intent') !== undefined
  }

  private rolledBack(cause: unknown): KeyshiftError {
    const {interrupt, ledger} = this.options
    const {id, plan} = ledger
    const details = {
      data: {id, state: 'rolled-back', reason: messageOf(cause)},
      next: [`keyshift subscriptions inspect ${plan.topic} ${plan.subscription}`, `keyshift migrate status ${id}`],
      cause,
    }
    if (interrupt.aborted)
      return new Interrupted('E_INTERRUPTED', `${id} was interrupted; delivery runs as before`, details)
    return new Pending('E_ROLLED_BACK', `${id} went back, and delivery runs as before: ${messageOf(cause)}`, details)
  }

  private stopped(cause: unknown, undoFailed?: unknown): KeyshiftError {
    const {id} = this.options.ledger
    const why =
      undoFailed === undefined ? messageOf(cause) : `${messageOf(cause)}; going back: ${messageOf(undoFailed)}`
    const details = {
      data: {id, state: 'pending', reason: why},
      next: [`keyshift migrate resume ${id} --yes`, `keyshift migrate status ${id}`],
      cause: undoFailed ?? cause,
    }
    const message = `${id} stopped and has to be resumed, delivery may be held until then: ${why}`
    return this.options.stop.aborted
      ? new Interrupted('E_INTERRUPTED', message, details)
      : new Pending('E_STOPPED', message, details)
  }
}

/** A broker that restarts does not end a run: a poll goes on to its deadline. */
async function unlessAway(verify: () => Promise<Verdict>): Promise<Verdict> {
  try {
    return await verify()
  } catch (error) {
    if (error instanceof Unreachable) return {isDone: false, waitingFor: `the broker (${error.message})`}
    throw error
  }
}

function seconds(ms: number): string {
  return `${String(Math.round(ms / 1000))} s`
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
