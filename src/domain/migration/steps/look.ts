import type {CursorStats, SubscriptionStats} from '../../../clients/pulsar-admin/types.js'
import {Conflict} from '../../../errors.js'
import {collectTopic} from '../../subscriptions/collect.js'
import type {CursorLook} from '../drain.js'
import type {StepContext} from '../step.js'

/** One partition's subscription, as the statistics show it now. */
export interface SubscriptionLook {
  readonly partition: number | null
  readonly stats: SubscriptionStats
}

/**
 * The subscription's statistics on every partition.
 *
 * @throws Conflict E_WORLD_CHANGED when the topic has grown partitions, or a partition lost the subscription.
 */
export async function lookAtSubscription(context: StepContext): Promise<SubscriptionLook[]> {
  const {admin, plan, subscription, topic} = context
  const collected = await collectTopic(admin, topic, {getPreciseBacklog: true, excludePublishers: true})
  if (collected.partitionCount !== plan.partitions) {
    throw new Conflict(
      'E_WORLD_CHANGED',
      `${topic.full} had ${String(plan.partitions)} partitions, now ${String(collected.partitionCount)}`,
    )
  }
  return collected.partitions.map(({partition, stats}) => {
    const found = stats.subscriptions?.[subscription]
    if (!found)
      throw new Conflict('E_WORLD_CHANGED', `partition ${String(partition)} lost the subscription ${subscription}`)
    return {partition, stats: found}
  })
}

/** Statistics and cursor of every partition, read together. */
export async function lookAtCursors(context: StepContext): Promise<CursorLook[]> {
  const [looks, internals] = await Promise.all([
    lookAtSubscription(context),
    Promise.all(context.partitions.map(({name}) => context.admin.internalStats(name))),
  ])
  const atMs = Date.now()
  return looks.map(({partition, stats}, at) => {
    const cursor = internals[at]?.cursors?.[encodeURIComponent(context.subscription)] ?? {}
    return {
      partition,
      atMs,
      lastEntry: internals[at]?.lastConfirmedEntry ?? null,
      cursor,
      ledgers: internals[at]?.ledgers ?? [],
      backlogEntries: stats.msgBacklog ?? 0,
      throttledReads: stats.dispatchThrottledMsgEventsBySubscriptionLimit ?? null,
      isReading: isReading(cursor),
      deliveredMessages: stats.msgOutCounter ?? null,
      holders: holdersOf(stats),
    }
  })
}

function isReading(cursor: CursorStats): boolean | null {
  const signs = [cursor.waitingReadOp, cursor.subscriptionHavePendingRead, cursor.subscriptionHavePendingReplayRead]
  return signs.includes(undefined) ? null : signs.includes(true)
}

function holdersOf({consumers}: SubscriptionStats): CursorLook['holders'] {
  return (consumers ?? []).flatMap(({consumerName, unackedMessages}) =>
    unackedMessages ? [{consumer: consumerName ?? 'a consumer without a name', unackedMessages}] : [],
  )
}

/** `partition 3, partition 5`, or `the topic` for a plain one. */
export function partitionLabels(rows: ReadonlyArray<{readonly partition: number | null}>): string {
  return rows.map(({partition}) => (partition === null ? 'the topic' : `partition ${String(partition)}`)).join(', ')
}
