import {hash} from 'node:crypto'

const SHELVES = 64
const HASH_BYTES = 6

/** Which locks were told, in about 50 bytes each: for walks that may meet one again much later. */
export class Reported {
  // A Set holds at most 2^24 values.
  private readonly shelves = Array.from({length: SHELVES}, () => new Set<number>())

  add(key: string): void {
    const number = numberOf(key)
    this.shelves[number % SHELVES]?.add(number)
  }

  has(key: string): boolean {
    const number = numberOf(key)
    return this.shelves[number % SHELVES]?.has(number) ?? false
  }
}

function numberOf(key: string): number {
  return hash('sha1', key, 'buffer').readUIntBE(0, HASH_BYTES)
}
