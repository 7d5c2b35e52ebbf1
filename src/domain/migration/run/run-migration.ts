import {randomBytes} from 'node:crypto'
import type {Actor, Claim, JournalStore} from '../../../clients/journal/journal-store.js'
import type {PulsarAdmin} from '../../../clients/pulsar-admin/admin.js'
import {Blocked, Conflict, Interrupted, type KeyshiftError, Pending} from '../../../errors.js'
import {parseTopicName} from '../../../topic-name.js'
import {collectTopic} from '../../topic-stats/collect-topic-stats.js'
import {collectSnapshot} from '../preflight/collect-preflight.js'
import {requestOutcome} from '../journal/allowed-requests.js'
import {hookVariables, type RunOptions} from '../control/run-control.js'
import type {RunEvent} from '../control/run-events.js'
import {closedAs, hasSwitched} from '../journal/history.js'
import {claimOf, subjectOf} from '../journal/claim.js'
import {MigrationJournal} from '../journal/migration-journal.js'
import {HeartbeatTimer, requireNoOwner, takeClaim, takeOwnership} from './ownership.js'
import type {MigrationPlan} from '../plan/plan.js'
import {type MigrationResult, migrationResult} from './migration-result.js'
import {runMigration, type RunOutcome} from './step-runner.js'
import {requireUnchangedCluster} from '../plan/plan-freshness.js'
import {gapOf, statusOf} from '../journal/status.js'
import {suggestedCommand} from '../../../suggested-command.js'
import {durationText, messageOf} from '../../../wording.js'

/** What every command works with: the broker, the journal, and the user with its process. */
export interface MigrationTools {
  readonly admin: PulsarAdmin
  readonly store: JournalStore
  readonly who: Actor
}

export type RunSettings = Omit<RunOptions, 'admin' | 'journal'>

/**
 * Executes a plan, after a check that the cluster has not changed since the plan was made.
 *
 * @param isPostponed whether it waits for `cutover` before it pauses delivery.
 * @throws Conflict E_PLAN_STALE, E_PLAN_EXPIRED, E_CLAIMED; Pending E_ROLLED_BACK, E_STOPPED; Interrupted.
 */
export async function applyPlan(
  tools: MigrationTools,
  plan: MigrationPlan,
  settings: RunSettings & {readonly isPostponed: boolean},
): Promise<MigrationResult> {
  const {admin, store, who} = tools
  const id = newId(new Date())
  const claim = claimOf(plan, id, who)
  // The journal is created first: every claim then has a journal that shows whether it is still valid.
  await store.create(id, subjectOf(plan))
  const journal = MigrationJournal.begin(store, id, plan, who)
  try {
    const {budgets, isPostponed, soak} = settings
    await journal.addDurably('run', 'intent', {plan, budgets, soak, isPostponed})
    await takeClaim(store, claim)
    requireUnchangedCluster(plan, await collectSnapshot(admin, plan.topic, plan.subscription), new Date())
  } catch (error) {
    await store.release(claim)
    await store.remove(id)
    throw error
  }
  return requireDone(tools, journal, settings, await runClaimed(tools, journal, claim, settings))
}

/**
 * Resumes a migration whose process has exited, from its journal. The soak settings are those of its start.
 *
 * @throws Blocked E_NOTHING_TO_RESUME when it is closed; Conflict E_CLAIMED while its process may be running.
 */
export async function resumeMigration(
  tools: MigrationTools,
  id: string,
  settings: RunSettings & {readonly isTakeOver: boolean},
): Promise<MigrationResult> {
  const {journal, left} = await openForResume(tools, id)
  if (left !== null) {
    await tools.store.release(left)
    return resultOf(tools, journal)
  }
  const claim = await takeOwnership(tools.store, journal, tools.who, takeover(settings))
  const soak = (journal.history[0]?.data['soak'] as RunSettings['soak'] | undefined) ?? settings.soak
  return requireDone(tools, journal, settings, await runClaimed(tools, journal, claim, {...settings, soak}))
}

