import type {SubscriptionStats, TopicStats} from '../../clients/pulsar-admin/types.js'
import {splitPartition} from '../../topic-name.js'
import {commonType, countConsumers, sumKnown} from './inspect.js'

export interface SubscriptionRow {
  /** the partitioned topic's name, or the plain topic's */
  topic: string
  subscription: string
  /** null when partitions differ */
  type: string | null
  /** partitions seen; null on a plain topic */
  partitions: number | null
  consumers: number
  backlogEntries: number | null
  unackedMessages: number | null
  rateOutPerSecond: number | null
}

export interface SubscriptionList {
  /** `broker-stats`: one request per broker, a copy renewed each minute; `topic-stats`: one request per topic, live */
  source: 'broker-stats' | 'topic-stats'
  /** when the brokers were asked */
  asOf: string
  /** how old the numbers may be, in ms; null when the broker does not say */
  maxAgeMs: number | null
  /** whether every partition of every topic listed is in its numbers */
  complete: boolean
  subscriptions: SubscriptionRow[]
}

/** A partition, or a plain topic, with its statistics. */
export interface NamedStats {
  readonly name: string
  readonly stats: TopicStats
}

interface Part {
  readonly index: number | null
  readonly stats: SubscriptionStats
}

/** Folds the statistics of single partitions into one row for each subscription of each topic, sorted by name. */
export function foldSubscriptions(topics: readonly NamedStats[]): {rows: SubscriptionRow[]; complete: boolean} {
  const rows = new Map<string, {topic: string; subscription: string; parts: Part[]}>()
  for (const {name, stats} of topics) {
    const {base, index} = splitPartition(name)
    for (const [subscription, part] of Object.entries(stats.subscriptions ?? {})) {
      const id = JSON.stringify([base, subscription])
      const row = rows.get(id) ?? {topic: base, subscription, parts: []}
      row.parts.push({index, stats: part})
      rows.set(id, row)
    }
  }
  const folded = [...rows.values()]
  return {
    rows: folded
      .map(({parts, subscription, topic}) => foldRow(topic, subscription, parts))
      .toSorted((a, b) => a.topic.localeCompare(b.topic) || a.subscription.localeCompare(b.subscription)),
    complete: folded.every(({parts}) => hasNoHole(parts)),
  }
}

function foldRow(topic: string, subscription: string, parts: readonly Part[]): SubscriptionRow {
  const stats = parts.map((part) => part.stats)
  return {
    topic,
    subscription,
    type: commonType(stats.map((part) => part.type ?? 'None')),
    partitions: parts.some(({index}) => index !== null) ? parts.length : null,
    consumers: countConsumers(
      stats.map((part) => (part.consumers ?? []).map(({consumerName}) => consumerName ?? null)),
    ),
    backlogEntries: sumKnown(stats.map((part) => part.msgBacklog ?? null)),
    unackedMessages: sumKnown(stats.map((part) => part.unackedMessages ?? null)),
    rateOutPerSecond: sumKnown(stats.map((part) => part.msgRateOut ?? null)),
  }
}

/** Partition numbers run from 0 without a gap: a gap is a partition that no broker reported. */
function hasNoHole(parts: readonly Part[]): boolean {
  const highest = Math.max(...parts.map(({index}) => index ?? 0))
  return parts.length === highest + 1
}
