import {setTimeout as delay} from 'node:timers/promises'

import type {JournalEntry, LegName} from '../../../clients/journal/journal-store.js'
import type {PulsarAdmin} from '../../../clients/pulsar-admin/admin.js'
import {answerTo, turnsBack} from '../journal/allowed-requests.js'
import {type RunEvent, Stopped} from './run-events.js'
import {hasSwitched, isPostponed, openRequests, waitOf} from '../journal/history.js'
import type {HookFacts, HookName, HookRunner} from './hooks.js'
import type {MigrationLedger} from '../journal/migration-journal.js'
import {legOf} from '../plan/direction.js'
import {isPassing} from './transient-errors.js'
import type {OpenSeat} from '../broker/placeholder.js'
import type {StepContext} from '../steps/step.js'

export interface Budgets {
  /** how long the consumers may take to acknowledge what they have */
  readonly drainMs: number
  /** how long the new fleet may take to arrive */
  readonly attachMs: number
  /** how long delivery may be held in all; null: as long as the others allow */
  readonly gapMs: number | null
}

export interface SoakOptions {
  /** how long the new fleet is watched after the switch; 0 for not at all */
  readonly forMs: number
  /** whether it goes back by itself when the new fleet does worse than the old one */
  readonly goesBack: boolean
}

export interface RunOptions {
  readonly admin: PulsarAdmin
  readonly ledger: MigrationLedger
  readonly budgets: Budgets
  readonly soak: SoakOptions
  readonly openSeat: OpenSeat
  /** null where none were given */
  readonly hooks: HookRunner | null
  /** Asked to stop: before the switch the run goes back, after it the run finishes. */
  readonly interrupt: AbortSignal
  /** Asked twice: stop where it stands, with delivery held, to be resumed. */
  readonly stop: AbortSignal
  readonly report: (event: RunEvent) => void
}

const HEED_EVERY_MS = 300
const STATUS_EVERY_MS = 10_000

/** What a run answers to while it goes on: requests of others, interruptions, hooks. */
export class Desk {
  readonly options: RunOptions
  private heededAt = 0
  private statusAt = Date.now()

  constructor(options: RunOptions) {
    this.options = options
  }

  get history(): readonly JournalEntry[] {
    return this.options.ledger.history
  }

  /** Waits while the cut-over is postponed; nothing is held meanwhile. */
  async untilLetGo(): Promise<void> {
    const startedAt = Date.now()
    for (;;) {
      await this.heed(true)
      if (!isPostponed(this.history)) return
      this.requireNotStopped(waitOf(this.history))
      this.wait(waitOf(this.history), 'cutover: it is postponed', Date.now() - startedAt)
      await delay(HEED_EVERY_MS)
    }
  }

  /** Looks whether others ask something of this migration, now and then or now. */
  async heed(isNow = false): Promise<void> {
    if (!isNow && Date.now() - this.heededAt < HEED_EVERY_MS) return
    this.heededAt = Date.now()
    const {ledger} = this.options
    await ledger.flush()
    try {
      await ledger.refresh()
    } catch (error) {
      // Nobody can ask while the broker is away; who waits for it goes on to wait.
      if (isPassing(error)) return
      throw error
    }
    await this.answer()
  }

  /** Answers what others asked. @throws Stopped when they ask it to go back. */
  async answer(): Promise<void> {
    const {ledger, report} = this.options
    for (const request of openRequests(this.history, ledger.requests)) {
      const {requestId, verb, who} = request
      const answer = answerTo(verb, this.history)
      const reason = answer.isAccepted ? null : answer.reason
      await ledger.append('run', 'taken', {requestId, verb, isAccepted: answer.isAccepted, reason})
      report({kind: 'request', verb, isAccepted: answer.isAccepted, reason})
      if (answer.isAccepted && turnsBack(request)) {
        throw new Stopped(`${verb} asked by ${who.user}@${who.host}`, {isAsked: true})
      }
    }
  }

  /** Runs a hook unless it has run. @throws Stopped when it fails. */
  async hook(name: HookName | undefined, context: StepContext, step: string): Promise<void> {
    const {hooks, ledger, report} = this.options
    if (!hooks || !name) return
    const {leg} = context
    const isDone = this.history.some(
      (entry) =>
        entry.leg === leg.name && entry.phase === 'hook' && entry.step === name && entry.data['exitCode'] === 0,
    )
    if (isDone) return
    await ledger.flush()
    const outcome = await hooks.run(name, hookFacts(ledger, leg.name, step, null))
    if (!outcome) return
    report({kind: 'hook', name, outcome})
    await ledger.append(name, 'hook', {...outcome})
    if (outcome.exitCode === 0) return
    const how = outcome.isTimedOut ? 'ran out of its time' : `ended with ${String(outcome.exitCode ?? 'a signal')}`
    throw new Stopped(`the hook ${name} ${how}: ${outcome.output.trim().split('\n').at(-1) ?? ''}`)
  }

  /** Tells what is waited for: to who looks on, and now and then to the hook `status`. */
  wait(step: string, waitingFor: string, forMs: number): void {
    const {hooks, ledger, report} = this.options
    report({kind: 'waiting', step, waitingFor, forMs})
    if (!hooks || Date.now() - this.statusAt < STATUS_EVERY_MS) return
    this.statusAt = Date.now()
    // Nobody waits for it, and nothing depends on it.
    hooks.run('status', hookFacts(ledger, ledger.leg, step, waitingFor)).catch(() => undefined)
  }

  /** @throws Stopped when it was interrupted, and stopping is still right. */
  requireNotStopped(step: string): void {
    const {interrupt, stop} = this.options
    if (stop.aborted || (interrupt.aborted && !hasSwitched(this.history))) throw new Stopped(`interrupted at ${step}`)
  }
}

/** What a hook is told of a migration. */
export function hookFacts(
  {id, plan}: MigrationLedger,
  name: LegName,
  step: string,
  waitingFor: string | null,
): HookFacts {
  const {from, source, target, to} = legOf(plan, name)
  return {
    migrationId: id,
    topic: plan.topic,
    subscription: source,
    newSubscription: target,
    step,
    leg: name,
    from,
    to,
    strategy: plan.strategy,
    waitingFor,
  }
}
