import {setTimeout as delay} from 'node:timers/promises'

import type {PulsarAdmin} from '../../../clients/pulsar-admin/admin.js'
import {
  type CollectedSubscription,
  collectPartitionAgain,
  type SubscriptionPartition,
} from '../../topic-stats/collect-topic-stats.js'
import {hasUnownedSlots} from './reported-consumers.js'

const TIMES = 5
const PAUSE_MS = 30

/**
 * Reads partitions again that were read in the middle of a change. It is over in a moment; what is still so after a few
 * times is given as it is.
 */
export async function collectConsistentStats(
  admin: PulsarAdmin,
  collected: CollectedSubscription,
): Promise<CollectedSubscription> {
  const partitions = await Promise.all(collected.partitions.map((row) => consistentRow(admin, collected, row)))
  return {...collected, partitions}
}

async function consistentRow(
  admin: PulsarAdmin,
  collected: CollectedSubscription,
  first: SubscriptionPartition,
): Promise<SubscriptionPartition> {
  let row = first
  for (let time = 0; time < TIMES && hasUnownedSlots(row.subscription); time++) {
    await delay(PAUSE_MS)
    row = await collectPartitionAgain(admin, collected, row.partition)
  }
  return row
}
