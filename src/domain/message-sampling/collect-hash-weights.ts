import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import type {BrokerFacts} from '../keys/assignment/detect-selector.js'
import type {CollectedSubscription} from '../topic-stats/collect-topic-stats.js'
import {collectSample, type SampleOptions} from './collect-message-sample.js'
import {HashCounts} from './hash-counts.js'

/** Samples a backlog and counts messages by sticky-key hash, for each partition. */
export async function collectWeights(
  admin: PulsarAdmin,
  collected: CollectedSubscription,
  facts: BrokerFacts,
  options: SampleOptions,
): Promise<Array<Map<number, number>>> {
  const counts = new HashCounts(collected.partitions.length, facts.version?.major ?? 4)
  await collectSample(admin, collected, {
    ...options,
    onEntry: (entry) => {
      counts.add(entry)
    },
  })
  return counts.weights
}
