import {randomInt} from 'node:crypto'

/** Chooses values at random. The seed is printed; KEYSHIFT_TEST_SEED sets it, so that a run can be repeated. */
export function chooseSeeded<T>(all: readonly T[], count: number): T[] {
  const seed = Number(process.env['KEYSHIFT_TEST_SEED'] ?? randomInt(1_000_000))
  process.stderr.write(`chosen with KEYSHIFT_TEST_SEED=${String(seed)}\n`)
  const next = mulberry32(seed)
  return all
    .map((value) => ({value, rank: next()}))
    .toSorted((a, b) => a.rank - b.rank)
    .slice(0, count)
    .map(({value}) => value)
}

/** A random number generator from 0 to 1. The same seed gives the same numbers. */
export function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
