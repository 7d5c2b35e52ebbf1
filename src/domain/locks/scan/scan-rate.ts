import {setTimeout as delay} from 'node:timers/promises'

/** How gently a server is read. */
export interface ScanRateOptions {
  /** commands that each server carries out for the scan in a second, at most; null for as many as it can */
  readonly maxOps: number | null
  /** how long another client's command may take meanwhile, in ms; null where that does not matter */
  readonly guardMs: number | null
}

/** What one page is about. */
export interface PageSize {
  /** how many keys one call of SCAN walks */
  readonly walked: number
  /** how many keys are read in one go */
  readonly read: number
}

/** At 1000 a call of SCAN takes under 1 ms of the server, and more makes it no faster; as long as reading 250 keys. */
const FULL_SPEED: PageSize = {walked: 1000, read: 250}
/** A page takes some 0.07 ms of the server: the 99th of 100 commands of another client takes not twice as long for it. */
const LOW_IMPACT: PageSize = {walked: 100, read: 8}
/** How many commands a key that is read takes at most, and how many keys SCAN walks in the time of one. */
const OPS_PER_KEY = 5
const WALKED_PER_OP = 100
/** What `maxOps` allows is spent in so many pages a second, not all at once. */
const PAGES_PER_SECOND = 10
const LONGEST_REST_MS = 1000

/** Reads a server page by page, no faster than it may. */
export class ScanRate {
  readonly size: PageSize
  private readonly options: ScanRateOptions
  private readonly probe: () => Promise<unknown>
  private readonly signal: AbortSignal
  private dueAt = 0
  private restMs = 0

  /** @param probe a command on another connection to the same server, which waits its turn as any client's does. */
  constructor(options: ScanRateOptions, probe: () => Promise<unknown>, signal: AbortSignal) {
    this.options = options
    this.probe = probe
    this.signal = signal
    const {walked, read} = options.guardMs === null ? FULL_SPEED : LOW_IMPACT
    const most = options.maxOps === null ? Infinity : Math.ceil(options.maxOps / PAGES_PER_SECOND)
    this.size = {
      walked: Math.min(walked, most * WALKED_PER_OP),
      read: Math.max(1, Math.min(read, Math.floor(most / OPS_PER_KEY))),
    }
  }

  /** @param read reads a page; `keys` of its answer says how many keys it read. */
  async turn<T extends {readonly keys: number}>(read: () => Promise<T>): Promise<T> {
    const waitMs = Math.max(this.dueAt - performance.now(), this.restMs)
    if (waitMs > 0) await delay(waitMs, undefined, {signal: this.signal})
    const startedAt = performance.now()
    const [page] = await Promise.all([read(), this.measureLatency()])
    const {maxOps} = this.options
    if (maxOps !== null) {
      const ops = this.size.walked / WALKED_PER_OP + page.keys * OPS_PER_KEY
      this.dueAt = Math.max(this.dueAt, startedAt) + (ops / maxOps) * 1000
    }
    return page
  }

  /** Sees how long others wait while a page is read, and rests the longer for it. */
  private async measureLatency(): Promise<void> {
    const {guardMs} = this.options
    if (guardMs === null) return
    const startedAt = performance.now()
    await this.probe()
    const latencyMs = performance.now() - startedAt
    this.restMs =
      latencyMs > guardMs ? Math.min(LONGEST_REST_MS, Math.max(latencyMs, 2 * this.restMs)) : this.restMs / 2
    if (this.restMs < 1) this.restMs = 0
  }
}
