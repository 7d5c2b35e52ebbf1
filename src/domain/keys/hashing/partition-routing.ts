import {murmur3} from './murmur3.js'

/** How a producer's client hashes the message key to choose a partition. */
export type HashingScheme = 'JavaStringHash' | 'Murmur3_32Hash'

export const HASHING_SCHEMES = ['JavaStringHash', 'Murmur3_32Hash'] as const

/**
 * The partition that a producer routes a key to: `hash mod partitions`. It looks at the message key, never at the
 * ordering key, and at the base64 text of a key that was given as bytes. JavaStringHash is the default of the Java
 * client, and so of the WebSocket proxy; it reads UTF-16 code units.
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

/** The same for a key in UTF-8, within a larger buffer; most keys are ASCII and need no string of their own. */
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

/** How the partition was found. */
export interface Routing {
  hashingScheme: HashingScheme
  /** `messages` when messages on the topic show it, `assumed` when they don't, null on a plain topic, which needs none */
  source: 'assumed' | 'flag' | 'messages' | null
  /** messages that were looked at */
  messagesSeen: number
}
