import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import type {BrokerFacts} from '../keys/assignment/detect-selector.js'
import type {CollectedSubscription} from '../topic-stats/collect-topic-stats.js'
import {collectSample, type SampleOptions} from './collect-message-sample.js'
import {HashTally} from './hash-counts.js'

/** Samples a backlog for how many messages go to which hash, partition by partition. */
export async function collectWeights(
  admin: PulsarAdmin,
  collected: CollectedSubscription,
  facts: BrokerFacts,
  options: SampleOptions,
): Promise<Array<Map<number, number>>> {
  const tally = new HashTally(collected.partitions.length, facts.version?.major ?? 4)
  await collectSample(admin, collected, {
    ...options,
    onEntry: (entry) => {
      tally.add(entry)
    },
  })
  return tally.weights
}
