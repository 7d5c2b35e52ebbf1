import type {PulsarAdmin} from '../../../clients/pulsar-admin/admin.js'
import type {AutoSubscriptionCreation, SubscriptionType} from '../../../clients/pulsar-admin/types.js'
import {canonicalJson} from '../../../digest.js'
import {Blocked, Conflict} from '../../../errors.js'
import {parseTopicName} from '../../../topic-name.js'
import {collectTopic} from '../../topic-stats/collect-topic-stats.js'
import {isSame, typesWithout} from '../broker/allowed-types.js'
import {closedAs, isUndoing, originalOf} from '../journal/history.js'
import {MigrationLedger} from '../journal/migration-journal.js'
import {legOf} from '../plan/direction.js'
import type {MigrationTools} from './run-migration.js'
import {takeOwnership} from './ownership.js'
import type {MigrationPlan} from '../plan/plan.js'
import {foldStatus, type MigrationStatus} from '../journal/status.js'

/**
 * Lifts what keeps the fleet that is not used any more out: the fence, or the door. It closes the way back.
 *
 * @throws Blocked E_NOT_DONE; Conflict E_WORLD_CHANGED when the subscription is no longer of its type, or somebody
 *   changed the policy since.
 */
export async function finishMigration(tools: MigrationTools, id: string): Promise<MigrationStatus> {
  const ledger = await MigrationLedger.open(tools.store, id, tools.who)
  const status = foldStatus(id, ledger.history, ledger.requests, null, new Date())
  if (!status.isFenced || closedAs(ledger.history) === null) {
    const message = `${id} is ${status.state}; only what is over and still keeps a fleet out can be finished`
    throw new Blocked('E_NOT_DONE', message, {data: {id, state: status.state}})
  }
  const claim = await takeOwnership(tools.store, ledger, tools.who, {isTakeOver: false, report: () => undefined})
  try {
    await liftBarrier(tools.admin, ledger)
    await ledger.append('run', 'closed', {state: 'finished'})
  } finally {
    await tools.store.release(claim)
  }
  return foldStatus(id, ledger.history, ledger.requests, null, new Date())
}

/** @throws Conflict E_WORLD_CHANGED. */
async function liftBarrier(admin: PulsarAdmin, ledger: MigrationLedger): Promise<void> {
  const {history, plan} = ledger
  const topic = parseTopicName(plan.topic)
  const leg = legOf(plan, ledger.leg)
  const [target, to] = isUndoing(history) ? [leg.source, leg.from] : [leg.target, leg.to]
  const {partitions} = await collectTopic(admin, topic)
  const open = partitions.find(({stats}) => {
    const found = stats.subscriptions?.[target]
    return found?.type !== to || (found.consumers ?? []).length === 0
  })
  if (open) {
    const message = `${plan.topic} ${target} has no ${to} consumer on every partition: without the barrier, other consumers could take it`
    throw new Conflict('E_WORLD_CHANGED', message, {data: {partition: open.partition, subscription: target}})
  }
  if (plan.strategy === 'in-place') {
    const before = (originalOf(history, 'fence')?.['types'] ?? null) as SubscriptionType[] | null
    const now = await admin.subscriptionTypes(topic)
    const ours = typesWithout(plan, plan.from)
    if (!isSame(now, before)) requireUnchanged('subscriptionTypesEnabled', plan, now, ours)
    await ledger.append('finish', 'intent', {types: before})
    await admin.setSubscriptionTypes(topic, before)
  } else {
    const before = (originalOf(history, 'door')?.['door'] ?? null) as AutoSubscriptionCreation | null
    const now = await admin.autoSubscriptionCreation(topic)
    if (canonicalJson(now) !== canonicalJson(before)) {
      requireUnchanged('autoSubscriptionCreation', plan, now, {allowAutoSubscriptionCreation: false})
    }
    await ledger.append('finish', 'intent', {door: before})
    await admin.setAutoSubscriptionCreation(topic, before)
  }
}

function requireUnchanged(field: string, {topic}: MigrationPlan, found: unknown, expected: unknown): void {
  if (canonicalJson(found) === canonicalJson(expected)) return
  throw new Conflict('E_WORLD_CHANGED', `${field} of ${topic} was changed since; it is left as it is`, {
    data: {expected, found},
  })
}
