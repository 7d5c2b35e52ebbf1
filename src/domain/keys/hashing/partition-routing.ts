import {murmur3} from './murmur3.js'

/** The hash by which a producer's client chooses the partition of a message key. */
export type HashingScheme = 'JavaStringHash' | 'Murmur3_32Hash'

export const HASHING_SCHEMES = ['JavaStringHash', 'Murmur3_32Hash'] as const

/**
 * The partition to which a producer routes a key: `hash mod partitions`. The producer hashes the message key, never the
 * ordering key; for a key set as bytes, its base64 text. JavaStringHash is the default of the Java client, and therefore of
 * the WebSocket proxy; it hashes UTF-16 code units.
 *
 * @see apache/pulsar JavaStringHash and Murmur3Hash32 (pulsar-client 4.0.8)
 */
export function partitionOfKey(key: string, partitions: number, scheme: HashingScheme): number {
  const hash = scheme === 'JavaStringHash' ? javaStringHash(key) : murmur3(Buffer.from(key, 'utf8'))
  return hash % partitions
}

function javaStringHash(key: string): number {
  let hash = 0
  for (let at = 0; at < key.length; at++) hash = (Math.imul(31, hash) + key.charCodeAt(at)) | 0
  return hash & 0x7f_ff_ff_ff
}

/** The same for a UTF-8 key in a larger buffer. ASCII keys, which are most, are hashed without creating a string. */
export function partitionOfBytes(
  bytes: Uint8Array,
  start: number,
  end: number,
  partitions: number,
  scheme: HashingScheme,
): number {
  if (scheme === 'Murmur3_32Hash') return murmur3(bytes, start, end) % partitions
  let hash = 0
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0
    if (byte > 0x7f) return partitionOfKey(Buffer.from(bytes.subarray(start, end)).toString('utf8'), partitions, scheme)
    hash = (Math.imul(31, hash) + byte) | 0
  }
  return (hash & 0x7f_ff_ff_ff) % partitions
}

/** How the partition of a key was determined. */
export interface Routing {
  hashingScheme: HashingScheme
  /** `messages`: detected from messages on the topic; `assumed`: the default; null on a plain topic, which needs no scheme */
  source: 'assumed' | 'flag' | 'messages' | null
  /** number of messages inspected */
  messagesSeen: number
}
