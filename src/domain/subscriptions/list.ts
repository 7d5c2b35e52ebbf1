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
  /** 0 on a plain topic */
  partitionsWithoutConsumer: number
  /** entries: a batch is one */
  backlogEntries: number | null
  /** how the backlog lies over the partitions, in entries; null on a plain topic, and where one of them is not known */
  spread: {least: number; most: number; mostOn: number} | null
  unackedMessages: number | null
  rateOutPerSecond: number | null
  /** whether it, or one of its consumers, has as many unacknowledged messages as it may, on some partition */
  isBlocked: boolean
  /** entries wait, consumers are there, and nothing was delivered over the broker's last minute; null where that is not known */
  isStalled: boolean | null
}

export interface SubscriptionList {
  /** `broker-stats`: one request per broker, a copy renewed each minute; `topic-stats`: one request per topic, live */
  source: 'broker-stats' | 'topic-stats'
  /** when the brokers were asked */
  asOf: string
  /** how old the numbers may be, in ms; null when the broker does not say */
  maxAgeMs: number | null
  /** whether every broker answered, and every partition of every topic listed is in its numbers */
  complete: boolean
  /** brokers that did not answer: their topics are missing */
  failedBrokers: Array<{broker: string; cause: string}>
  /** how many fit, of which `subscriptions` may be the first */
  matched: number
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

/** Folds the statistics of single partitions into one row for each subscription of each topic. */
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
    rows: folded.map(({parts, subscription, topic}) => foldRow(topic, subscription, parts)),
    complete: folded.every(({parts}) => hasNoHole(parts)),
  }
}

function foldRow(topic: string, subscription: string, parts: readonly Part[]): SubscriptionRow {
  const stats = parts.map((part) => part.stats)
  const isPartitioned = parts.some(({index}) => index !== null)
  const consumers = countConsumers(
    stats.map((part) => (part.consumers ?? []).map(({consumerName}) => consumerName ?? null)),
  )
  const backlogEntries = sumKnown(stats.map((part) => part.msgBacklog ?? null))
  const rateOutPerSecond = sumKnown(stats.map((part) => part.msgRateOut ?? null))
  return {
    topic,
    subscription,
    type: commonType(stats.map((part) => part.type ?? 'None')),
    partitions: isPartitioned ? parts.length : null,
    consumers,
    partitionsWithoutConsumer: isPartitioned ? stats.filter((part) => (part.consumers ?? []).length === 0).length : 0,
    backlogEntries,
    spread: isPartitioned ? spreadOf(parts) : null,
    unackedMessages: sumKnown(stats.map((part) => part.unackedMessages ?? null)),
    rateOutPerSecond,
    isBlocked: stats.some(isBlocked),
    isStalled:
      backlogEntries === null || rateOutPerSecond === null
        ? null
        : backlogEntries > 0 && consumers > 0 && rateOutPerSecond === 0,
  }
}

function isBlocked({blockedSubscriptionOnUnackedMsgs, consumers = []}: SubscriptionStats): boolean {
  return (
    blockedSubscriptionOnUnackedMsgs === true ||
    consumers.some(({blockedConsumerOnUnackedMsgs}) => blockedConsumerOnUnackedMsgs === true)
  )
}

function spreadOf(parts: readonly Part[]): SubscriptionRow['spread'] {
  const known = parts.flatMap(({index, stats: {msgBacklog}}) =>
    index === null || msgBacklog === undefined ? [] : [{index, entries: msgBacklog}],
  )
  const sorted = known.toSorted((a, b) => a.entries - b.entries || b.index - a.index)
  const [least, most] = [sorted[0], sorted.at(-1)]
  if (!least || !most || known.length < parts.length) return null
  return {least: least.entries, most: most.entries, mostOn: most.index}
}

/** Partition numbers run from 0 without a gap: a gap is a partition that no broker reported. */
function hasNoHole(parts: readonly Part[]): boolean {
  const highest = Math.max(...parts.map(({index}) => index ?? 0))
  return parts.length === highest + 1
}
