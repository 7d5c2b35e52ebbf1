import {setTimeout as delay} from 'node:timers/promises'

import type {LockSample, Observer} from './observer.js'
import type {LockRecord} from '../recognition/lock-record.js'
import type {EarlierSample} from '../recognition/renewals.js'

/** What a look at some keys showed, and how many of them are not gone but could not be looked at here. */
export interface SampledKeys {
  readonly samples: LockSample[]
  readonly elsewhere: number
}

interface Page {
  readonly keys: readonly Buffer[]
  readonly samples: ReadonlyMap<string, EarlierSample>
  readonly dueAt: number
}

/** So many locks may wait at a time; then the scan does. It bounds the memory, whatever the number of locks. */
const MOST_WAITING = 100_000

/** Looks at each lock again when its time has come, page by page. */
export class SecondSampleQueue {
  /** locks that had ended by then */
  ended = 0
  private readonly observer: Observer
  private readonly sample: (keys: readonly Buffer[]) => Promise<SampledKeys>
  private readonly afterMs: number
  private readonly signal: AbortSignal
  private readonly pages: Page[] = []
  private waiting = 0

  constructor(
    observer: Observer,
    sample: (keys: readonly Buffer[]) => Promise<SampledKeys>,
    afterMs: number,
    signal: AbortSignal,
  ) {
    this.observer = observer
    this.sample = sample
    this.afterMs = afterMs
    this.signal = signal
  }

  get isWaiting(): boolean {
    return this.pages.length > 0
  }

  add(locks: readonly LockSample[]): void {
    if (locks.length === 0) return
    const samples = new Map(locks.map((one) => this.observer.remember(one)))
    this.pages.push({keys: locks.map(({raw}) => raw.key), samples, dueAt: performance.now() + this.afterMs})
    this.waiting += locks.length
  }

  /** What has come due; where too many wait, it waits for the oldest. */
  async due(): Promise<LockRecord[]> {
    const records: LockRecord[] = []
    while (this.waiting > MOST_WAITING || (this.pages[0]?.dueAt ?? Infinity) <= performance.now()) {
      records.push(...(await this.next()))
    }
    return records
  }

  /** Waits for the oldest page and judges it. @throws AbortError. */
  async next(): Promise<LockRecord[]> {
    const page = this.pages.shift()
    if (!page) return []
    await delay(Math.max(0, page.dueAt - performance.now()), undefined, {signal: this.signal})
    this.waiting -= page.keys.length
    const {elsewhere, samples: locks} = await this.sample(page.keys)
    this.ended += page.keys.length - locks.length - elsewhere
    return this.observer.assess(locks, page.samples)
  }
}
