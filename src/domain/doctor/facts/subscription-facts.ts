import type {SubscriptionStats} from '../../../clients/pulsar-admin/types.js'
import {rise} from '../../progress/counters.js'
import {subscriptionProgressOf} from '../../progress/partition-progress.js'
import {redeliveriesOf} from '../../progress/redeliveries.js'
import {consumerId} from '../../topic-stats/consumers.js'
import {isSystemCursor} from '../../topic-stats/system-cursors.js'
import {type ClientFacts, clientsOf} from './client-facts.js'
import type {ConsumerFacts, PartitionFacts} from './partition-facts.js'
import type {
  BlockingLock,
  BrokerLimits,
  DiagnosisSnapshot,
  MessageSample,
  PartitionSample,
  SubscriptionLimits,
  TopicLimits,
  TopicSnapshot,
} from './diagnosis-snapshot.js'

/** One subscription in two samples, in the form that the rules read. */
export interface SubscriptionFacts {
  readonly topic: string
  readonly subscription: string
  /** the type on all partitions; null if they differ, or if no partition has had a consumer */
  readonly type: string | null
  readonly partitions: readonly PartitionFacts[]
  /** partitions of the topic on which the subscription does not exist */
  readonly missingOn: ReadonlyArray<{readonly partition: number; readonly published: number | null}>
  /** the consuming clients, each with its consumers on all partitions */
  readonly clients: readonly ClientFacts[]
  readonly brokerVersion: string
  readonly settings: BrokerLimits
  /** null if nothing points to one of them, so that they were not read */
  readonly limits: SubscriptionLimits | null
  readonly messageTtlSeconds: number | null
  readonly evictsAbove: TopicLimits['evictsAbove']
  readonly sample: MessageSample | null
  readonly locks: readonly BlockingLock[]
  /** epoch ms of the second sample */
  readonly nowMs: number
  readonly elapsedMs: number
  /** a message or consumer without progress for longer than this is stuck, in ms */
  readonly stuckAfterMs: number
}

/**
 * Each subscription of a snapshot, with the partitions that both samples contain. Without those that no client consumes as a
 * subscription: cursors of the broker, and the cursors of readers, which have a backlog whenever their program pauses.
 * A subscription that was requested by name is always included.
 */
export function factsOf(snapshot: DiagnosisSnapshot, stuckAfterMs: number): SubscriptionFacts[] {
  return snapshot.topics.flatMap((topic) => {
    const [, last] = topic.samples
    const names = new Set(last.partitions.flatMap(({subscriptions}) => Object.keys(subscriptions)))
    return [...names]
      .filter((name) => topic.subscription === name || isConsumed(name, last.partitions))
      .toSorted()
      .map((name) => subscriptionFacts(snapshot, topic, name, stuckAfterMs))
  })
}

function isConsumed(name: string, partitions: readonly PartitionSample[]): boolean {
  const isReader = partitions.some(({subscriptions}) => subscriptions[name]?.isDurable === false)
  return !isReader && !isSystemCursor(name)
}

