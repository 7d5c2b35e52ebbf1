import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import type {InternalStats, SubscriptionStats} from '../../clients/pulsar-admin/types.js'
import {parsePosition} from '../../position.js'
import {parseTopicName, partitionName} from '../../topic-name.js'
import {
  dueEntries,
  lastMarkDeleteOf,
  type ProgressLimit,
  subscriptionProgressOf,
} from '../progress/partition-progress.js'
import {collectInternalStats} from '../topic-stats/collect-internal-stats.js'
import {cursorOf} from '../topic-stats/cursor.js'
import {countEntries, entriesFrom, unackedEntries} from '../topic-stats/unacked-entries.js'
import type {CursorSample, TopicSnapshot} from './facts/diagnosis-snapshot.js'

/**
 * Adds the cursors of partitions whose backlog does not move to the second sample, with one request for each such partition.
 * A cursor shows whether the broker has read the entries. Missing without the permission to read them.
 *
 * @param stuckAfterMs a backlog without progress for longer than this is stalled.
 * @param isWanted whether a partition matters; null for a topic without partitions.
 */
export async function collectCursors(
  admin: PulsarAdmin,
  snapshot: TopicSnapshot,
  stuckAfterMs: number,
  isWanted: (partition: number | null) => boolean = () => true,
): Promise<TopicSnapshot> {
  const topic = parseTopicName(snapshot.topic)
  const [first, last] = snapshot.samples
  const needed = subscriptionsInNeed(snapshot, stuckAfterMs)
  const read = await collectInternalStats(
    admin,
    [...needed.keys()]
      .filter(isWanted)
      .map((partition) => ({partition, name: partition === null ? topic : partitionName(topic, partition)})),
    (stats, partition) => cursorsIn(stats, needed.get(partition) ?? []),
  )
  const partitions = last.partitions.map((row) => ({...row, cursors: read.get(row.partition) ?? row.cursors}))
  return {...snapshot, samples: [first, {...last, partitions}]}
}

/**
 * The subscriptions whose cursors are needed, by partition. Of several subscriptions, only those that are stalled: reading
 * all cursors of thousands of topics would take long. Of a subscription that was requested by name, also those whose
 * mark-delete position does not advance.
 */
function subscriptionsInNeed(
  {samples: [first, last], subscription}: TopicSnapshot,
  stuckAfterMs: number,
): Map<number | null, string[]> {
  const limit = {nowMs: last.atMs, stuckAfterMs}
  const earlier = new Map(first.partitions.map((row) => [row.partition, row.subscriptions]))
  const needed = new Map<number | null, string[]>()
  for (const name of new Set(last.partitions.flatMap(({subscriptions}) => Object.keys(subscriptions)))) {
    const rows = last.partitions.flatMap(({partition, subscriptions}) => {
      const now = subscriptions[name]
      const before = earlier.get(partition)?.[name]
      return now ? [{partition, now, samples: [before, now].flatMap((one) => (one ? [asSample(one)] : []))}] : []
    })
    const progress = subscriptionProgressOf(
      rows.map(({samples}) => samples),
      limit,
    )
    for (const [at, {now, partition}] of rows.entries()) {
      const isHeld = subscription === name && isMarkDeleteLate(now, limit)
      if (isHeld || progress[at]?.state === 'stalled') needed.set(partition, [...(needed.get(partition) ?? []), name])
    }
  }
  return needed
}

function asSample(subscription: SubscriptionStats): {stats: object; subscription: SubscriptionStats} {
  return {stats: {}, subscription}
}

function isMarkDeleteLate(now: SubscriptionStats, {nowMs, stuckAfterMs}: ProgressLimit): boolean {
  const heldSince = lastMarkDeleteOf(now)
  return dueEntries(now) > 0 && heldSince !== null && nowMs - heldSince > stuckAfterMs
}

function cursorsIn(stats: InternalStats, names: readonly string[]): Record<string, CursorSample> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const cursor = cursorOf(stats, name)
      if (!cursor) return []
      const unacked = unackedEntries(0, stats, name)
      const [firstUnacked] = unacked
      const read = parsePosition(cursor.readPosition)
      return [
        [
          name,
          {
            markDeletePosition: cursor.markDeletePosition ?? null,
            readPosition: cursor.readPosition ?? null,
            lastConfirmedEntry: stats.lastConfirmedEntry ?? null,
            firstUnackedEntry: firstUnacked ? `${String(firstUnacked.ledgerId)}:${String(firstUnacked.first)}` : null,
            unackedEntries: countEntries(unacked),
            unreadEntries: read === null ? null : countEntries(entriesFrom(read, stats)),
            hasPendingRead: cursor.subscriptionHavePendingRead ?? null,
            hasPendingReplayRead: cursor.subscriptionHavePendingReplayRead ?? null,
          },
        ],
      ]
    }),
  )
}
