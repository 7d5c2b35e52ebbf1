import {randomBytes} from 'node:crypto'

import {type Actor, canonicalJson, type JournalStore} from '../../clients/journal/journal.js'
import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import type {SubscriptionType} from '../../clients/pulsar-admin/types.js'
import {Blocked, Conflict} from '../../errors.js'
import {parseTopicName} from '../../topic-name.js'
import {collectSubscription} from '../subscriptions/collect.js'
import {collectSnapshot} from './collect.js'
import {MigrationLedger} from './ledger.js'
import type {MigrationPlan} from './plan.js'
import {type MigrationResult, migrationResult} from './result.js'
import {runMigration, type RunOptions} from './runner.js'
import {requireFresh} from './stale.js'
import {foldStatus, type MigrationStatus} from './status.js'

/** What every verb works with: an open broker, an open journal, and who asks. */
export interface MigrationTools {
  readonly admin: PulsarAdmin
  readonly store: JournalStore
  readonly who: Actor
}

export type RunSettings = Omit<RunOptions, 'admin' | 'ledger'>

/**
 * Carries out a plan, after looking again whether the world is as it saw it.
 *
 * @throws Conflict E_PLAN_STALE, E_PLAN_EXPIRED, E_CLAIMED; and what runMigration throws.
 */
export async function applyPlan(
  tools: MigrationTools,
  plan: MigrationPlan,
  settings: RunSettings,
): Promise<MigrationResult> {
  const ledger = new MigrationLedger(tools.store, newId(new Date()), plan, tools.who)
  await claim(tools, ledger, false)
  try {
    requireFresh(plan, await collectSnapshot(tools.admin, plan.topic, plan.subscription), new Date())
    await ledger.append('run', 'intent', {plan, budgets: settings.budgets})
  } catch (error) {
    await tools.store.release(subjectOf(plan), ledger.id)
    throw error
  }
  return carryOn(tools, ledger, settings)
}

/**
 * Goes on with a migration whose process is gone, from where its journal stands.
 *
 * @throws Blocked E_NOTHING_TO_RESUME when it is over; Conflict E_CLAIMED while its process may live.
 */
export async function resumeMigration(
  tools: MigrationTools,
  id: string,
  settings: RunSettings & {readonly isTakeOver: boolean},
): Promise<MigrationResult> {
  const ledger = await MigrationLedger.open(tools.store, id, tools.who)
  const {state} = foldStatus(id, ledger.history, new Date())
  if (state !== 'running') {
    throw new Blocked('E_NOTHING_TO_RESUME', `${id} is ${state}; there is nothing to resume`, {
      data: {id, state},
      next: [`keyshift migrate status ${id}`],
    })
  }
  await claim(tools, ledger, settings.isTakeOver)
  // Read again: until it was gone, the other process may have written more.
  return carryOn(tools, await MigrationLedger.open(tools.store, id, tools.who), settings)
}

/**
 * Lifts the fence of a migration that is done, which closes the way for a quick return to the old type.
 *
 * @throws Blocked E_NOT_DONE; Conflict E_WORLD_CHANGED when the subscription is no longer of the new type, or somebody
 *   changed the policy since.
 */
export async function finishMigration(tools: MigrationTools, id: string): Promise<MigrationStatus> {
  const ledger = await MigrationLedger.open(tools.store, id, tools.who)
  const {state} = foldStatus(id, ledger.history, new Date())
  if (state !== 'done') {
    const message = `${id} is ${state}; only a migration that is done can be finished`
    throw new Blocked('E_NOT_DONE', message, {data: {id, state}})
  }
  const {types} = ledger.captured('fence') as {types: SubscriptionType[] | null}
  if (await isFenceStanding(tools.admin, ledger.plan, types)) {
    await ledger.append('finish', 'intent', {types})
    await tools.admin.setSubscriptionTypes(parseTopicName(ledger.plan.topic), types)
  }
  await ledger.append('fence', 'undone')
  await ledger.append('run', 'closed', {state: 'finished'})
  return foldStatus(id, ledger.history, new Date())
}

/** Every migration the journal knows, or the one that was asked for. */
export async function listMigrations(store: JournalStore, id: string | undefined): Promise<MigrationStatus[]> {
  const ids = id === undefined ? await store.list() : [id]
  const now = new Date()
  return Promise.all(ids.map(async (one) => foldStatus(one, await store.read(one), now)))
}

async function carryOn(
  tools: MigrationTools,
  ledger: MigrationLedger,
  settings: RunSettings,
): Promise<MigrationResult> {
  try {
    await runMigration({...settings, admin: tools.admin, ledger})
  } finally {
    const {state} = foldStatus(ledger.id, ledger.history, new Date())
    if (state !== 'running') await tools.store.release(subjectOf(ledger.plan), ledger.id)
  }
  return migrationResult(ledger, await collectSubscription(tools.admin, ledger.plan.topic, ledger.plan.subscription))
}

async function claim({store, who}: MigrationTools, ledger: MigrationLedger, isTakeOver: boolean): Promise<void> {
  const since = new Date().toISOString()
  await store.claim(subjectOf(ledger.plan), {migrationId: ledger.id, who, since}, isTakeOver)
}

/**
 * Whether the fence is still to be lifted: false when a finish that was cut off has lifted it.
 *
 * @throws Conflict E_WORLD_CHANGED when lifting it would let old consumers in, or would undo somebody else's change.
 */
async function isFenceStanding(
  admin: PulsarAdmin,
  plan: MigrationPlan,
  before: readonly SubscriptionType[] | null,
): Promise<boolean> {
  const {collected, policies} = await collectSnapshot(admin, plan.topic, plan.subscription)
  const open = collected.partitions.find(
    ({subscription}) => subscription.type !== plan.to || (subscription.consumers ?? []).length === 0,
  )
  if (open) {
    const message = `${plan.topic} ${plan.subscription} has no ${plan.to} consumer on every partition: without the fence, ${plan.from} consumers could take it`
    const data = {partition: open.partition, type: open.subscription.type ?? 'None'}
    throw new Conflict('E_WORLD_CHANGED', message, {data})
  }
  const found = canonicalJson(policies.subscriptionTypesEnabled)
  if (found === canonicalJson(before)) return false
  if (found === canonicalJson(plan.fencedTypes)) return true
  throw new Conflict(
    'E_WORLD_CHANGED',
    `subscriptionTypesEnabled of ${plan.topic} was changed since; it is left as it is`,
    {data: {expected: plan.fencedTypes, found: policies.subscriptionTypesEnabled}},
  )
}

/** One run at a time for each subscription of each topic of each cluster. */
function subjectOf({cluster, subscription, topic}: MigrationPlan): string {
  return JSON.stringify([cluster, topic, subscription])
}

/** Sorts by time, and does not repeat: `20261123-140509-3fa9`. */
function newId(now: Date): string {
  const stamp = now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15)
  return `${stamp}-${randomBytes(2).toString('hex')}`
}
