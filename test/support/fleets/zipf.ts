import {mulberry32} from './seed.js'

/** Draws from 1 to n with probabilities proportional to 1/k^s. The same seed gives the same numbers. */
export function zipf(n: number, s: number, seed: number): () => number {
  const rankOf = zipfRank(n, s)
  const random = mulberry32(seed)
  return () => rankOf(random())
}

/** Maps numbers from 0 to 1 to this distribution. */
export function zipfRank(n: number, s: number): (uniform: number) => number {
  const sums = new Float64Array(n)
  let total = 0
  for (let k = 1; k <= n; k++) {
    total += k ** -s
    sums[k - 1] = total
  }
  return (uniform) => {
    const wanted = uniform * total
    let [low, high] = [0, n - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((sums[middle] ?? 0) < wanted) low = middle + 1
      else high = middle
    }
    return low + 1
  }
}
