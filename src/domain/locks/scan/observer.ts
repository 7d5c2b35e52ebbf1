import type {SampledKey} from '../reading/sampled-key.js'
import type {RecognizedLock, Unrecognized} from '../recognition/recognize.js'
import {type LockLimits, lockRecord, type LockRecord, ttlOf} from '../recognition/lock-record.js'
import {compareSamples, type EarlierSample, holdId, Renewals} from '../recognition/renewals.js'

/** A lock, or what was expected to be one, as one look shows it. */
export interface LockSample {
  readonly raw: SampledKey
  readonly found: RecognizedLock | Unrecognized
}

/** What looks of earlier runs left. */
export interface EarlierSamples {
  /** null when this hold was not seen before */
  get(id: string): EarlierSample | null
  keep(id: string, sample: EarlierSample): void
}

/** Judges locks by what is seen now and what was seen before. */
export class Observer {
  private readonly options: LockLimits
  private readonly before: EarlierSamples | null
  private readonly renewals = new Renewals()

  /** @param before null where nothing is known of earlier runs, nor to be kept. */
  constructor(options: LockLimits, before: EarlierSamples | null) {
    this.options = options
    this.before = before
  }

  /** What the first of two looks leaves. */
  remember({raw}: LockSample): [id: string, look: EarlierSample] {
    const id = holdId(raw)
    const firstSeenMs = this.before?.get(id)?.firstSeenMs ?? raw.atMs
    return [id, {atMs: raw.atMs, expiresAtMs: raw.expiresAtMs, firstSeenMs}]
  }

  /**
   * Judges what is seen at the same time, together: whether some are renewed says what to think of those that are not.
   *
   * @param earlier looks of this run by hold; null when there was none, and those of earlier runs count.
   */
  assess(samples: readonly LockSample[], earlier: ReadonlyMap<string, EarlierSample> | null): LockRecord[] {
    const rows = samples.map((one) => ({...one, comparison: this.compareWithEarlier(one, earlier)}))
    for (const {comparison, found, raw} of rows) {
      if (comparison?.renewal === 'renewed' && found.kind === 'lock') this.renewals.addRenewal(raw.name, found)
    }
    return rows.map(({comparison, found, raw}) => {
      const isOverdue =
        found.kind === 'lock' &&
        comparison?.renewal === 'unchanged' &&
        this.renewals.isOverdue(raw.name, found, ttlOf(raw, found) ?? 0, comparison)
      return lockRecord(raw, found, this.options, comparison && {...comparison, isOverdue})
    })
  }

  private compareWithEarlier({raw}: LockSample, earlier: ReadonlyMap<string, EarlierSample> | null) {
    const {before} = this
    if (earlier === null && before === null) return null
    const id = holdId(raw)
    const known = before?.get(id) ?? null
    const sample = earlier === null ? known : (earlier.get(id) ?? null)
    before?.keep(id, {
      atMs: raw.atMs,
      expiresAtMs: raw.expiresAtMs,
      firstSeenMs: sample?.firstSeenMs ?? known?.firstSeenMs ?? raw.atMs,
    })
    return sample && compareSamples(sample, raw)
  }
}
