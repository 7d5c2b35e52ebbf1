/** Each bucket ends 20 % above the previous one, so a percentile is at most 20 % too high. */
const GROWTH = 1.2

/** Percentiles of waiting times in bounded memory. */
export class WaitHistogram {
  private readonly buckets = new Map<number, number>()
  private counted = 0
  private longest = 0

  add(ms: number): void {
    const bucket = ms < 1 ? 0 : 1 + Math.floor(Math.log(ms) / Math.log(GROWTH))
    this.buckets.set(bucket, (this.buckets.get(bucket) ?? 0) + 1)
    this.counted++
    this.longest = Math.max(this.longest, ms)
  }

  get max(): number | null {
    return this.counted === 0 ? null : this.longest
  }

  /** @param share from 0 to 1. @returns ms; null when no wait was added. */
  percentile(share: number): number | null {
    let left = Math.ceil(this.counted * share)
    for (const [bucket, count] of [...this.buckets].toSorted(([a], [b]) => a - b)) {
      left -= count
      if (left <= 0) return Math.min(this.longest, bucket === 0 ? 0 : Math.round(GROWTH ** bucket))
    }
    return null
  }
}
