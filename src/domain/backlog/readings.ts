import type {SubscriptionPartition} from '../topic-stats/collect-topic-stats.js'
import {sumKnown} from '../topic-stats/known-sums.js'

export type Amount =
  'ackHoles' | 'backlogBytes' | 'backlogMessages' | 'delayedMessages' | 'replayMessages' | 'unackedMessages'

/** What is added up over partitions, and shown as it was at the last look. */
export type Amounts = Readonly<Record<Amount, number | null>>

/** One look at one row: a partition, or the sum of all. */
export interface Reading {
  readonly atMs: number
  readonly backlogEntries: number | null
  readonly amounts: Amounts
  readonly publishedAt: number | null
  readonly publishedBy: 'message' | 'statistics' | null
  readonly messagesIn: number | null
  readonly messagesOut: number | null
}

/** One row at each look; null where the answer did not have it. */
export type Row = ReadonlyArray<Reading | null>

const AMOUNTS: readonly Amount[] = [
  ...(['ackHoles', 'backlogBytes', 'backlogMessages', 'delayedMessages', 'replayMessages', 'unackedMessages'] as const),
]

/** @param ofMessage when the oldest message was published, epoch ms, where it was looked at. */
export function readPartition(atMs: number, row: SubscriptionPartition, ofMessage: number | null): Reading {
  const ofStatistics = row.subscription.earliestMsgPublishTimeInBacklog ?? 0 // 0: not asked for, −1: no backlog
  const publishedAt = ofMessage ?? (ofStatistics > 0 ? ofStatistics : null)
  return {
    atMs,
    backlogEntries: row.subscription.msgBacklog ?? null,
    amounts: amountsOf(row),
    publishedAt,
    publishedBy: publishedAt === null ? null : ofMessage === null ? 'statistics' : 'message',
    messagesIn: row.stats.msgInCounter ?? null,
    messagesOut: row.subscription.msgOutCounter ?? null,
  }
}

/** The sum over all partitions; what one of them does not tell is not known, so null when one is missing altogether. */
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
  }
}

export const NO_AMOUNTS: Amounts = amountsBy(() => null)

function amountsBy(amount: (name: Amount) => number | null): Amounts {
  return Object.fromEntries(AMOUNTS.map((name) => [name, amount(name)])) as unknown as Amounts
}

function amountsOf(row: SubscriptionPartition): Amounts {
  const {backlogSize, msgBacklog, msgDelayed, msgInReplay, nonContiguousDeletedMessagesRanges, unackedMessages} =
    row.subscription
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
function messagesPerEntry(row: SubscriptionPartition): number | null {
  const averages = (row.subscription.consumers ?? []).flatMap(({avgMessagesPerEntry = 0}) =>
    avgMessagesPerEntry > 0 ? [avgMessagesPerEntry] : [],
  )
  return averages.length === 0 ? null : averages.reduce((sum, one) => sum + one, 0) / averages.length
}
