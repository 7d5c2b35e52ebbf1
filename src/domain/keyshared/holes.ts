import type {SubscriptionStats} from '../../clients/pulsar-admin/types.js'
import {coverageOf, KEY_SLOTS} from './ranges.js'
import {reportedConsumers} from './reported.js'

/**
 * Whether statistics leave slots to nobody though AUTO_SPLIT always gives each to somebody. A broker lists its consumers and
 * their ranges one after the other: read in between, who is just leaving is in the ranges and in the list no more.
 */
export function hasHoles(stats: SubscriptionStats): boolean {
  if (stats.type !== 'Key_Shared' || stats.keySharedMode === 'STICKY') return false
  const consumers = reportedConsumers(stats)
  const claimed = consumers.flatMap(({ranges}) => ranges)
  // Consistent hashing before 4.0 has a larger space than the others: it goes on to where somebody owns something.
  const end = claimed.reduce((most, range) => Math.max(most, range.end), KEY_SLOTS.end)
  return consumers.length > 0 && coverageOf(claimed, {...KEY_SLOTS, end}).missing.length > 0
}
