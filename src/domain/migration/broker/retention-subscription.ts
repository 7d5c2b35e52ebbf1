import {unlessRefused} from '../../../clients/pulsar-admin/admin-refused.js'
import type {BrokerContext} from './broker-context.js'
import {deleteOn} from './subscription-placement.js'

/** A subscription without consumers that keeps the messages while the migrated one is made anew. */
const KEEPER = '__keyshift-keeper'

/** Made before the pause, at the oldest message that is still kept. Only Failover is made anew: see evict. */
export async function makeKeeper(context: BrokerContext): Promise<void> {
  if (context.leg.from !== 'Failover' || !isInPlace(context)) return
  await unlessRefused(409, context.admin.createSubscription(context.topic, KEEPER, 'earliest'), undefined)
}

/** Also one that the other leg made, when it was cut off. */
export async function deleteKeeper(context: BrokerContext): Promise<void> {
  if (!isInPlace(context) || (context.plan.from !== 'Failover' && context.plan.to !== 'Failover')) return
  await deleteOn(context, KEEPER, context.partitions)
}

function isInPlace({plan}: BrokerContext): boolean {
  return plan.strategy === 'in-place'
}
