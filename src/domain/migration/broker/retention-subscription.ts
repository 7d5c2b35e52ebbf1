import {orOnStatus} from '../../../clients/pulsar-admin/admin-refused.js'
import type {BrokerContext} from './broker-context.js'
import {deleteOn} from './subscription-placement.js'

/** A subscription without consumers that retains the messages while the migrated subscription is recreated. */
const RETENTION_SUBSCRIPTION = '__keyshift-retention'

/** Created before the pause, at the oldest stored message. Only a Failover subscription is recreated: see disconnect. */
export async function createRetention(context: BrokerContext): Promise<void> {
  if (context.direction.from !== 'Failover' || !isInPlace(context)) return
  await orOnStatus(409, context.admin.createSubscription(context.topic, RETENTION_SUBSCRIPTION, 'earliest'), undefined)
}

/** Also deletes the one of the other direction, if that was interrupted. */
export async function deleteRetention(context: BrokerContext): Promise<void> {
  if (!isInPlace(context) || (context.plan.from !== 'Failover' && context.plan.to !== 'Failover')) return
  await deleteOn(context, RETENTION_SUBSCRIPTION, context.partitions)
}

function isInPlace({plan}: BrokerContext): boolean {
  return plan.strategy === 'in-place'
}
