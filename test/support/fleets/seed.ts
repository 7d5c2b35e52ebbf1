import {randomInt} from 'node:crypto'

/** Chooses a few of many, at random unless KEYSHIFT_TEST_SEED says which; the seed is printed, so that a run can be had again. */
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

/** A small generator of numbers from 0 to 1: the same for the same seed. */
export function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
