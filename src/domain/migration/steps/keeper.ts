import {AdminRefused} from '../../../clients/pulsar-admin/http.js'
import type {StepContext} from '../step.js'

/** A subscription without consumers that keeps the messages while the migrated one is made anew. */
const KEEPER = '__keyshift-keeper'

/** Only Failover, in place, is made anew: see evict. */
function isNeeded({leg, plan}: StepContext): boolean {
  return plan.strategy === 'in-place' && leg.from === 'Failover'
}

/** Made before the pause, at the oldest message that is still kept. */
export async function makeKeeper(context: StepContext): Promise<void> {
  if (!isNeeded(context)) return
  await unlessRefused(409, context.admin.createSubscription(context.topic, KEEPER, 'earliest'))
}

export async function deleteKeeper(context: StepContext): Promise<void> {
  if (!isNeeded(context)) return
  await Promise.all(
    context.partitions.map(({name}) => unlessRefused(404, context.admin.deleteSubscription(name, KEEPER))),
  )
}

async function unlessRefused(status: number, action: Promise<void>): Promise<void> {
  try {
    await action
  } catch (error) {
    if (!(error instanceof AdminRefused) || error.status !== status) throw error
  }
}
