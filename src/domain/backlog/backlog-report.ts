import {
  type CollectedSubscription,
  missingFrom,
  type SubscriptionPartition,
} from '../topic-stats/collect-topic-stats.js'
import type {OldestMessages} from '../message-sampling/collect-oldest-messages.js'
import {type ConsumerProgress, consumersOf} from '../progress/consumer-progress.js'
import {type BacklogState, subscriptionProgressOf} from '../progress/partition-progress.js'
import {STUCK_AFTER_MS} from '../progress/thresholds.js'
import {type AckProgress, ackProgressOf, addAckProgress, type MarkDelete} from '../progress/ack-progress.js'
import {addReadings, NO_AMOUNTS, type Reading, readPartition, type Row} from './readings.js'
import type {Point} from './backlog-rates.js'
import {assessBacklog, type BacklogVerdict, completenessOf, type NoDrainReason} from './backlog-verdict.js'

/** By partition: entries acknowledged since the topic was loaded. */
export type AckedEntries = ReadonlyMap<number | null, number>

export interface BacklogSample {
  /** time of the sample, epoch ms */
  readonly atMs: number
  /** partitions may be missing */
  readonly collected: CollectedSubscription
  /** of the last sample only */
  readonly oldest?: OldestMessages
  /** missing where the cursors were not read */
  readonly acked?: AckedEntries
}

export interface BacklogFigures {
  /** entries: a batch is one */
  backlogEntries: number | null
  /** estimate: entries times `messagesPerEntry`; null when that is unknown */
  backlogMessages: number | null
  /** the consumers' recent average; null without a delivery or a connected consumer */
  messagesPerEntry: number | null
  /** estimate, from the mark-delete position on; null when the broker does not report it */
  backlogBytes: number | null
  /** messages */
  unackedMessages: number | null
  /** messages whose delivery time is in the future */
  delayedMessages: number | null
  /** messages in the replay queue: to be redelivered, or read for a consumer without permits */
  replayMessages: number | null
  /** gaps between individually acknowledged entries after the mark-delete position */
  ackHoles: number | null
  /** time since the oldest unacknowledged message was published; null without a backlog and when unknown */
  oldestAgeMs: number | null
  /** source of the age: the message itself, or the broker's statistics, which may refer to another message */
  oldestAgeBy: 'message' | 'statistics' | null
  /** messages published, averaged over the window */
  rateInPerSecond: number | null
  /** messages delivered, averaged over the window */
  rateOutPerSecond: number | null
  /** entries acknowledged, averaged over the window; expired and skipped ones count. Null where the cursors were not read */
  rateAckedPerSecond: number | null
  /** entries, by least squares over the window; negative when the backlog shrinks */
  slopePerSecond: number | null
  /** time to drain as an 80 % interval; null unless the backlog is draining or empty; `high` is also null when it cannot be bounded */
  drainMs: {low: number | null; high: number | null}
  /** why there is no time to drain; null when there is one */
  drainReason: NoDrainReason | null
  /** what the mark-delete position did between the samples; the total is `blocked` when any partition is */
  markDelete: MarkDelete | null
  /** the share of the samples that contain it, from 0 to 1 */
  completeness: number
  /** counters decreased between samples, because the topic was reloaded */
  wasReloaded: boolean
  /** null when fewer than half of the samples, or fewer than four, contain it */
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
  /** number of samples in the window */
  samples: number
  /** time of the last sample, ISO 8601 UTC */
  sampledAt: string
  /** number of partitions of the topic; null on a plain topic */
  partitionCount: number | null
  /** partitions that no sample has, because the subscription does not exist there */
  missingOn: number[]
  partitions: BacklogPartition[]
  total: BacklogFigures
}

/**
 * Evaluates several samples of one subscription, by partition and in total.
 *
 * @param samples at least one, in order of time.
 * @param stuckAfterMs a backlog without progress for longer than this is stalled.
 */
