import {murmur3} from '../keys/hashing/murmur3.js'
import {stickyKeyOf} from '../keys/hashing/sticky-key.js'
import type {SampledEntry} from './sampled-entry.js'

/** Maximum number of distinct hashes per partition. */
const HASHES = 100_000

/** Counts messages by the hash that the broker uses to dispatch their entry, to weight the slots of a key space. */
export class HashCounts {
  /** One map per partition. */
  readonly weights: Array<Map<number, number>>
  private readonly majorVersion: number

  /** @param majorVersion of the broker: 4.0 changed the dispatch of messages without a key. */
  constructor(partitions: number, majorVersion: number) {
    this.weights = Array.from({length: partitions}, () => new Map<number, number>())
    this.majorVersion = majorVersion
  }

  add({chunk, dispatch, hasUncertainKey, messageCount, partition}: SampledEntry): void {
    const weights = this.weights[partition]
    // The hash of a message without a key depends on the producer name; without that it is unknown.
    const isKeyed = dispatch.partitionKey !== null || dispatch.orderingKey !== null || dispatch.producerName !== null
    if (!weights || !isKeyed || hasUncertainKey || (chunk && chunk.index > 0)) return
    const hash = murmur3(stickyKeyOf(dispatch, this.majorVersion))
    const known = weights.get(hash)
    if (known !== undefined || weights.size < HASHES) weights.set(hash, (known ?? 0) + messageCount)
  }
}
