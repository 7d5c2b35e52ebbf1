import {murmur3} from '../keys/hashing/murmur3.js'
import {stickyKeyOf} from '../keys/hashing/sticky-key.js'
import type {SampledEntry} from './sampled-entry.js'

/** Distinct hashes that are kept on a partition. */
const HASHES = 100_000

/** Counts messages by the hash that the broker dispatches their entry by, so that a key space can be weighed. */
export class HashCounts {
  /** One for each partition. */
  readonly weights: Array<Map<number, number>>
  private readonly majorVersion: number

  /** @param majorVersion of the broker: what it makes of messages without a key has changed with 4.0. */
  constructor(partitions: number, majorVersion: number) {
    this.weights = Array.from({length: partitions}, () => new Map<number, number>())
    this.majorVersion = majorVersion
  }

  add({chunk, dispatch, hasUncertainKey, messageCount, partition}: SampledEntry): void {
    const weights = this.weights[partition]
    // Without the producer's name, where a message without a key goes can't be told.
    const isKeyed = dispatch.partitionKey !== null || dispatch.orderingKey !== null || dispatch.producerName !== null
    if (!weights || !isKeyed || hasUncertainKey || (chunk && chunk.index > 0)) return
    const hash = murmur3(stickyKeyOf(dispatch, this.majorVersion))
    const known = weights.get(hash)
    if (known !== undefined || weights.size < HASHES) weights.set(hash, (known ?? 0) + messageCount)
  }
}
