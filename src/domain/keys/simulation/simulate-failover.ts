import type {CollectedSubscription} from '../../topic-stats/collect-topic-stats.js'
import type {BrokerFacts} from '../assignment/detect-selector.js'
import {activeConsumer} from '../selectors/failover-selector.js'
import {afterChange, type ConsumerChange} from './consumer-change.js'

export interface FailoverChoice {
  /** null on a plain topic */
  partition: number | null
  before: string | null
  after: string | null
}

/** The active consumer of each partition after the change, if the subscription were Failover. */
export function simulatedFailover(
  collected: CollectedSubscription,
  change: ConsumerChange,
  {settings}: BrokerFacts,
): FailoverChoice[] {
  return collected.partitions.map(({name, partition, subscription}) => {
    const connected = (subscription.consumers ?? []).map(({consumerName}) => consumerName ?? '')
    const members = afterChange(connected, change).map((one) => ({name: one, priorityLevel: 0}))
    const usesConsistentHashing = settings?.failoverUsesConsistentHashing ?? false
    const active = activeConsumer(members, {topic: name.full, partition, usesConsistentHashing})
    return {partition, before: subscription.activeConsumerName ?? null, after: active?.name ?? null}
  })
}
