import {setTimeout as delay} from 'node:timers/promises'

import type {PulsarAdmin} from '../../../clients/pulsar-admin/admin.js'
import {
  type CollectedSubscription,
  collectPartitionAgain,
  type SubscriptionPartition,
} from '../../topic-stats/collect-topic-stats.js'
import {hasUnownedSlots} from './reported-consumers.js'

const MAX_RETRIES = 5
const RETRY_PAUSE_MS = 30

/**
 * Reads partitions again whose statistics were taken while consumers joined or left. Such a state lasts milliseconds; if slots
 * are still unowned after several retries, the last statistics are returned.
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
  for (let retry = 0; retry < MAX_RETRIES && hasUnownedSlots(row.subscription); retry++) {
    await delay(RETRY_PAUSE_MS)
    row = await collectPartitionAgain(admin, collected, row.partition)
  }
  return row
}
