import type {StatsQuery} from '../../../clients/pulsar-admin/admin.js'
import type {CursorStats, InternalStats, SubscriptionStats, TopicStats} from '../../../clients/pulsar-admin/types.js'
import {Conflict, Unreachable} from '../../../errors.js'
import type {CursorSample} from '../proofs/drain-proof.js'
import {counted, partitionLabel} from '../../../wording.js'
import type {BrokerContext} from './broker-context.js'
import {cursorOf} from '../../topic-stats/cursor.js'

/** The statistics of the subscription on one partition; null where the subscription does not exist. */
export interface SubscriptionSample {
  readonly partition: number | null
  readonly stats: SubscriptionStats | null
}

/** @throws Conflict E_CLUSTER_CHANGED when partitions were added to the topic. */
export async function sampleSubscription(context: BrokerContext, subscription: string): Promise<SubscriptionSample[]> {
  const topics = await sampleTopic(context)
  return topics.map(({partition, stats}) => ({partition, stats: stats.subscriptions?.[subscription] ?? null}))
}

/**
 * The statistics of a subscription that must exist on every partition.
 *
 * @throws Conflict E_CLUSTER_CHANGED when it is missing on a partition.
 */
export async function requireSubscription(
  context: BrokerContext,
  subscription: string,
): Promise<Array<{partition: number | null; stats: SubscriptionStats}>> {
  const samples = await sampleSubscription(context, subscription)
  return samples.map(({partition, stats}) => {
    if (stats) return {partition, stats}
    throw subscriptionMissing(subscription, [{partition}])
  })
}

/**
 * Statistics and cursor of a subscription on every partition where it exists, read together.
 *
 * @throws Unreachable E_POSITION_UNKNOWN when a partition has the subscription and the broker reports no cursor of it.
 */
export async function sampleCursors(context: BrokerContext, subscription: string): Promise<CursorSample[]> {
  const [samples, internals] = await Promise.all([
    sampleSubscription(context, subscription),
    Promise.all(context.partitions.map(({name}) => context.admin.internalStats(name))),
  ])
  const atMs = Date.now()
  return samples.flatMap(({partition, stats}, at) => {
    const internal = internals[at]
    if (!stats || !internal) return []
    const cursor = cursorOf(internal, subscription)
    if (cursor) return [cursorSample(partition, atMs, stats, internal, cursor)]
    // Without a cursor nothing can be proven of the partition, so it must not drop out of a proof.
    const where = partitionLabel(partition)
    throw new Unreachable('E_POSITION_UNKNOWN', `the broker reports no cursor of ${subscription} on ${where}`)
  })
}

/**
 * The cursors of a subscription that must exist on every partition: a proof about the topic needs all of them.
 *
 * @throws Conflict E_CLUSTER_CHANGED when it is missing on a partition.
 */
export async function requireCursors(context: BrokerContext, subscription: string): Promise<CursorSample[]> {
  const samples = await sampleCursors(context, subscription)
  const sampled = new Set(samples.map(({partition}) => partition))
  const missing = context.partitions.filter(({partition}) => !sampled.has(partition))
  if (missing.length === 0) return samples
  throw subscriptionMissing(subscription, missing)
}

function subscriptionMissing(subscription: string, rows: ReadonlyArray<{readonly partition: number | null}>): Conflict {
  return new Conflict('E_CLUSTER_CHANGED', `subscription ${subscription} no longer exists on ${partitionLabels(rows)}`)
}

function cursorSample(
  partition: number | null,
  atMs: number,
  stats: SubscriptionStats,
  {lastConfirmedEntry, ledgers}: InternalStats,
  cursor: CursorStats,
): CursorSample {
  return {
    partition,
    atMs,
    lastEntry: lastConfirmedEntry ?? null,
    cursor,
    ledgers: ledgers ?? [],
    backlogEntries: stats.msgBacklog ?? 0,
    throttledReads: stats.dispatchThrottledMsgEventsBySubscriptionLimit ?? null,
    isReading: isReading(cursor),
    deliveredMessages: stats.msgOutCounter ?? null,
    replayMessages: stats.msgInReplay ?? null,
    leastPermits: leastPermits(stats),
    consumers: consumersOf(stats),
    unackedConsumers: unackedConsumersOf(stats),
  }
}

/** One request for all partitions; its partition count shows when partitions were added. */
export async function sampleTopic(
  {acceptsGrowth, admin, partitions, plan, topic}: BrokerContext,
  more: StatsQuery = {},
): Promise<Array<{partition: number | null; stats: TopicStats}>> {
  const query = {getPreciseBacklog: true, excludePublishers: true, ...more}
  if (plan.partitions === null) return [{partition: null, stats: await admin.topicStats(topic, query)}]
  const answer = await admin.partitionedStats(topic, query)
  const count = answer.metadata?.partitions ?? plan.partitions
  if (count !== plan.partitions && !acceptsGrowth) {
    throw new Conflict(
      'E_CLUSTER_CHANGED',
      `${topic.full} had ${counted(plan.partitions, 'partition')} when the plan was made and has ${String(count)} now`,
    )
  }
  return partitions.map(({name, partition}) => {
    const stats = answer.partitions?.[name.full]
    if (stats) return {partition, stats}
    throw new Unreachable(
      'E_PARTITIONS_MISSING',
      `the broker's statistics of ${topic.full} do not contain ${partitionLabel(partition)}`,
    )
  })
}

export function consumersOf(stats: SubscriptionStats | null): number {
  return (stats?.consumers ?? []).length
}

function isReading(cursor: CursorStats): boolean | null {
  const signs = [cursor.waitingReadOp, cursor.subscriptionHavePendingRead, cursor.subscriptionHavePendingReplayRead]
  return signs.includes(undefined) ? null : signs.includes(true)
}

function leastPermits({consumers}: SubscriptionStats): number | null {
  const permits = (consumers ?? []).map(({availablePermits}) => availablePermits ?? 0)
  return permits.length === 0 ? null : Math.min(...permits)
}

function unackedConsumersOf({consumers}: SubscriptionStats): CursorSample['unackedConsumers'] {
  return (consumers ?? []).flatMap(({consumerName, unackedMessages}) =>
    unackedMessages ? [{consumer: consumerName ?? 'a consumer without a name', unackedMessages}] : [],
  )
}

/** `partition 3` or `partitions 3, 5`; `the topic` where it has no partitions. */
export function partitionLabels(rows: ReadonlyArray<{readonly partition: number | null}>): string {
  if (rows.length === 1) return partitionLabel(rows[0]?.partition ?? null)
  return `partitions ${rows.map(({partition}) => String(partition)).join(', ')}`
}
