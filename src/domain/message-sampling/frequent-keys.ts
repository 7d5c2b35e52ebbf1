/** A key with how often it was counted; the true number is at most `missed` more. */
export interface Frequent<V> {
  readonly key: string
  readonly count: number
  readonly value: V
}

/**
 * Counts keys in bounded memory. Up to `capacity` distinct keys the counts are exact; beyond that, the keys that come
 * often are still all there, each counted at most `missed` too low (Misra and Gries, Finding repeated elements, 1982).
 */
export class FrequentKeys<V> {
  private readonly capacity: number
  private readonly counts = new Map<string, {count: number; value: V}>()
  private seen = 0
  private lost = 0

  constructor(capacity: number) {
    this.capacity = capacity
  }

  /** Distinct keys; a lower bound once isExact is false. */
  get distinct(): number {
    return this.seen
  }

  get isExact(): boolean {
    return this.lost === 0
  }

  /** How much too low a count can be. */
  get missed(): number {
    return this.lost
  }

  /** Counts a key once. @returns what is kept beside it; made by `first` when the key is new. */
  add(key: string, first: () => V): V {
    const known = this.counts.get(key)
    if (known) {
      known.count++
      return known.value
    }
    if (this.counts.size >= this.capacity) this.makeRoom()
    const value = first()
    this.counts.set(key, {count: 1, value})
    if (this.lost === 0) this.seen++
    return value
  }

  top(limit: number): Array<Frequent<V>> {
    return [...this.counts]
      .map(([key, {count, value}]) => ({key, count, value}))
      .toSorted((a, b) => b.count - a.count || (a.key < b.key ? -1 : 1))
      .slice(0, limit)
  }

  *values(): Generator<V> {
    for (const {value} of this.counts.values()) yield value
  }

  private makeRoom(): void {
    let least = Infinity
    for (const {count} of this.counts.values()) least = Math.min(least, count)
    this.lost += least
    for (const [key, entry] of this.counts) {
      entry.count -= least
      if (entry.count === 0) this.counts.delete(key)
    }
  }
}
