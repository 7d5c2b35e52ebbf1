import {setTimeout as delay} from 'node:timers/promises'

import type {Observer, SeenLock} from './observer.js'
import type {LockRecord} from '../recognition/lock-record.js'
import type {EarlierLook} from '../recognition/renewals.js'

/** What a look at some keys showed, and how many of them are not gone but could not be looked at here. */
export interface Looked {
  readonly seen: SeenLock[]
  readonly elsewhere: number
}

interface Page {
  readonly keys: readonly Buffer[]
  readonly looks: ReadonlyMap<string, EarlierLook>
  readonly dueAt: number
}

/** So many locks may wait at a time; then the scan does. It bounds the memory, whatever the number of locks. */
const MOST_WAITING = 100_000

/** Looks at each lock again when its time has come, page by page. */
export class SecondLooks {
  /** locks that had ended by then */
  ended = 0
  private readonly observer: Observer
  private readonly look: (keys: readonly Buffer[]) => Promise<Looked>
  private readonly afterMs: number
  private readonly signal: AbortSignal
  private readonly pages: Page[] = []
  private waiting = 0

  constructor(
    observer: Observer,
    look: (keys: readonly Buffer[]) => Promise<Looked>,
    afterMs: number,
    signal: AbortSignal,
  ) {
    this.observer = observer
    this.look = look
    this.afterMs = afterMs
    this.signal = signal
  }

  get isWaiting(): boolean {
    return this.pages.length > 0
  }

  add(seen: readonly SeenLock[]): void {
    if (seen.length === 0) return
    const looks = new Map(seen.map((one) => this.observer.remember(one)))
    this.pages.push({keys: seen.map(({raw}) => raw.key), looks, dueAt: performance.now() + this.afterMs})
    this.waiting += seen.length
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
    const {elsewhere, seen} = await this.look(page.keys)
    this.ended += page.keys.length - seen.length - elsewhere
    return this.observer.judge(seen, page.looks)
  }
}
