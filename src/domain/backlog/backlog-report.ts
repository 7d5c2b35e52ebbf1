import type {CollectedSubscription, SubscriptionPartition} from '../topic-stats/collect-topic-stats.js'
import type {OldestMessages} from '../message-sampling/collect-oldest-messages.js'
import {type ConsumerProgress, consumersOf} from '../progress/consumer-progress.js'
import {type AckProgress, ackProgressOf, addAckProgress, type MarkDelete} from '../progress/ack-progress.js'
import {addReadings, NO_AMOUNTS, type Reading, readPartition, type Row} from './readings.js'
import type {Point} from './backlog-rates.js'
import {assessBacklog, type BacklogVerdict, completenessOf, type NoDrainReason} from './backlog-verdict.js'

export interface BacklogSample {
  /** when it was read, epoch ms */
  readonly atMs: number
  /** partitions may be missing from it */
  readonly collected: CollectedSubscription
  /** of the last one; where it was looked at */
  readonly oldest?: OldestMessages
}

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
  /** entries by least squares over the window, negative where the backlog shrinks */
  slopePerSecond: number | null
  /** until it is gone: holds the true time in four of five drains; null unless it is draining or empty, `high` also where it is too far to say */
  drainMs: {low: number | null; high: number | null}
  /** why there is no time to drain; null where there is one */
  drainReason: NoDrainReason | null
  /** what the mark-delete position did; of all partitions together `held` where one is */
  markDelete: MarkDelete | null
  /** the share of the window's looks that found it, from 0 to 1 */
  completeness: number
  /** counters went back in the window: the topic was loaded afresh */
  wasReloaded: boolean
  /** null where less than half of the looks, or fewer than four, found it */
  verdict: BacklogVerdict | null
}

export type BacklogPartition = BacklogFigures & {
  /** null on a plain topic */
  partition: number | null
  consumers: ConsumerProgress[]
}

export interface BacklogReport {
  topic: string
  subscription: string
  windowMs: number
  /** how often it was looked in the window */
  samples: number
  /** the last time, ISO 8601 UTC */
  sampledAt: string
  partitions: BacklogPartition[]
  total: BacklogFigures
}

/**
 * What several samples of one subscription say, for each partition and in all.
 *
 * @param samples in the order they were taken, at least one.
 */
export function reportBacklog(samples: readonly BacklogSample[]): BacklogReport {
  const [first, last] = [samples[0], samples.at(-1)]
  if (!first || !last) throw new RangeError('a backlog report needs at least one sample')
  const parts = numbersOf(last.collected).map((partition) => partOf(samples, partition))
  const total: Row = samples.map(({atMs}, at) =>
    addReadings(
      atMs,
      parts.map(({row}) => row[at] ?? null),
    ),
  )
  return {
    topic: last.collected.topic.full,
    subscription: last.collected.subscription,
    windowMs: last.atMs - first.atMs,
    samples: samples.length,
    sampledAt: new Date(last.atMs).toISOString(),
    partitions: parts.map(({consumers, partition, progress, row}) => ({
      partition,
      ...figures(row, progress),
      consumers,
    })),
    total: figures(total, addAckProgress(parts.map(({progress}) => progress))),
  }
}

function numbersOf({partitionCount}: CollectedSubscription): Array<number | null> {
  return partitionCount === null ? [null] : Array.from({length: partitionCount}, (_, partition) => partition)
}

interface Part {
  readonly partition: number | null
  readonly row: Row
  readonly progress: AckProgress
  readonly consumers: ConsumerProgress[]
}

function partOf(samples: readonly BacklogSample[], partition: number | null): Part {
  const found = samples.map(({collected}) => collected.partitions.find((one) => one.partition === partition) ?? null)
  const known: SubscriptionPartition[] = found.filter((one) => one !== null)
  return {
    partition,
    row: samples.map(({atMs, oldest}, at) => {
      const one = found[at]
      return one ? readPartition(atMs, one, oldest?.get(partition ?? 0) ?? null) : null
    }),
    progress: ackProgressOf(known),
    consumers: found.at(-1) ? consumersOf(known.map(({subscription}) => subscription)) : [],
  }
}

function figures(row: Row, {isAcking, markDelete, wasReloaded}: AckProgress): BacklogFigures {
  const last = row.at(-1) ?? null
  const backlog = last?.backlogEntries ?? null
  const amounts = last?.amounts ?? NO_AMOUNTS
  const points = row.flatMap((reading): Point[] =>
    typeof reading?.backlogEntries === 'number' ? [{atMs: reading.atMs, entries: reading.backlogEntries}] : [],
  )
  const window = {points, samples: row.length, backlogEntries: backlog, isAcking}
  const {drainMs, drainReason, slopePerSecond, verdict} = assessBacklog(window)
  return {
    backlogEntries: backlog,
    ...amounts,
    messagesPerEntry: backlog && amounts.backlogMessages !== null ? amounts.backlogMessages / backlog : null,
    oldestAgeMs: last?.publishedAt && backlog ? Math.max(0, last.atMs - last.publishedAt) : null,
    oldestAgeBy: backlog ? (last?.publishedBy ?? null) : null,
    rateInPerSecond: wasReloaded ? null : ratePerSecond(row, ({messagesIn}) => messagesIn),
    rateOutPerSecond: wasReloaded ? null : ratePerSecond(row, ({messagesOut}) => messagesOut),
    slopePerSecond,
    drainMs,
    drainReason,
    markDelete,
    completeness: completenessOf(window),
    wasReloaded,
    verdict,
  }
}

/** null when there is nothing to compare. */
function ratePerSecond(row: Row, counter: (reading: Reading) => number | null): number | null {
  const readings = row.filter((reading) => reading !== null)
  const [first, last] = [readings[0], readings.at(-1)]
  if (!first || !last || last.atMs <= first.atMs) return null
  const [from, to] = [counter(first), counter(last)]
  return from === null || to === null || to < from ? null : ((to - from) * 1000) / (last.atMs - first.atMs)
}
