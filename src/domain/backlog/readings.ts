import type {SubscriptionPartition} from '../topic-stats/collect-topic-stats.js'
import {sumKnown} from '../topic-stats/known-sums.js'
import {countedUnacked} from '../topic-stats/unacked-messages.js'

export type Amount =
  'ackHoles' | 'backlogBytes' | 'backlogMessages' | 'delayedMessages' | 'replayMessages' | 'unackedMessages'

/** Values of the last sample that are summed over partitions. */
export type Amounts = Readonly<Record<Amount, number | null>>

/** One sample of one row: a partition, or the total of all. */
export interface Reading {
  readonly atMs: number
  readonly backlogEntries: number | null
  readonly amounts: Amounts
  readonly publishedAt: number | null
  readonly publishedBy: 'message' | 'statistics' | null
  readonly messagesIn: number | null
  readonly messagesOut: number | null
  /** counted since the topic was loaded, as messages are; null where the cursor was not read */
  readonly entriesAcked: number | null
}

/** One row in every sample; null when the sample does not contain it. */
export type Row = ReadonlyArray<Reading | null>

const AMOUNTS: readonly Amount[] = [
  ...(['ackHoles', 'backlogBytes', 'backlogMessages', 'delayedMessages', 'replayMessages', 'unackedMessages'] as const),
]

/** What is read of a partition besides its statistics; null when it was not read. */
interface Extras {
  /** publish time of the oldest message, epoch ms */
  readonly ofMessage: number | null
  /** entries acknowledged since the topic was loaded */
  readonly acked: number | null
}

export function readPartition(atMs: number, row: SubscriptionPartition, {acked, ofMessage}: Extras): Reading {
  const ofStatistics = row.subscription.earliestMsgPublishTimeInBacklog ?? 0 // 0: not requested, −1: no backlog
  const publishedAt = ofMessage ?? (ofStatistics > 0 ? ofStatistics : null)
  return {
    atMs,
    backlogEntries: row.subscription.msgBacklog ?? null,
    amounts: amountsOf(row),
    publishedAt,
    publishedBy: publishedAt === null ? null : ofMessage === null ? 'statistics' : 'message',
    messagesIn: row.stats.msgInCounter ?? null,
    messagesOut: row.subscription.msgOutCounter ?? null,
    entriesAcked: acked,
  }
}

/** The total of all partitions. A value that one partition lacks is unknown; null when a partition is missing. */
export function addReadings(atMs: number, parts: ReadonlyArray<Reading | null>): Reading | null {
  const known = parts.filter((part) => part !== null)
  if (known.length < parts.length) return null
  const published = known.flatMap(({publishedAt}) => publishedAt ?? [])
  return {
    atMs,
    backlogEntries: sumKnown(known.map(({backlogEntries}) => backlogEntries)),
    amounts: amountsBy((name) => sumKnown(known.map(({amounts}) => amounts[name]))),
    publishedAt: published.length > 0 ? Math.min(...published) : null,
    publishedBy: known.some(({publishedBy}) => publishedBy === 'statistics')
      ? 'statistics'
      : published.length > 0
        ? 'message'
        : null,
    messagesIn: sumKnown(known.map(({messagesIn}) => messagesIn)),
    messagesOut: sumKnown(known.map(({messagesOut}) => messagesOut)),
    entriesAcked: sumKnown(known.map(({entriesAcked}) => entriesAcked)),
  }
}

export const NO_AMOUNTS: Amounts = amountsBy(() => null)

function amountsBy(amount: (name: Amount) => number | null): Amounts {
  return Object.fromEntries(AMOUNTS.map((name) => [name, amount(name)])) as unknown as Amounts
}

function amountsOf(row: SubscriptionPartition): Amounts {
  const {backlogSize, msgBacklog, msgDelayed, msgInReplay, nonContiguousDeletedMessagesRanges} = row.subscription
  const perEntry = messagesPerEntry(row)
  return {
    ackHoles: nonContiguousDeletedMessagesRanges ?? null,
    backlogBytes: backlogSize === undefined || backlogSize < 0 ? null : backlogSize, // −1: not requested
    backlogMessages:
      msgBacklog === 0 ? 0 : msgBacklog === undefined || perEntry === null ? null : Math.round(msgBacklog * perEntry),
    delayedMessages: msgDelayed ?? null,
    replayMessages: msgInReplay ?? null,
    unackedMessages: countedUnacked(row.subscription.unackedMessages, row.subscription.type),
  }
}

/** The broker reports 0 for a consumer that has received nothing yet. */
function messagesPerEntry(row: SubscriptionPartition): number | null {
  const averages = (row.subscription.consumers ?? []).flatMap(({avgMessagesPerEntry = 0}) =>
    avgMessagesPerEntry > 0 ? [avgMessagesPerEntry] : [],
  )
  return averages.length === 0 ? null : averages.reduce((sum, one) => sum + one, 0) / averages.length
}
