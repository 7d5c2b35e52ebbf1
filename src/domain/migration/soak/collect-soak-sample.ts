import type {SubscriptionStats, TopicStats} from '../../../clients/pulsar-admin/types.js'
import {detectAssignment, NO_FACTS} from '../../keys/assignment/detect-selector.js'
import {rangesOfPartition} from '../../keys/ranges/partition-ranges.js'
import {countSlots} from '../../keys/selectors/slot-ranges.js'
import type {StepContext} from '../steps/step.js'
import {sampleTopic} from '../broker/collect-samples.js'
import type {SoakPartition, SoakSample} from './soak-window.js'

/**
 * Samples the subscription that delivers now, and the consumers of the one that should have none.
 *
 * @param left the subscription that should have no consumers; null where both are the same.
 */
export async function sampleNewConsumers(
  context: StepContext,
  target: string,
  left: string | null,
): Promise<SoakSample> {
  const rows = await sampleTopic(context, {getEarliestTimeInBacklog: true})
  const names = rows.flatMap(({stats}) =>
    left === null ? [] : (stats.subscriptions?.[left]?.consumers ?? []).map(({consumerName}) => consumerName ?? ''),
  )
  return {
    atMs: Date.now(),
    oldConsumers: [...new Set(names)].toSorted(),
    partitions: rows.map(({partition, stats}) => partitionOf(context, partition, stats, target)),
  }
}

function partitionOf(
  {partitions, topic}: StepContext,
  partition: number | null,
  stats: TopicStats,
  target: string,
): SoakPartition {
  const subscription = stats.subscriptions?.[target] ?? {}
  const name = partitions.find((row) => row.partition === partition)?.name ?? topic
  const consumers = subscription.consumers ?? []
  return {
    partition,
    type: subscription.type ?? null,
    inMessages: stats.msgInCounter ?? null,
    outMessages: subscription.msgOutCounter ?? null,
    backlogEntries: subscription.msgBacklog ?? null,
    unackedMessages: subscription.unackedMessages ?? null,
    oldestPublishedMs: subscription.earliestMsgPublishTimeInBacklog ?? null,
    slotsWithoutOwner: uncoveredSlots({partition, name, stats, subscription}),
    consumers: consumers.map(({consumerName, unackedMessages}) => ({
      name: consumerName ?? '',
      unackedMessages: unackedMessages ?? 0,
    })),
    hasBatches: consumers.some(({avgMessagesPerEntry}) => (avgMessagesPerEntry ?? 0) > 1),
  }
}

function uncoveredSlots(row: Parameters<typeof rangesOfPartition>[0] & {subscription: SubscriptionStats}): number {
  if (row.subscription.type !== 'Key_Shared' || (row.subscription.consumers ?? []).length === 0) return 0
  const {coverage} = rangesOfPartition(row, detectAssignment(row.subscription, NO_FACTS))
  return countSlots(coverage?.missing ?? [])
}
