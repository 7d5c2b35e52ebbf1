import type {SubscriptionStats} from '../../clients/pulsar-admin/types.js'
import {reportedConsumers} from './reported.js'

/** Ranges begin here at the latest: from 4.0 on slot 0 means that there is none. */
const FIRST = 1
/** The smallest key space ends here. */
const LAST = 65_535

/**
 * Whether statistics leave slots to nobody though AUTO_SPLIT always gives each to somebody. A broker lists its consumers and
 * their ranges one after the other: read in between, who is just leaving is in the ranges and in the list no more.
 */
export function hasHoles(stats: SubscriptionStats): boolean {
  const consumers = reportedConsumers(stats)
  if (stats.type !== 'Key_Shared' || stats.keySharedMode === 'STICKY' || consumers.length === 0) return false
  let next = FIRST
  for (const {end, start} of consumers.flatMap(({ranges}) => ranges).toSorted((a, b) => a.start - b.start)) {
    if (start > next) return true
    next = Math.max(next, end + 1)
  }
  return next <= LAST
}