function subscriptionFacts(
  {brokerVersion, settings}: DiagnosisSnapshot,
  {locks, messageSamples, policies, samples: [first, last], topic}: TopicSnapshot,
  subscription: string,
  stuckAfterMs: number,
): SubscriptionFacts {
  const limit = {nowMs: last.atMs, stuckAfterMs}
  const earlierBy = new Map(first.partitions.map((row) => [row.partition, row]))
  const sampled = last.partitions.flatMap((row) => {
    const earlier = earlierBy.get(row.partition)
    const [before, now] = [earlier?.subscriptions[subscription], row.subscriptions[subscription]]
    return earlier && before && now ? [{row, earlier, before, now}] : []
  })
  const samples = sampled.map(({before, earlier, now, row}) => [asSample(earlier, before), asSample(row, now)])
  const progress = subscriptionProgressOf(samples, limit)
  const partitions = sampled.map(({before, earlier, now, row}, at): PartitionFacts => ({
    partition: row.partition,
    before,
    now,
    consumers: consumersOf(row.partition, before, now),
    published: rise(earlier.messagesIn, row.messagesIn),
    delivered: rise(before.msgOutCounter, now.msgOutCounter),
    redelivered: redeliveriesOf(samples[at] ?? []),
    progress: progress[at] ?? {state: null, sinceMs: null, heldBy: null},
    cursor: row.cursors[subscription] ?? null,
    ongoingTransactions: row.ongoingTransactions,
  }))
  const types = new Set(partitions.flatMap(({now: {type}}) => (type === undefined || type === 'None' ? [] : [type])))
  const [type = null] = types
  return {
    topic,
    subscription,
    type: types.size > 1 ? null : type,
    partitions,
    missingOn: missingOn(subscription, {earlierBy, last: last.partitions}),
    clients: clientsOf(partitions),
    brokerVersion,
    settings,
    limits: policies?.bySubscription[subscription] ?? null,
    messageTtlSeconds: policies?.messageTtlSeconds ?? null,
    evictsAbove: policies?.evictsAbove ?? {bytes: null, seconds: null},
    sample: messageSamples[subscription] ?? null,
    locks: locks[subscription] ?? [],
    nowMs: last.atMs,
    elapsedMs: last.atMs - first.atMs,
    stuckAfterMs,
  }
}

/** `published`: messages published there between the samples; null if the counter restarted or is unknown */
function missingOn(
  subscription: string,
  {
    earlierBy,
    last,
  }: {readonly earlierBy: ReadonlyMap<number | null, PartitionSample>; readonly last: readonly PartitionSample[]},
): SubscriptionFacts['missingOn'] {
  return last.flatMap(({messagesIn, partition, subscriptions}) => {
    const earlier = earlierBy.get(partition)
    if (partition === null || !earlier || Object.hasOwn(subscriptions, subscription)) return []
    return [{partition, published: rise(earlier.messagesIn, messagesIn)}]
  })
}

function asSample(
  {messagesIn}: PartitionSample,
  subscription: SubscriptionStats,
): {stats: {msgInCounter?: number}; subscription: SubscriptionStats} {
  return {stats: messagesIn === null ? {} : {msgInCounter: messagesIn}, subscription}
}

function consumersOf(partition: number | null, before: SubscriptionStats, now: SubscriptionStats): ConsumerFacts[] {
  const earlier = new Map((before.consumers ?? []).map((one) => [consumerId(one), one]))
  return (now.consumers ?? []).flatMap((one) => {
    const same = earlier.get(consumerId(one))
    return same ? [{partition, before: same, now: one}] : []
  })
}

export function backlogOf({now}: PartitionFacts): number {
  return now.msgBacklog ?? 0
}

/** There is a backlog, and nothing was delivered between the samples. */
export function isNotDelivered(row: PartitionFacts): boolean {
  return backlogOf(row) > 0 && row.delivered === 0
}

/** Whether mark-delete has not advanced for too long; false if the broker does not report when it did. */
export function isMarkDeleteHeld(
  {nowMs, stuckAfterMs}: Pick<SubscriptionFacts, 'nowMs' | 'stuckAfterMs'>,
  {before, now}: PartitionFacts,
): boolean {
  const since = now.lastMarkDeleteAdvancedTimestamp
  if (since === undefined || since !== before.lastMarkDeleteAdvancedTimestamp) return false
  const oldest = Math.max(since, now.earliestMsgPublishTimeInBacklog ?? 0)
  return oldest > 0 && nowMs - oldest > stuckAfterMs
}

/** ` on partition 3`, ` on partitions 3, 5`, or an empty text on a topic without partitions. */
export function whereText(rows: ReadonlyArray<{readonly partition: number | null}>): string {
  const numbers = [...new Set(rows.flatMap(({partition}) => (partition === null ? [] : [String(partition)])))]
  if (numbers.length === 0) return ''
  return numbers.length === 1 ? ` on partition ${numbers.join('')}` : ` on partitions ${numbers.join(', ')}`
}
