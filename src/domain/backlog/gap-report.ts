import type {SubscriptionStats} from '../../clients/pulsar-admin/types.js'
import {countEntries} from '../topic-stats/unacked-entries.js'
import type {EntryGap} from './ack-gaps.js'

/** A range of unacknowledged entries that lies before acknowledged ones. */
export interface GapRow {
  /** null on a plain topic */
  partition: number | null
  /** `ledger:entry` */
  first: string
  last: string
  /** a batch is one entry */
  entries: number
  /** of the first message, by this machine's clock; null unless it was read, as the next three */
  ageMs: number | null
  /** when the first message was published, ISO 8601, by its producer's clock */
  publishedAt: string | null
  /** of the first message; also null if it has none */
  key: string | null
  /** whether the key is base64 text of its bytes */
  isKeyBase64: boolean | null
  /** the only consumer that can have the messages; null if several can, or none is connected */
  consumer: string | null
}

export interface GapReport {
  topic: string
  subscription: string
  /** ISO 8601, by this machine's clock */
  asOf: string
  /** null on a plain topic */
  partitionCount: number | null
  /** the partitions without this subscription */
  missingOn: number[]
  /** by partition and position, at most `--max` */
  gaps: GapRow[]
  /** of all gaps, also of those that are not in the list */
  total: {gaps: number; entries: number}
}

/** One gap, and its first message if it was read. */
export interface FoundGap {
  readonly partition: number | null
  readonly gap: EntryGap
  readonly stats: SubscriptionStats
}

/** The first message of a gap. */
export interface FirstMessage {
  readonly key: string | null
  readonly isBase64: boolean
  readonly publishedAtMs: number | null
}

/** @param message null if it was not read */
export function gapRow({gap, partition, stats}: FoundGap, message: FirstMessage | null, nowMs: number): GapRow {
  const [start] = gap.ranges
  const end = gap.ranges.at(-1) ?? start
  const key = message?.key ?? null
  const publishedAtMs = message?.publishedAtMs ?? null
  return {
    partition,
    first: `${String(start.ledgerId)}:${String(start.first)}`,
    last: `${String(end.ledgerId)}:${String(end.last)}`,
    entries: countEntries(gap.ranges),
    ageMs: publishedAtMs === null ? null : Math.max(0, nowMs - publishedAtMs),
    publishedAt: publishedAtMs === null ? null : new Date(publishedAtMs).toISOString(),
    key,
    isKeyBase64: key === null ? null : (message?.isBase64 ?? null),
    consumer: onlyConsumer(stats),
  }
}

/** The active consumer where one consumer receives everything, otherwise the only one that is connected. */
function onlyConsumer({activeConsumerName, consumers = [], type}: SubscriptionStats): string | null {
  const [only, ...others] = consumers
  if (only === undefined) return null
  if (others.length === 0) return only.consumerName ?? null
  const isOneActive = type === 'Failover' || type === 'Exclusive'
  return isOneActive && consumers.some(({consumerName}) => consumerName === activeConsumerName)
    ? (activeConsumerName ?? null)
    : null
}