/**
 * Rolls a migration back to the old type from any step, also when it is done, until it is finished.
 *
 * @throws Blocked E_CANNOT_ROLL_BACK when it is finished or rolled back; Conflict E_CLAIMED while its process may be running: then `abort` sends
 *   the request to that process.
 */
export async function rollBackMigration(
  tools: MigrationTools,
  id: string,
  settings: RunSettings & {readonly isTakeOver: boolean},
): Promise<MigrationResult> {
  const {isRollingBack, journal} = await openForRollback(tools, id)
  const claim = await takeOwnership(tools.store, journal, tools.who, takeover(settings))
  if (!isRollingBack) {
    const reason = `rollback by ${tools.who.user}@${tools.who.host}`
    if (hasSwitched(journal.history)) await journal.addDurably('run', 'intent', {reason}, 'rollback')
    else await journal.addDurably('run', 'undone', {reason})
  }
  await runClaimed(tools, journal, claim, settings)
  return resultOf(tools, journal)
}

/** Checks whether `resumeMigration` can start. Changes nothing. @throws Blocked E_NOTHING_TO_RESUME; Conflict E_CLAIMED. */
export async function requireResumable(tools: MigrationTools, id: string, isTakeOver: boolean): Promise<void> {
  await requireOwnerless(tools, (await openForResume(tools, id)).journal, isTakeOver)
}

/** Checks whether `rollBackMigration` can start. Changes nothing. @throws Blocked E_CANNOT_ROLL_BACK; Conflict E_CLAIMED. */
export async function requireReversible(tools: MigrationTools, id: string, isTakeOver: boolean): Promise<void> {
  await requireOwnerless(tools, (await openForRollback(tools, id)).journal, isTakeOver)
}

/** A takeover waits for the heartbeat of the owner, which is done only after the confirmation. */
async function requireOwnerless(tools: MigrationTools, journal: MigrationJournal, isTakeOver: boolean): Promise<void> {
  if (!isTakeOver) await requireNoOwner(tools.store, journal, tools.who, {isTakeOver, report: () => undefined})
}

/** `left` is the claim of a closed migration. Its process died between closing the journal and releasing the claim. */
async function openForResume(
  tools: MigrationTools,
  id: string,
): Promise<{journal: MigrationJournal; left: Claim | null}> {
  const journal = await MigrationJournal.open(tools.store, id, tools.who)
  const state = closedAs(journal.history)
  if (state === null) return {journal, left: null}
  const holder = await tools.store.holder(subjectOf(journal.plan))
  if (holder?.claim.migrationId === id) return {journal, left: holder.claim}
  throw new Blocked('E_NOTHING_TO_RESUME', `${id} is ${state}; there is nothing to resume`, {
    data: {id, state},
    next: [suggestedCommand('migrate', 'status', id)],
  })
}

async function openForRollback(
  tools: MigrationTools,
  id: string,
): Promise<{journal: MigrationJournal; isRollingBack: boolean}> {
  const journal = await MigrationJournal.open(tools.store, id, tools.who)
  const answer = requestOutcome('rollback', journal.history)
  const isRollingBack = closedAs(journal.history) === null && !answer.isAccepted
  if (!answer.isAccepted && !isRollingBack) throw cannotRollBack(journal, answer.reason)
  return {journal, isRollingBack}
}

async function runClaimed(
  tools: MigrationTools,
  journal: MigrationJournal,
  claim: Claim,
  settings: RunSettings,
): Promise<RunOutcome> {
  const heartbeat = new HeartbeatTimer(tools.store, claim, tools.who)
  const report = (event: RunEvent): void => {
    if (event.kind === 'step') heartbeat.setStatus(event.step, null)
    if (event.kind === 'waiting') heartbeat.setStatus(event.step, event.waitingFor)
    settings.report(event)
  }
  try {
    const outcome = await runMigration({...settings, report, admin: tools.admin, journal})
    await heartbeat.stop()
    await tools.store.release(claim)
    return outcome
  } catch (error) {
    await heartbeat.stop()
    const step = journal.history.at(-1)?.step ?? 'run'
    await settings.hooks?.run('failed', hookVariables(journal, journal.direction, step, null)).catch(() => null)
    throw stopped(journal, error, settings.interrupt.aborted)
  }
}

