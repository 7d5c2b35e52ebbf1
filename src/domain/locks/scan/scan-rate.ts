import {setTimeout as delay} from 'node:timers/promises'

/** How fast a server may be read. */
export interface ScanRateOptions {
  /** maximum number of commands per second on each server; null for no limit */
  readonly maxOps: number | null
  /** limit for the latency of other clients during the scan, in ms; null for no limit */
  readonly guardMs: number | null
}

/** The size of one page. */
export interface PageSize {
  /** number of keys that one SCAN call examines */
  readonly walked: number
  /** number of keys that are read at once */
  readonly read: number
}

/**
 * One SCAN call with COUNT 1000 costs the server less than 1 ms; a larger COUNT is not faster. Reading 250 keys costs about
 * the same, so neither call delays other clients longer than the other.
 */
const FULL_SPEED: PageSize = {walked: 1000, read: 250}
/** One page costs the server about 0.07 ms. The p99 latency of other clients stays below twice its value without a scan. */
const LOW_IMPACT: PageSize = {walked: 100, read: 8}
/** Maximum number of commands for a key that is read. */
export const OPS_PER_KEY = 5
/** Number of keys that SCAN examines in the time of one command. */
const WALKED_PER_OP = 100
/** The commands that `maxOps` allows are spread over this many pages per second. */
const PAGES_PER_SECOND = 10
const LONGEST_REST_MS = 1000

/** Limits how fast a server is read. */
export class ScanRate {
  readonly size: PageSize
  private readonly options: ScanRateOptions
  private readonly probe: () => Promise<unknown>
  private readonly signal: AbortSignal
  private dueAt = 0
  private restMs = 0

  /** @param probe a command on another connection to the same server, which has the same latency as other clients. */
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

  /** Waits until a page may be read, and reads it. @param read returns the page; `keys` is the number of keys read. */
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

  /** Measures the latency of other clients while a page is read. The rest before the next page grows while it is too high. */
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