export function reportBacklog(samples: readonly BacklogSample[], stuckAfterMs = STUCK_AFTER_MS): BacklogReport {
  const [first, last] = [samples[0], samples.at(-1)]
  if (!first || !last) throw new RangeError('a backlog report needs at least one sample')
  const {partitionCount} = last.collected
  const missingOn = missingFrom(
    partitionCount,
    samples.flatMap(({collected: {partitions}}) => partitions),
  )
  const found = numbersOf(last.collected)
    .filter((partition) => partition === null || !missingOn.includes(partition))
    .map((partition) => ({partition, of: samplesOf(samples, partition)}))
  const states = subscriptionProgressOf(
    found.map(({of}) => of.filter((one) => one !== null)),
    {nowMs: last.atMs, stuckAfterMs},
  )
  const parts = found.map(({of, partition}, at) => partOf(samples, partition, of, states[at]?.state ?? null))
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
    ...{partitionCount, missingOn},
    partitions: parts.map(({consumers, partition, progress, row, state}) => ({
      partition,
      ...figures(row, progress, state),
      consumers,
    })),
    total: figures(total, addAckProgress(parts.map(({progress}) => progress)), totalState(parts)),
  }
}

function numbersOf({partitionCount}: CollectedSubscription): Array<number | null> {
  return partitionCount === null ? [null] : Array.from({length: partitionCount}, (_, partition) => partition)
}

interface Part {
  readonly partition: number | null
  readonly row: Row
  readonly progress: AckProgress
  readonly state: BacklogState | null
  readonly consumers: ConsumerProgress[]
}

/** The partition in each sample; null where the sample does not contain it. */
function samplesOf(
  samples: readonly BacklogSample[],
  partition: number | null,
): ReadonlyArray<SubscriptionPartition | null> {
  return samples.map(({collected}) => collected.partitions.find((one) => one.partition === partition) ?? null)
}

function partOf(
  samples: readonly BacklogSample[],
  partition: number | null,
  found: ReadonlyArray<SubscriptionPartition | null>,
  state: BacklogState | null,
): Part {
  const known: SubscriptionPartition[] = found.filter((one) => one !== null)
  return {
    partition,
    row: samples.map(({acked, atMs, oldest}, at) => {
      const one = found[at]
      return one
        ? readPartition(atMs, one, {
            ofMessage: oldest?.get(partition ?? 0) ?? null,
            acked: acked?.get(partition) ?? null,
          })
        : null
    }),
    progress: ackProgressOf(known),
    state,
    consumers: found.at(-1) ? consumersOf(known.map(({subscription}) => subscription)) : [],
  }
}

/** All partitions together are stalled if one is: its messages wait, however many others move. */
function totalState(parts: readonly Part[]): BacklogState | null {
  const states = parts.map(({state}) => state)
  const [first] = (['stalled', null, 'moving', 'waiting', 'not-due'] as const).filter((state) => states.includes(state))
  return first === undefined ? 'empty' : first
}

function figures(
  row: Row,
  {markDelete, wasReloaded}: Omit<AckProgress, 'isAcking'>,
  state: BacklogState | null,
): BacklogFigures {
  const last = row.at(-1) ?? null
  const backlog = last?.backlogEntries ?? null
  const amounts = last?.amounts ?? NO_AMOUNTS
  const points = row.flatMap((reading): Point[] =>
    typeof reading?.backlogEntries === 'number' ? [{atMs: reading.atMs, entries: reading.backlogEntries}] : [],
  )
  const window = {points, samples: row.length, backlogEntries: backlog, state}
  const {drainMs, drainReason, slopePerSecond, verdict} = assessBacklog(window)
  return {
    backlogEntries: backlog,
    ...amounts,
    messagesPerEntry: backlog && amounts.backlogMessages !== null ? amounts.backlogMessages / backlog : null,
    oldestAgeMs: last?.publishedAt && backlog ? Math.max(0, last.atMs - last.publishedAt) : null,
    oldestAgeBy: backlog ? (last?.publishedBy ?? null) : null,
    rateInPerSecond: wasReloaded ? null : ratePerSecond(row, ({messagesIn}) => messagesIn),
    rateOutPerSecond: wasReloaded ? null : ratePerSecond(row, ({messagesOut}) => messagesOut),
    rateAckedPerSecond: wasReloaded ? null : ratePerSecond(row, ({entriesAcked}) => entriesAcked),
    slopePerSecond,
    drainMs,
    drainReason,
    markDelete,
    completeness: completenessOf(window),
    wasReloaded,
    verdict,
  }
}

/** null without two readings to compare. */
function ratePerSecond(row: Row, counter: (reading: Reading) => number | null): number | null {
  const readings = row.filter((reading) => reading !== null)
  const [first, last] = [readings[0], readings.at(-1)]
  if (!first || !last || last.atMs <= first.atMs) return null
  const [from, to] = [counter(first), counter(last)]
  return from === null || to === null || to < from ? null : ((to - from) * 1000) / (last.atMs - first.atMs)
}
