/** A key with its count. The true count is higher by at most `missed`. */
export interface Frequent<V> {
  readonly key: string
  readonly count: number
  readonly value: V
}

/**
 * Counts keys in bounded memory. Up to `capacity` distinct keys the counts are exact. Beyond that, every frequent key is
 * still listed, with a count that is at most `missed` too low (Misra and Gries, Finding repeated elements, 1982).
 */
export class FrequentKeys<V> {
  private readonly capacity: number
  private readonly counts = new Map<string, {count: number; value: V}>()
  private seen = 0
  private lost = 0

  constructor(capacity: number) {
    this.capacity = capacity
  }

  /** The number of distinct keys; a lower bound when isExact is false. */
  get distinct(): number {
    return this.seen
  }

  get isExact(): boolean {
    return this.lost === 0
  }

  /** The maximum undercount of a key. */
  get missed(): number {
    return this.lost
  }

  /** Counts a key once. @returns the value stored with it; created by `first` for a new key. */
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
