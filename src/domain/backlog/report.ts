import {type CollectedSubscription, type SubscriptionPartition} from '../subscriptions/collect.js'
import type {OldestMessages} from './collect-oldest.js'
import {sumKnown} from '../subscriptions/inspect.js'

export interface BacklogSample {
  /** when it was read, epoch ms */
  readonly atMs: number
  readonly collected: CollectedSubscription
  /** of the last one; where it was looked at */
  readonly oldest?: OldestMessages
}

/**
 * `stalled`: a backlog of which nothing was delivered. `draining` and `growing`: in every part of the window; `steady`:
 * now this, now that, as messages in flight make it.
 */
export type BacklogVerdict = 'draining' | 'empty' | 'growing' | 'stalled' | 'steady'

export interface BacklogFigures {
  /** entries: a batch is one */
  backlogEntries: number | null
  /** about so many, by `messagesPerEntry`; null where that is not known */
  backlogMessages: number | null
  /** the average of what was delivered to the consumers lately; null where nothing was, or nobody is connected */
  messagesPerEntry: number | null
  /** about, from the mark-delete position on; null where the broker does not say */
  backlogBytes: number | null
  /** messages */
  unackedMessages: number | null
  /** messages whose time has not come */
  delayedMessages: number | null
  /** messages that were read, and wait to be delivered again or to a consumer without room */
  replayMessages: number | null
  /** gaps between individually acknowledged entries, behind the mark-delete position */
  ackHoles: number | null
  /** since the oldest message that waits was published; null when there is none, or it can't be told */
  oldestAgeMs: number | null
  /** whether the message itself says so, or the broker's statistics, which may mean another one */
  oldestAgeBy: 'message' | 'statistics' | null
  /** messages published, over the window */
  rateInPerSecond: number | null
  /** messages delivered, over the window */
  rateOutPerSecond: number | null
  /** the time until the backlog is gone at the fastest and the slowest pace seen; null unless it is draining or empty */
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

type Amount = 'ackHoles' | 'backlogBytes' | 'backlogMessages' | 'delayedMessages' | 'replayMessages' | 'unackedMessages'

/** What is added up over partitions, and shown as it was at the last look. */
type Amounts = Readonly<Record<Amount, number | null>>

/** One reading of one row: a partition, or the sum of all. */
interface Reading {
  readonly atMs: number
  readonly backlogEntries: number | null
  readonly amounts: Amounts
  readonly publishedAt: number | null
  readonly publishedBy: BacklogFigures['oldestAgeBy']
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
    samples.map(({atMs, collected, oldest}) =>
      readPartition(
        atMs,
        collected.partitions.find((row) => row.partition === partition),
        oldest?.get(partition ?? 0) ?? null,
      ),
    ),
  )
  return {
    topic: last.collected.topic.full,
    subscription: last.collected.subscription,
    windowMs: last.atMs - first.atMs,
    partitions: rows.map((readings, at) => ({
      partition: last.collected.partitions[at]?.partition ?? null,
      ...figures(readings),
    })),
    total: figures(
      samples.map(({atMs}, at) =>
        addReadings(
          atMs,
          rows.map((readings) => readings[at]),
        ),
      ),
    ),
  }
}

function readPartition(atMs: number, row: SubscriptionPartition | undefined, ofMessage: number | null): Reading {
  const ofStatistics = row?.subscription.earliestMsgPublishTimeInBacklog ?? 0 // 0: not asked for, −1: no backlog
  const publishedAt = ofMessage ?? (ofStatistics > 0 ? ofStatistics : null)
  return {
    atMs,
    backlogEntries: row?.subscription.msgBacklog ?? null,
    amounts: amountsOf(row),
    publishedAt,
    publishedBy: publishedAt === null ? null : ofMessage === null ? 'statistics' : 'message',
    messagesIn: row?.stats.msgInCounter ?? null,
    messagesOut: row?.subscription.msgOutCounter ?? null,
  }
}

const AMOUNTS: readonly Amount[] = [
  ...(['ackHoles', 'backlogBytes', 'backlogMessages', 'delayedMessages', 'replayMessages', 'unackedMessages'] as const),
]

function ratioOf(messages: number | null, entries: number): number | null {
  return messages === null ? null : messages / entries
}

