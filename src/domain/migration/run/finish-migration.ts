import type {PulsarAdmin} from '../../../clients/pulsar-admin/admin.js'
import {canonicalJson} from '../../../digest.js'
import {Blocked, Conflict} from '../../../errors.js'
import {parseTopicName} from '../../../topic-name.js'
import {partitionLabel} from '../../../wording.js'
import {collectTopic} from '../../topic-stats/collect-topic-stats.js'
import {allowedTypesWithout, haveSameTypes} from '../broker/allowed-types.js'
import {TopicPolicyWriter} from '../broker/paused-policies.js'
import {closedAs, isRollingBackBeforeSwitch, pausedSubscriptions} from '../journal/history.js'
import {MigrationJournal} from '../journal/migration-journal.js'
import {directionPlanOf} from '../plan/direction.js'
import type {MigrationTools} from './run-migration.js'
import {takeOwnership} from './ownership.js'
import type {MigrationPlan} from '../plan/plan.js'
import {originalCapture} from '../steps/step-records.js'
import {type MigrationStatus, statusOf} from '../journal/status.js'

/** The journal of a migration that can be finished. Changes nothing. @throws Blocked E_NOT_COMPLETED. */
export async function openForFinish(tools: MigrationTools, id: string): Promise<MigrationJournal> {
  const journal = await MigrationJournal.open(tools.store, id, tools.who)
  const status = statusOf(id, journal.history, journal.requests, null, new Date())
  if (!status.hasRestrictions || closedAs(journal.history) === null) {
    const message = `${id} is ${status.state}; only a completed migration whose restrictions are still set can be finished`
    throw new Blocked('E_NOT_COMPLETED', message, {data: {id, state: status.state}})
  }
  return journal
}

/**
 * Removes the policy that blocks the unused consumers: the type restriction or the auto-create block. After that the
 * migration cannot be rolled back.
 *
 * @throws Blocked E_NOT_COMPLETED; Conflict E_CLUSTER_CHANGED when the subscription no longer has its type, or the policy was
 *   changed since.
 */
export async function finishMigration(tools: MigrationTools, id: string): Promise<MigrationStatus> {
  const journal = await openForFinish(tools, id)
  const claim = await takeOwnership(tools.store, journal, tools.who, {isTakeOver: false, report: () => undefined})
  try {
    await removeRestrictions(tools.admin, journal)
    await journal.addDurably('run', 'closed', {state: 'finished'})
  } finally {
    await tools.store.release(claim)
  }
  return statusOf(id, journal.history, journal.requests, null, new Date())
}

/** @throws Conflict E_CLUSTER_CHANGED. */
async function removeRestrictions(admin: PulsarAdmin, journal: MigrationJournal): Promise<void> {
  const {history, plan} = journal
  const topic = parseTopicName(plan.topic)
  const direction = directionPlanOf(plan, journal.direction)
  const [target, to] = isRollingBackBeforeSwitch(history)
    ? [direction.source, direction.from]
    : [direction.target, direction.to]
  const {partitions} = await collectTopic(admin, topic)
  const open = partitions.find(({stats}) => {
    const found = stats.subscriptions?.[target]
    return found?.type !== to || (found.consumers ?? []).length === 0
  })
  if (open) {
    const message = `${target} of ${plan.topic} has no ${to} consumer on ${partitionLabel(open.partition)}: without the restrictions, other consumers could connect to it`
    throw new Conflict('E_CLUSTER_CHANGED', message, {data: {partition: open.partition, subscription: target}})
  }
  const policies = new TopicPolicyWriter(admin, topic, plan.brokerVersion, () => pausedSubscriptions(history))
  if (plan.strategy === 'in-place') {
    const before = originalCapture(history, 'restrict-types')?.types ?? null
    const now = await policies.types()
    const ours = allowedTypesWithout(plan, plan.from)
    if (!haveSameTypes(now, before)) requireUnchanged('subscriptionTypesEnabled', plan, now, ours)
    await journal.addDurably('finish', 'intent', {types: before})
    await policies.setTypes(before)
  } else {
    const before = originalCapture(history, 'block-auto-create')?.autoCreation ?? null
    const now = await policies.autoCreation()
    if (canonicalJson(now) !== canonicalJson(before)) {
      requireUnchanged('autoSubscriptionCreation', plan, now, {allowAutoSubscriptionCreation: false})
    }
    await journal.addDurably('finish', 'intent', {autoCreation: before})
    await policies.setAutoCreation(before)
  }
}

function requireUnchanged(field: string, {topic}: MigrationPlan, found: unknown, expected: unknown): void {
  if (canonicalJson(found) === canonicalJson(expected)) return
  throw new Conflict(
    'E_CLUSTER_CHANGED',
    `${field} of ${topic} was changed after the migration; keyshift does not overwrite it`,
    {
      data: {expected, found},
    },
  )
}
