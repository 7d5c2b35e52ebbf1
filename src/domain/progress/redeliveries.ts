import type {PartitionSample} from './ack-progress.js'
import {rise} from './counters.js'
import {FEWEST_REDELIVERIES} from './thresholds.js'

/**
 * How many messages were delivered again between the first and the last sample, although nothing at the mark-delete position
 * was acknowledged; null if there were too few, or if the statistics do not show it.
 *
 * Without redelivery, the deliveries equal the acknowledged messages plus the rise of unacked messages. The backlog counts
 * entries and the other counters count messages, so with batches the comparison is only possible if nothing was
 * acknowledged. Otherwise the broker's own rate of the last minute is the evidence.
 */
export function redeliveriesOf(samples: readonly PartitionSample[]): number | null {
  const [first, last] = [samples[0], samples.at(-1)]
  if (!first || !last || first === last) return null
  const [before, now] = [first.subscription, last.subscription]
  const isHeld = before.lastMarkDeleteAdvancedTimestamp === now.lastMarkDeleteAdvancedTimestamp
  const delivered = rise(before.msgOutCounter, now.msgOutCounter)
  if (!isHeld || (now.msgBacklog ?? 0) <= 0 || delivered === null) return null
  const acked = ackedMessages(first, last)
  if (acked === null) return byRate(first, last)
  const again = delivered - acked - Math.max(0, (now.unackedMessages ?? 0) - (before.unackedMessages ?? 0))
  return again >= FEWEST_REDELIVERIES ? again : null
}

/** Messages acknowledged between two samples; null if unknown. */
function ackedMessages(first: PartitionSample, last: PartitionSample): number | null {
  const published = rise(first.stats.msgInCounter, last.stats.msgInCounter)
  const [before, now] = [first.subscription.msgBacklog, last.subscription.msgBacklog]
  if (before === undefined || now === undefined) return null
  const isBatched = (last.subscription.consumers ?? []).some(({avgMessagesPerEntry = 0}) => avgMessagesPerEntry > 1)
  if (isBatched) return now === before && published === 0 ? 0 : null
  return published === null ? null : Math.max(0, published - (now - before))
}

function byRate(first: PartitionSample, last: PartitionSample): number | null {
  const rates = [first, last].map(({subscription}) => subscription.msgRateRedeliver ?? 0)
  const perMinute = Math.round(Math.min(...rates) * 60)
  return perMinute >= FEWEST_REDELIVERIES ? perMinute : null
}
