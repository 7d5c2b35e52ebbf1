import {hash} from 'node:crypto'

const BUCKETS = 64
const HASH_BYTES = 6

/** The locks that were reported, in about 50 bytes each, for scans that may find a lock again much later. */
export class ReportedKeys {
  // A Set can have at most 2^24 values.
  private readonly buckets = Array.from({length: BUCKETS}, () => new Set<number>())

  add(key: string): void {
    const number = numberOf(key)
    this.buckets[number % BUCKETS]?.add(number)
  }

  has(key: string): boolean {
    const number = numberOf(key)
    return this.buckets[number % BUCKETS]?.has(number) ?? false
  }
}

function numberOf(key: string): number {
  return hash('sha1', key, 'buffer').readUIntBE(0, HASH_BYTES)
}
