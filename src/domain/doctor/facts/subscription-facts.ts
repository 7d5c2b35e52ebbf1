import type {ConsumerStats, DispatchRate, SubscriptionStats} from '../../../clients/pulsar-admin/types.js'
import {rise} from '../../progress/counters.js'
import {clientNameOf, consumerId} from '../../topic-stats/consumers.js'
import type {
  BlockingLock,
  BrokerLimits,
  DiagnosisSnapshot,
  MessageSample,
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
  readonly brokerVersion: string
  readonly settings: BrokerLimits
  readonly dispatchRate: DispatchRate | null
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

export interface PartitionFacts {
  /** null on a topic without partitions */
  readonly partition: number | null
  readonly before: SubscriptionStats
  readonly now: SubscriptionStats
  readonly consumers: readonly ConsumerFacts[]
  /** messages published between the samples; null if the counter restarted */
  readonly published: number | null
  /** messages delivered between the samples, including redeliveries; null if the counter restarted */
  readonly delivered: number | null
}

/** A consumer that both samples contain. */
export interface ConsumerFacts {
  readonly partition: number | null
  readonly before: ConsumerStats
  readonly now: ConsumerStats
}

/** Each subscription of a snapshot, with the partitions that both samples contain. */
export function factsOf(snapshot: DiagnosisSnapshot, stuckAfterMs: number): SubscriptionFacts[] {
  return snapshot.topics.flatMap((topic) => {
    const [, last] = topic.samples
    const names = new Set(last.partitions.flatMap(({subscriptions}) => Object.keys(subscriptions)))
    return [...names].toSorted().map((name) => subscriptionFacts(snapshot, topic, name, stuckAfterMs))
  })
}

function subscriptionFacts(
  {brokerVersion, settings}: DiagnosisSnapshot,
  {locks, messageSamples, policies, samples: [first, last], topic}: TopicSnapshot,
  subscription: string,
  stuckAfterMs: number,
): SubscriptionFacts {
  const partitions = last.partitions.flatMap((row): PartitionFacts[] => {
    const earlier = first.partitions.find(({partition}) => partition === row.partition)
    const [before, now] = [earlier?.subscriptions[subscription], row.subscriptions[subscription]]
    if (!earlier || !before || !now) return []
    return [
      {
        partition: row.partition,
        before,
        now,
        consumers: consumersOf(row.partition, before, now),
        published: rise(earlier.messagesIn, row.messagesIn),
        delivered: rise(before.msgOutCounter ?? null, now.msgOutCounter ?? null),
      },
    ]
  })
  const types = new Set(partitions.flatMap(({now: {type}}) => (type === undefined || type === 'None' ? [] : [type])))
  const [type = null] = types
  return {
    topic,
    subscription,
    type: types.size > 1 ? null : type,
    partitions,
    brokerVersion,
    settings,
    dispatchRate: policies?.dispatchRates[subscription] ?? null,
    messageTtlSeconds: policies?.messageTtlSeconds ?? null,
    evictsAbove: policies?.evictsAbove ?? {bytes: null, seconds: null},
    sample: messageSamples[subscription] ?? null,
    locks: locks[subscription] ?? [],
    nowMs: last.atMs,
    elapsedMs: last.atMs - first.atMs,
    stuckAfterMs,
  }
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

export function nameOf(consumer: ConsumerStats): string {
  return displayName(clientNameOf(consumer))
}

export function displayName({address, name}: ReturnType<typeof clientNameOf>): string {
  return name ?? address ?? 'a consumer without a name and address'
}

/** Whether a time of the broker is longer ago than `stuckAfterMs`. For 0, which means never, the connection time counts. */
export function isOlderThan(
  {nowMs, stuckAfterMs}: Pick<SubscriptionFacts, 'nowMs' | 'stuckAfterMs'>,
  timestamp: number | undefined,
  {connectedSince}: ConsumerStats,
): boolean {
  const since = timestamp && timestamp > 0 ? timestamp : Date.parse(connectedSince ?? '')
  return !Number.isNaN(since) && nowMs - since > stuckAfterMs
}

/** ` on partition 3`, ` on partitions 3, 5`, or an empty text on a topic without partitions. */
export function whereText(rows: ReadonlyArray<{readonly partition: number | null}>): string {
  const numbers = rows.flatMap(({partition}) => (partition === null ? [] : [String(partition)]))
  if (numbers.length === 0) return ''
  return numbers.length === 1 ? ` on partition ${numbers.join('')}` : ` on partitions ${numbers.join(', ')}`
}