function amountsOf(row: SubscriptionPartition | undefined): Amounts {
  const {backlogSize, msgBacklog, msgDelayed, msgInReplay, nonContiguousDeletedMessagesRanges, unackedMessages} =
    row?.subscription ?? {}
  const perEntry = messagesPerEntry(row)
  return {
    ackHoles: nonContiguousDeletedMessagesRanges ?? null,
    backlogBytes: backlogSize === undefined || backlogSize < 0 ? null : backlogSize, // −1: not asked for
    backlogMessages:
      msgBacklog === 0 ? 0 : msgBacklog === undefined || perEntry === null ? null : Math.round(msgBacklog * perEntry),
    delayedMessages: msgDelayed ?? null,
    replayMessages: msgInReplay ?? null,
    unackedMessages: unackedMessages ?? null,
  }
}

/** The broker writes 0 for a consumer that has got nothing yet. */
function messagesPerEntry(row: SubscriptionPartition | undefined): number | null {
  const averages = (row?.subscription.consumers ?? []).flatMap(({avgMessagesPerEntry = 0}) =>
    avgMessagesPerEntry > 0 ? [avgMessagesPerEntry] : [],
  )
  return averages.length === 0 ? null : averages.reduce((sum, one) => sum + one, 0) / averages.length
}

function addReadings(atMs: number, parts: ReadonlyArray<Reading | undefined>): Reading {
  const published = parts.flatMap((part) => part?.publishedAt ?? [])
  return {
    atMs,
    backlogEntries: sumKnown(parts.map((part) => part?.backlogEntries ?? null)),
    amounts: Object.fromEntries(
      AMOUNTS.map((name) => [name, sumKnown(parts.map((part) => part?.amounts[name] ?? null))]),
    ) as unknown as Amounts,
    publishedAt: published.length > 0 ? Math.min(...published) : null,
    publishedBy: parts.some((part) => part?.publishedBy === 'statistics')
      ? 'statistics'
      : published.length > 0
        ? 'message'
        : null,
    messagesIn: sumKnown(parts.map((part) => part?.messagesIn ?? null)),
    messagesOut: sumKnown(parts.map((part) => part?.messagesOut ?? null)),
  }
}

function figures(readings: readonly Reading[]): BacklogFigures {
  const last = readings.at(-1)
  const rateOut = ratePerSecond(readings, ({messagesOut}) => messagesOut)
  const backlog = last?.backlogEntries ?? null
  const amounts = last?.amounts ?? amountsOf(undefined)
  const paces = shrinkPaces(readings)
  const verdict = verdictOf(backlog, paces, rateOut)
  return {
    backlogEntries: backlog,
    ...amounts,
    messagesPerEntry: backlog ? ratioOf(amounts.backlogMessages, backlog) : null,
    oldestAgeMs: last?.publishedAt && backlog ? Math.max(0, last.atMs - last.publishedAt) : null,
    oldestAgeBy: backlog ? (last?.publishedBy ?? null) : null,
    rateInPerSecond: ratePerSecond(readings, ({messagesIn}) => messagesIn),
    rateOutPerSecond: rateOut,
    drainMs: drainTime(backlog, paces, verdict),
    verdict,
  }
}

/** null when there is nothing to compare, or a counter went back because the topic was loaded afresh. */
function ratePerSecond(readings: readonly Reading[], counter: (reading: Reading) => number | null): number | null {
  const [first, last] = [readings[0], readings.at(-1)]
  if (!first || !last || last.atMs <= first.atMs) return null
  const [from, to] = [counter(first), counter(last)]
  return from === null || to === null || to < from ? null : ((to - from) * 1000) / (last.atMs - first.atMs)
}

/** Entries per ms by which the backlog shrank from each reading to the next, negative where it grew; null: unknown. */
function shrinkPaces(readings: readonly Reading[]): number[] | null {
  const paces = readings.slice(1).flatMap((after, at) => {
    const before = readings[at]
    if (typeof before?.backlogEntries !== 'number' || after.backlogEntries === null) return []
    return [(before.backlogEntries - after.backlogEntries) / (after.atMs - before.atMs)]
  })
  return paces.length > 0 && paces.length === readings.length - 1 ? paces : null
}

function verdictOf(
  backlog: number | null,
  paces: readonly number[] | null,
  rateOut: number | null,
): BacklogVerdict | null {
  if (backlog === 0) return 'empty'
  if (backlog === null || paces === null) return null
  if (rateOut === 0) return 'stalled'
  if (paces.every((pace) => pace > 0)) return 'draining'
  return paces.every((pace) => pace < 0) ? 'growing' : 'steady'
}

function drainTime(
  backlog: number | null,
  paces: readonly number[] | null,
  verdict: BacklogVerdict | null,
): BacklogFigures['drainMs'] {
  if (verdict === 'empty') return {low: 0, high: 0}
  if (verdict !== 'draining' || backlog === null || paces === null) return {low: null, high: null}
  return {low: Math.round(backlog / Math.max(...paces)), high: Math.round(backlog / Math.min(...paces))}
}
