import type {PulsarAdmin} from '../../../clients/pulsar-admin/admin.js'
import {collectRestSample} from '../../message-sampling/collect-message-sample.js'
import type {CollectedSubscription} from '../../topic-stats/collect-topic-stats.js'
import type {WaitingKey, WaitingKeys} from './lock-correlation.js'

const TIME_LIMIT_MS = 60_000

/**
 * The keys of the oldest unacknowledged messages. Reads single entries through the admin API, which moves no cursor.
 *
 * @param max maximum number of entries over all partitions.
 */
export async function collectWaitingKeys(
  admin: PulsarAdmin,
  collected: CollectedSubscription,
  max: number,
  onProgress: (read: number, chosen: number) => void,
): Promise<WaitingKeys> {
  const keys = new Map<string, WaitingKey>()
  const {backlogEntries, chosenEntries, counts, isTimeOver} = await collectRestSample(admin, collected, {
    where: 'head',
    max,
    timeLimitMs: TIME_LIMIT_MS,
    onEntry: ({messages, partition, publishedAtMs}) => {
      for (const {isBase64, key} of messages) {
        if (key === null || isBase64) continue
        const known = keys.get(key) ?? {messages: 0, oldestMs: publishedAtMs, partitions: []}
        const {messages: before, oldestMs, partitions} = known
        const isOlder = publishedAtMs !== null && (oldestMs === null || publishedAtMs < oldestMs)
        keys.set(key, {
          messages: before + 1,
          oldestMs: isOlder ? publishedAtMs : oldestMs,
          partitions: partitions.includes(partition) ? partitions : [...partitions, partition],
        })
      }
    },
    onProgress,
  })
  return {keys, entries: counts.entries, isComplete: chosenEntries === backlogEntries && !isTimeOver}
}
