import type {SampledKey} from '../reading/sampled-key.js'
import type {RecognizedLock, Unrecognized} from '../recognition/recognized-lock.js'
import {type LockLimits, lockRecord, type LockRecord, ttlOf} from '../recognition/lock-record.js'
import {compareSamples, type EarlierSample, holdId, Renewals} from '../recognition/renewals.js'

/** One sample of a lock, or of a key that is expected to be one. */
export interface LockSample {
  readonly raw: SampledKey
  readonly found: RecognizedLock | Unrecognized
}

/** The samples of earlier runs. */
export interface EarlierSamples {
  /** null when this holder was not seen with this lock before */
  get(id: string): EarlierSample | null
  keep(id: string, sample: EarlierSample, key: string): void
}

/** Assesses locks from their current and earlier samples. */
export class Observer {
  private readonly options: LockLimits
  private readonly before: EarlierSamples | null
  private readonly renewals = new Renewals()

  /** @param before the samples of earlier runs; null when none are kept. */
  constructor(options: LockLimits, before: EarlierSamples | null) {
    this.options = options
    this.before = before
  }

  /** What is kept of the first of two samples. */
  remember({raw}: LockSample): [id: string, sample: EarlierSample] {
    const id = holdId(raw)
    const known = this.before?.get(id)
    const comparison = known && compareSamples(known, raw)
    const {firstSeenMs = raw.atMs, renewedToMs = null} = comparison ?? {}
    return [id, {atMs: raw.atMs, expiresAtMs: raw.expiresAtMs, firstSeenMs, renewedToMs}]
  }

  /**
   * Assesses locks that were sampled at the same time together, because renewals of some locks are evidence for the others.
   *
   * @param earlier the first samples of this run by hold id; null with one sample per run, which uses those of earlier runs.
   */
  assess(samples: readonly LockSample[], earlier: ReadonlyMap<string, EarlierSample> | null): LockRecord[] {
    const rows = samples.map((one) => ({...one, comparison: this.compareWithEarlier(one, earlier)}))
    for (const {comparison, found, raw} of rows) {
      if (comparison?.renewal === 'renewed' && found.kind === 'lock') {
        this.renewals.addRenewal(raw.name, found, comparison)
      }
    }
    return rows.map(({comparison, found, raw}) => {
      const missed =
        found.kind === 'lock' && comparison?.renewal === 'unchanged'
          ? this.renewals.missedBy({key: raw.name, lock: found, ttlMs: ttlOf(raw, found) ?? 0}, comparison)
          : null
      return lockRecord(raw, found, this.options, comparison && {...comparison, missed})
    })
  }

  private compareWithEarlier({raw}: LockSample, earlier: ReadonlyMap<string, EarlierSample> | null) {
    const {before} = this
    if (earlier === null && before === null) return null
    const id = holdId(raw)
    const known = before?.get(id) ?? null
    const sample = earlier === null ? known : (earlier.get(id) ?? null)
    const comparison = sample && compareSamples(sample, raw)
    const {firstSeenMs, renewedToMs} = comparison ?? {firstSeenMs: known?.firstSeenMs ?? raw.atMs, renewedToMs: null}
    before?.keep(id, {atMs: raw.atMs, expiresAtMs: raw.expiresAtMs, firstSeenMs, renewedToMs}, raw.name)
    return comparison
  }
}
