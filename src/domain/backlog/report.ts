import {type CollectedSubscription, type SubscriptionPartition} from '../subscriptions/collect.js'
import {sumKnown} from '../subscriptions/inspect.js'

export interface BacklogSample {
  /** when it was read, epoch ms */
  readonly atMs: number
  readonly collected: CollectedSubscription
}

/** `stalled`: a backlog of which nothing was delivered; `steady`: neither grows nor shrinks. */
export type BacklogVerdict = 'draining' | 'empty' | 'growing' | 'stalled' | 'steady'

export interface BacklogFigures {
  /** entries: a batch is one */
  backlogEntries: number | null
  /** messages */
  unackedMessages: number | null
  /** since the oldest entry of the backlog was published; null when there is none, or the broker does not say */
  oldestAgeMs: number | null
  /** messages published, over the window */
  rateInPerSecond: number | null
  /** messages delivered, over the window */
  rateOutPerSecond: number | null
  /** the time until the backlog is gone at the fastest and the slowest pace seen; null where it does not shrink */
  drainMs: {low: number | null; high: number | null}
  verdict: BacklogVerdict | null
}

export interface BacklogReport {
  topic: string
  subscription: string
  windowMs: number
  partitions: Array<BacklogFigures & {partition: number | null}>
  total: BacklogFigures
}

/** One reading of one row: a partition, or the sum of all. */
interface Reading {
  readonly atMs: number
  readonly backlogEntries: number | null
  readonly unackedMessages: number | null
  readonly publishedAt: number | null
  readonly messagesIn: number | null
  readonly messagesOut: number | null
}

/**
 * What several samples of one subscription say, for each partition and in all.
 *
 * @param samples in the order they were taken, at least one.
 */
export function reportBacklog(samples: readonly BacklogSample[]): BacklogReport {
  const first = samples[0]
  const last = samples.at(-1)
  if (!first || !last) throw new RangeError('a backlog report needs at least one sample')
  const rows = last.collected.partitions.map(({partition}) =>
    samples.map(({atMs, collected}) => readPartition(atMs, collected.partitions.find((row) => row.partition === partition))),
  )
  return {
    topic: last.collected.topic.full,
    subscription: last.collected.subscription,
    windowMs: last.atMs - first.atMs,
    partitions: rows.map((readings, at) => ({
      partition: last.collected.partitions[at]?.partition ?? null,
      ...figures(readings),
    })),
    total: figures(samples.map(({atMs}, at) => addReadings(atMs, rows.map((readings) => readings[at])))),
  }
}

function readPartition(atMs: number, row: SubscriptionPartition | undefined): Reading {
  const publishedAt = row?.subscription.earliestMsgPublishTimeInBacklog ?? 0
  return {
    atMs,
    backlogEntries: row?.subscription.msgBacklog ?? null,
    unackedMessages: row?.subscription.unackedMessages ?? null,
    publishedAt: publishedAt > 0 ? publishedAt : null, // 0: not asked for, −1: no backlog
    messagesIn: row?.stats.msgInCounter ?? null,
    messagesOut: row?.subscription.msgOutCounter ?? null,
  }
}

function addReadings(atMs: number, parts: ReadonlyArray<Reading | undefined>): Reading {
  const published = parts.flatMap((part) => part?.publishedAt ?? [])
  return {
    atMs,
    backlogEntries: sumKnown(parts.map((part) => part?.backlogEntries ?? null)),
    unackedMessages: sumKnown(parts.map((part) => part?.unackedMessages ?? null)),
    publishedAt: published.length > 0 ? Math.min(...published) : null,
    messagesIn: sumKnown(parts.map((part) => part?.messagesIn ?? null)),
    messagesOut: sumKnown(parts.map((part) => part?.messagesOut ?? null)),
  }
}

function figures(readings: readonly Reading[]): BacklogFigures {
  const last = readings.at(-1)
  const rateOut = ratePerSecond(readings, ({messagesOut}) => messagesOut)
  const backlog = last?.backlogEntries ?? null
  return {
    backlogEntries: backlog,
    unackedMessages: last?.unackedMessages ?? null,
    oldestAgeMs: last?.publishedAt && backlog ? Math.max(0, last.atMs - last.publishedAt) : null,
    rateInPerSecond: ratePerSecond(readings, ({messagesIn}) => messagesIn),
    rateOutPerSecond: rateOut,
    drainMs: drainTime(readings),
    verdict: verdictOf(readings, rateOut),
  }
}

/** null when there is nothing to compare, or a counter went back because the topic was loaded afresh. */
function ratePerSecond(readings: readonly Reading[], counter: (reading: Reading) => number | null): number | null {
  const [first, last] = [readings[0], readings.at(-1)]
  if (!first || !last || last.atMs <= first.atMs) return null
  const [from, to] = [counter(first), counter(last)]
  return from === null || to === null || to < from ? null : ((to - from) * 1000) / (last.atMs - first.atMs)
}

function drainTime(readings: readonly Reading[]): {low: number | null; high: number | null} {
  const backlog = readings.at(-1)?.backlogEntries ?? null
  if (backlog === 0) return {low: 0, high: 0}
  const paces = readings.slice(1).map((reading, at) => entriesPerMs(readings[at], reading))
  if (backlog === null || paces.length === 0 || paces.includes(null)) return {low: null, high: null}
  const [slowest, fastest] = [Math.min(...paces.map((pace) => pace ?? 0)), Math.max(...paces.map((pace) => pace ?? 0))]
  return {
    low: fastest > 0 ? Math.round(backlog / fastest) : null,
    high: slowest > 0 ? Math.round(backlog / slowest) : null,
  }
}

/** How fast the backlog shrank between two readings; negative when it grew. */
function entriesPerMs(before: Reading | undefined, after: Reading): number | null {
  const elapsed = before ? after.atMs - before.atMs : 0
  const [from, to] = [before?.backlogEntries ?? null, after.backlogEntries]
  return from === null || to === null || elapsed <= 0 ? null : (from - to) / elapsed
}

function verdictOf(readings: readonly Reading[], rateOut: number | null): BacklogVerdict | null {
  const [from, to] = [readings[0]?.backlogEntries ?? null, readings.at(-1)?.backlogEntries ?? null]
  if (to === 0) return 'empty'
  if (from === null || to === null || readings.length < 2) return null
  if (to < from) return 'draining'
  if (rateOut === 0) return 'stalled'
  return to > from ? 'growing' : 'steady'
}
