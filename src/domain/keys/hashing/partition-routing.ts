import {boostHash180, boostHash181} from './boost-hash.js'
import {murmur3} from './murmur3.js'

/**
 * The hashes by which producers choose the partition of a message key. `JavaStringHash` is the default of Java and WebSocket
 * producers. `JavaStringHash_Go` is the default of Go producers, which hash bytes, without dropping the sign. `BoostHash` is the
 * default of C++, Python and Node producers; its values depend on the version of Boost that the client was built with: 1.81 and
 * later, or up to 1.80.
 */
export const HASHING_SCHEMES = [
  'JavaStringHash',
  'JavaStringHash_Go',
  'Murmur3_32Hash',
  'BoostHash_1.81',
  'BoostHash_1.80',
] as const

export type HashingScheme = (typeof HASHING_SCHEMES)[number]

/** The hash of UTF-8 text in part of a buffer, from 0 to 2^31 − 1; of Go to 2^32 − 1. */
type BytesHash = (bytes: Uint8Array, start: number, end: number) => number

const HASHES: Readonly<Record<HashingScheme, BytesHash>> = {
  JavaStringHash: javaStringHash,
  JavaStringHash_Go: goStringHash,
  Murmur3_32Hash: murmur3,
  'BoostHash_1.81': boostHash181,
  'BoostHash_1.80': boostHash180,
}

/**
 * The partition to which a producer routes a key: `hash mod partitions`. The producer hashes the message key; for a key set as
 * bytes, its base64 text. Only Go producers hash the ordering key instead, if the message has one.
 *
 * @see apache/pulsar JavaStringHash and Murmur3Hash32 (pulsar-client 4.0.8), apache/pulsar-client-cpp BoostHash,
 *   apache/pulsar-client-go default_router.go (0.19.0)
 */
export function partitionOfKey(key: string, partitions: number, scheme: HashingScheme): number {
  const bytes = Buffer.from(key, 'utf8')
  return partitionOfBytes(bytes, 0, bytes.length, partitions, scheme)
}

/** The same for a UTF-8 key in a larger buffer. */
export function partitionOfBytes(
  bytes: Uint8Array,
  start: number,
  end: number,
  partitions: number,
  scheme: HashingScheme,
): number {
  return HASHES[scheme](bytes, start, end) % partitions
}

/** Whether producers with a scheme send the empty key to one partition. Others treat it as no key, and use any partition. */
export function routesEmptyKey(scheme: HashingScheme): boolean {
  return scheme === 'JavaStringHash'
}

function goStringHash(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0
  for (let at = start; at < end; at++) hash = (Math.imul(31, hash) + (bytes[at] ?? 0)) | 0
  return hash >>> 0
}

/** Java hashes UTF-16 code units. ASCII keys, which are most, are hashed without creating a string. */
function javaStringHash(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0
    if (byte > 0x7f) return hashOfText(Buffer.from(bytes.subarray(start, end)).toString('utf8'))
    hash = (Math.imul(31, hash) + byte) | 0
  }
  return hash & 0x7f_ff_ff_ff
}

function hashOfText(key: string): number {
  let hash = 0
  for (let at = 0; at < key.length; at++) hash = (Math.imul(31, hash) + key.charCodeAt(at)) | 0
  return hash & 0x7f_ff_ff_ff
}
