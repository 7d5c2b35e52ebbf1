import {unlessRefused} from '../../../clients/pulsar-admin/admin-refused.js'
import type {BrokerContext} from './broker-context.js'
import {deleteOn} from './subscription-placement.js'

/** A subscription without consumers that keeps the messages while the migrated one is made anew. */
const RETENTION_SUBSCRIPTION = '__keyshift-retention'

/** Made before the pause, at the oldest message that is still kept. Only Failover is made anew: see evict. */
export async function createRetention(context: BrokerContext): Promise<void> {
  if (context.direction.from !== 'Failover' || !isInPlace(context)) return
  await unlessRefused(
    409,
    context.admin.createSubscription(context.topic, RETENTION_SUBSCRIPTION, 'earliest'),
    undefined,
  )
}

/** Also one that the other leg made, when it was cut off. */
export async function deleteRetention(context: BrokerContext): Promise<void> {
  if (!isInPlace(context) || (context.plan.from !== 'Failover' && context.plan.to !== 'Failover')) return
  await deleteOn(context, RETENTION_SUBSCRIPTION, context.partitions)
}

function isInPlace({plan}: BrokerContext): boolean {
  return plan.strategy === 'in-place'
}
