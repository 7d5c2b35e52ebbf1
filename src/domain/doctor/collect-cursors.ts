import pLimit from 'p-limit'

import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import {orWhenRefused} from '../../clients/pulsar-admin/admin-refused.js'
import type {InternalStats, SubscriptionStats} from '../../clients/pulsar-admin/types.js'
import {parsePosition} from '../../position.js'
import {parseTopicName, partitionName} from '../../topic-name.js'
import {dueEntries, lastMarkDeleteOf, subscriptionProgressOf} from '../progress/partition-progress.js'
import {STUCK_AFTER_MS} from '../progress/thresholds.js'
import {cursorOf} from '../topic-stats/cursor.js'
import {countEntries, entriesFrom, unackedEntries} from '../topic-stats/unacked-entries.js'
import type {CursorSample, PartitionSample, TopicSnapshot} from './facts/diagnosis-snapshot.js'

const CONCURRENT_CURSORS = 16

/**
 * Adds the cursors of partitions whose backlog does not move to the second sample, with one request for each such partition.
 * A cursor shows whether the broker has read the entries. Missing without the permission to read them.
 *
 * @param isWanted whether a partition matters; null for a topic without partitions.
 */
export async function collectCursors(
  admin: PulsarAdmin,
  snapshot: TopicSnapshot,
  isWanted: (partition: number | null) => boolean = () => true,
): Promise<TopicSnapshot> {
  const [first, last] = snapshot.samples
  const limit = pLimit(CONCURRENT_CURSORS)
  const partitions = await Promise.all(
    last.partitions.map(async (row) => {
      const earlier = first.partitions.find(({partition}) => partition === row.partition)
      const names = Object.keys(row.subscriptions).filter((name) =>
        needsCursor(snapshot, {name, before: earlier?.subscriptions[name], now: row.subscriptions[name] ?? {}}),
      )
      if (names.length === 0 || !isWanted(row.partition)) return row
      const stats = await limit(() => orWhenRefused(admin.internalStats(nameOf(snapshot, row)), null))
      return stats === null ? row : {...row, cursors: cursorsIn(stats, names)}
    }),
  )
  return {...snapshot, samples: [first, {...last, partitions}]}
}

function nameOf({topic}: TopicSnapshot, {partition}: PartitionSample): ReturnType<typeof parseTopicName> {
  const name = parseTopicName(topic)
  return partition === null ? name : partitionName(name, partition)
}

interface SampledPair {
  readonly name: string
  readonly before: SubscriptionStats | undefined
  readonly now: SubscriptionStats
}

/**
 * Of several subscriptions, only those that are stalled: reading all cursors of thousands of topics would take long. Of a
 * subscription that was requested by name, also those whose mark-delete position does not advance.
 */
function needsCursor({samples: [, last], subscription}: TopicSnapshot, {before, name, now}: SampledPair): boolean {
  const samples = [before, now].flatMap((one) => (one ? [{stats: {}, subscription: one}] : []))
  const nowMs = last.atMs
  if (subscriptionProgressOf([samples], {nowMs, stuckAfterMs: STUCK_AFTER_MS})[0]?.state === 'stalled') return true
  const heldSince = lastMarkDeleteOf(now)
  return subscription === name && dueEntries(now) > 0 && heldSince !== null && nowMs - heldSince > STUCK_AFTER_MS
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
