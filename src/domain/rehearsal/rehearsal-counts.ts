import {murmur3} from '../keys/hashing/murmur3.js'
import {FrequentKeys} from '../message-sampling/frequent-keys.js'
import {WaitHistogram} from './wait-percentiles.js'

export interface RehearsedConsumer {
  name: string
  /** processed messages; the consumers that join first receive more at the start */
  messages: number
  /** share of the messages with a key that it owns after all have joined, from 0 to 1; null without such messages */
  share: number | null
  /** share of the time in which it processed messages, from 0 to 1; null when the processing time is 0 */
  busyShare: number | null
  /** from the arrival of a message until its processing starts */
  waitMs: {p50: number | null; p95: number | null; max: number | null}
}

export interface HotKey {
  key: string
  messages: number
  share: number
  consumer: string
}

/** Messages that waited only because messages of other keys were queued before them at the same consumer. */
export interface HeadOfLine {
  messages: number
  /** share of all messages, from 0 to 1 */
  share: number
  p95Ms: number | null
  maxMs: number | null
}

export interface CountsReport {
  messages: number
  keylessMessages: number
  distinctKeys: {count: number; isExact: boolean}
  consumers: RehearsedConsumer[]
  hotKeys: HotKey[]
  headOfLine: HeadOfLine
}

/** @returns the name of the consumer; null when no consumer owns the hash. */
export type OwnerOf = (hash: number) => string | null

interface Row {
  messages: number
  busyMs: number
  readonly waits: WaitHistogram
}

/** Number of keys that are counted separately. */
const KEYS = 100_000

/** Counts the messages that simulated consumers received, and how long each waited. */
export class RehearsalCounts {
  private readonly rows: ReadonlyMap<string, Row>
  private readonly keys = new FrequentKeys<{consumer: string; hash: number}>(KEYS)
  private readonly blocked = new WaitHistogram()
  private blockedMessages = 0
  private keyless = 0
  private total = 0

  constructor(names: readonly string[]) {
    this.rows = new Map(names.map((name) => [name, {messages: 0, busyMs: 0, waits: new WaitHistogram()}]))
  }

  get messages(): number {
    return this.total
  }

  /** @param isBlocked whether the message waited only for messages of other keys. */
  add(consumer: string, key: string | null, waitedMs: number, busyMs: number, isBlocked: boolean): void {
    const row = this.rows.get(consumer)
    if (!row) return
    this.total++
    row.messages++
    row.busyMs += busyMs
    row.waits.add(waitedMs)
    if (isBlocked) {
      this.blockedMessages++
      this.blocked.add(waitedMs)
    }
    if (key === null) this.keyless++
    else this.keys.add(key, () => ({consumer, hash: murmur3(Buffer.from(key))}))
  }

  /**
   * @param ownerOf the owner of a key's hash after all have joined; null when unknown: then the receiving consumer counts.
   * @param tookMs duration of the rehearsal.
   * @param top number of most frequent keys to list.
   */
  report(ownerOf: OwnerOf | null, tookMs: number, processMs: number, top: number): CountsReport {
    const keys = this.keys.top(KEYS).map((row) => ({...row, owner: ownerOf?.(row.value.hash) ?? row.value.consumer}))
    const keyed = keys.reduce((sum, {count}) => sum + count, 0)
    const owned = new Map<string, number>()
    for (const {count, owner} of keys) owned.set(owner, (owned.get(owner) ?? 0) + count)
    return {
      messages: this.total,
      keylessMessages: this.keyless,
      distinctKeys: {count: this.keys.distinct, isExact: this.keys.isExact},
      consumers: [...this.rows].map(([name, {busyMs, messages, waits}]) => ({
        name,
        messages,
        share: keyed === 0 ? null : (owned.get(name) ?? 0) / keyed,
        busyShare: processMs === 0 ? null : Math.min(1, shareOf(busyMs, tookMs)),
        waitMs: {p50: waits.percentile(0.5), p95: waits.percentile(0.95), max: waits.max},
      })),
      hotKeys: keys.slice(0, top).map(({count, key, owner}) => ({
        key,
        messages: count,
        share: shareOf(count, this.total),
        consumer: owner,
      })),
      headOfLine: {
        messages: this.blockedMessages,
        share: shareOf(this.blockedMessages, this.total),
        p95Ms: this.blocked.percentile(0.95),
        maxMs: this.blocked.max,
      },
    }
  }
}

function shareOf(part: number, total: number): number {
  return total === 0 ? 0 : part / total
}
