import assert from 'node:assert/strict'
import {test} from 'node:test'

import {
  type HashingScheme,
  partitionOfBytes,
  partitionOfKey,
} from '../../../../src/domain/keys/hashing/partition-routing.js'

// Partitions of 7 that real clients chose: the Python client 3.13.0, and a Node client built with Boost 1.74.
const VECTORS: ReadonlyArray<readonly [scheme: HashingScheme, key: string, partition: number]> = [
  ['BoostHash_1.81', 'user-42', 0],
  ['BoostHash_1.81', 'été', 0],
  ['BoostHash_1.80', 'user-0', 2],
  ['BoostHash_1.80', 'user-1', 6],
  ['BoostHash_1.80', 'user-2', 3],
  ['BoostHash_1.80', 'user-3', 2],
  ['BoostHash_1.80', 'user-4', 3],
  ['BoostHash_1.80', 'user-5', 4],
  ['BoostHash_1.80', 'user-6', 4],
  ['BoostHash_1.80', 'user-7', 0],
  ['BoostHash_1.80', 'user-8', 2],
  ['BoostHash_1.80', 'user-9', 2],
  ['BoostHash_1.80', 'user-10', 4],
  ['BoostHash_1.80', 'été', 6],
]

for (const [scheme, key, partition] of VECTORS) {
  test(`${scheme} routes ${key} to partition ${String(partition)} of 7, as a real client does`, () => {
    assert.equal(partitionOfKey(key, 7, scheme), partition)
    const bytes = Buffer.from(`<${key}>`, 'utf8')
    assert.equal(partitionOfBytes(bytes, 1, bytes.length - 1, 7, scheme), partition)
  })
}
