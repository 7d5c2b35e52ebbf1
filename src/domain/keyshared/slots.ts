import {murmur3} from './murmur3.js'

/** Slots of a consistent-hashing dispatcher since Pulsar 4.0; slot 0 is kept by the broker to say "hash not set". */
const CONSISTENT_HASHING_SLOTS = 65_535

/**
 * The slot that a 4.0+ broker's consistent-hashing selector gives a sticky key. Draining and blocking are per slot,
 * so two keys in one slot block each other.
 *
 * slot = murmur3(key) mod 65535 + 1
 *
 * @param stickyKey bytes, not text: the ordering key if the message has one, else the partition key
 *   (base64-decoded when the producer set it as bytes, UTF-8 otherwise).
 * @returns a slot from 1 to 65535.
 * @see apache/pulsar StickyKeyConsumerSelectorUtils, ConsistentHashingStickyKeyConsumerSelector (4.0.8, PIP-379)
 */
export function consistentHashingSlot(stickyKey: Uint8Array): number {
  return (murmur3(stickyKey) % CONSISTENT_HASHING_SLOTS) + 1
}

/**
 * The partition that a Java producer (and so the WebSocket proxy) routes a key to with its default scheme,
 * JavaStringHash: `(hash & 0x7fffffff) mod partitions`. It looks at the message key, never at the ordering key.
 */
export function partitionOfKey(key: string, partitions: number): number {
  let hash = 0
  for (let at = 0; at < key.length; at++) hash = (Math.imul(31, hash) + key.charCodeAt(at)) | 0
  return (hash & 0x7f_ff_ff_ff) % partitions
}