async function requireDone(
  tools: MigrationTools,
  journal: MigrationJournal,
  {interrupt}: RunSettings,
  {reason, state}: RunOutcome,
): Promise<MigrationResult> {
  if (state === 'done') return resultOf(tools, journal)
  const {id, plan} = journal
  const finishNote =
    plan.newSubscription === null
      ? ''
      : `. Stop the consumers of ${plan.newSubscription} before you finish the migration`
  const message = `${id} was rolled back: ${String(reason)}; delivery to ${plan.subscription} of ${plan.topic} is restored${finishNote}`
  const next = [
    suggestedCommand('migrate', 'status', id),
    ...(plan.newSubscription === null ? [] : [suggestedCommand('migrate', 'finish', id)]),
  ]
  const details = {data: {id, state, reason}, next}
  throw interrupt.aborted
    ? new Interrupted('E_INTERRUPTED', message, details)
    : new Pending('E_ROLLED_BACK', message, details)
}

async function resultOf({admin}: MigrationTools, journal: MigrationJournal): Promise<MigrationResult> {
  return migrationResult(
    journal,
    await collectTopic(admin, parseTopicName(journal.plan.topic), {getPreciseBacklog: true}),
  )
}

/** The error of a run that stopped before its end. */
function stopped(journal: MigrationJournal, cause: unknown, isInterrupted: boolean): KeyshiftError {
  if (cause instanceof Conflict && cause.code === 'E_TAKEN_OVER') return cause
  const {id, plan} = journal
  const {gapMs, step} = statusOf(id, journal.history, journal.requests, null, new Date())
  const reason = messageOf(cause)
  const message = `${id} stopped at ${String(step)}${pauseText(journal, gapMs)}: ${reason}`
  const details = {
    data: {id, topic: plan.topic, subscription: plan.subscription, step, reason},
    next: [
      suggestedCommand('migrate', 'resume', id, '--yes'),
      suggestedCommand('migrate', 'rollback', id, '--yes'),
      suggestedCommand('migrate', 'status', id),
    ],
    cause,
  }
  return isInterrupted ? new Interrupted('E_INTERRUPTED', message, details) : new Pending('E_STOPPED', message, details)
}

/** The delivery pause. It has ended if a failed rollback has resumed delivery to the new consumers. */
function pauseText({history}: MigrationJournal, gapMs: number | null): string {
  if (gapMs === null) return ''
  return gapOf(history, null) === null
    ? `, delivery has been paused for ${durationText(gapMs)}`
    : `, delivery was paused for ${durationText(gapMs)} and has resumed`
}

function cannotRollBack({id, plan}: MigrationJournal, reason: string): Blocked {
  const {from, subscription, topic} = plan
  return new Blocked('E_CANNOT_ROLL_BACK', `${id} cannot be rolled back: ${reason}`, {
    data: {id, reason},
    next: [
      suggestedCommand('migrate', 'status', id),
      suggestedCommand('migrate', 'plan', topic, subscription, '--to', from),
    ],
  })
}

function takeover({
  isTakeOver,
  report,
}: RunSettings & {readonly isTakeOver: boolean}): Parameters<typeof takeOwnership>[3] {
  return {
    isTakeOver,
    report: (waitingFor, forMs) => {
      report({kind: 'waiting', step: 'take-over', waitingFor, forMs})
    },
  }
}

/** An unused id that sorts by time: `20261123-140509-3fa9`. */
function newId(now: Date): string {
  const stamp = now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15)
  return `${stamp}-${randomBytes(2).toString('hex')}`
}
