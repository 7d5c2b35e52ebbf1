import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import type {BrokerFacts} from '../keys/assignment/detect-selector.js'
import {hashOfEntry} from './slot-keys.js'
import type {CollectedSubscription} from '../topic-stats/collect-topic-stats.js'
import {collectSample, type SampleOptions} from './collect-message-sample.js'
import type {SampledEntry} from './sampled-entry.js'

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

/** Maximum number of distinct hashes per partition. */
const HASHES = 100_000

/** Counts messages by the hash that the broker uses to dispatch their entry, to weight the slots of a key space. */
class HashCounts {
  /** One map per partition. */
  readonly weights: Array<Map<number, number>>
  private readonly majorVersion: number

  /** @param majorVersion of the broker: 4.0 changed the dispatch of messages without a key. */
  constructor(partitions: number, majorVersion: number) {
    this.weights = Array.from({length: partitions}, () => new Map<number, number>())
    this.majorVersion = majorVersion
  }

  add(entry: SampledEntry): void {
    const {chunk, messageCount, partition} = entry
    const weights = this.weights[partition]
    const hash = hashOfEntry(entry, this.majorVersion)
    if (!weights || hash === null || (chunk && chunk.index > 0)) return
    const known = weights.get(hash)
    if (known !== undefined || weights.size < HASHES) weights.set(hash, (known ?? 0) + messageCount)
  }
}
