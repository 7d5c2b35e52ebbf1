import type {RawLock} from '../reading/sampled-key.js'
import type {RecognisedLock, Unrecognised} from '../recognition/recognise.js'
import {type JudgeOptions, lockRecord, type LockRecord, ttlOf} from '../recognition/lock-record.js'
import {compareLooks, type EarlierLook, holdId, Renewals} from '../recognition/renewals.js'

/** A lock, or what was expected to be one, as one look shows it. */
export interface SeenLock {
  readonly raw: RawLock
  readonly found: RecognisedLock | Unrecognised
}

/** What looks of earlier runs left. */
export interface SeenBefore {
  /** null when this hold was not seen before */
  get(id: string): EarlierLook | null
  keep(id: string, look: EarlierLook): void
}

/** Judges locks by what is seen now and what was seen before. */
export class Observer {
  private readonly options: JudgeOptions
  private readonly before: SeenBefore | null
  private readonly renewals = new Renewals()

  /** @param before null where nothing is known of earlier runs, nor to be kept. */
  constructor(options: JudgeOptions, before: SeenBefore | null) {
    this.options = options
    this.before = before
  }

  /** What the first of two looks leaves. */
  remember({raw}: SeenLock): [id: string, look: EarlierLook] {
    const id = holdId(raw)
    const firstSeenMs = this.before?.get(id)?.firstSeenMs ?? raw.atMs
    return [id, {atMs: raw.atMs, expiresAtMs: raw.expiresAtMs, firstSeenMs}]
  }

  /**
   * Judges what is seen at the same time, together: whether some are renewed says what to think of those that are not.
   *
   * @param earlier looks of this run by hold; null when there was none, and those of earlier runs count.
   */
  judge(seen: readonly SeenLock[], earlier: ReadonlyMap<string, EarlierLook> | null): LockRecord[] {
    const rows = seen.map((one) => ({...one, looks: this.looksAt(one, earlier)}))
    for (const {found, looks, raw} of rows) {
      if (looks?.renewal === 'renewed' && found.kind === 'lock') this.renewals.note(raw.name, found)
    }
    return rows.map(({found, looks, raw}) => {
      const isMissed =
        found.kind === 'lock' &&
        looks?.renewal === 'unchanged' &&
        this.renewals.isMissed(raw.name, found, ttlOf(raw, found) ?? 0, looks)
      return lockRecord(raw, found, this.options, looks && {...looks, isMissed})
    })
  }

  private looksAt({raw}: SeenLock, earlier: ReadonlyMap<string, EarlierLook> | null) {
    const {before} = this
    if (earlier === null && before === null) return null
    const id = holdId(raw)
    const known = before?.get(id) ?? null
    const look = earlier === null ? known : (earlier.get(id) ?? null)
    before?.keep(id, {
      atMs: raw.atMs,
      expiresAtMs: raw.expiresAtMs,
      firstSeenMs: look?.firstSeenMs ?? known?.firstSeenMs ?? raw.atMs,
    })
    return look && compareLooks(look, raw)
  }
}
