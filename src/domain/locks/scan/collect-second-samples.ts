import {setTimeout as delay} from 'node:timers/promises'

import type {LockSample, Observer} from './observer.js'
import type {LockRecord} from '../recognition/lock-record.js'
import type {EarlierSample} from '../recognition/renewals.js'

/** The samples of some keys. */
export interface SampledKeys {
  readonly samples: LockSample[]
  /** number of keys that may still exist but could not be read on this server */
  readonly elsewhere: number
}

interface Page {
  readonly keys: readonly Buffer[]
  readonly samples: ReadonlyMap<string, EarlierSample>
  readonly dueAt: number
}

/** Maximum number of locks that wait for their second sample. The scan then waits as well, which limits the memory. */
const MOST_WAITING = 100_000

/** Takes the second sample of each lock after the interval, page by page. */
export class SecondSampleQueue {
  /** locks that no longer existed at the second sample */
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

  /** The second samples that are due. Waits for the oldest ones when too many locks are waiting. */
  async due(): Promise<LockRecord[]> {
    const records: LockRecord[] = []
    while (this.waiting > MOST_WAITING || (this.pages[0]?.dueAt ?? Infinity) <= performance.now()) {
      records.push(...(await this.next()))
    }
    return records
  }

  /** Waits until the oldest page is due, and assesses it. @throws AbortError. */
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
