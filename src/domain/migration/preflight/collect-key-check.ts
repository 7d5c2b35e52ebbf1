import type {PulsarAdmin} from '../../../clients/pulsar-admin/admin.js'
import {AdminRefused} from '../../../clients/pulsar-admin/admin-refused.js'
import {collectRestSample} from '../../message-sampling/collect-message-sample.js'
import {collectSubscription} from '../../topic-stats/collect-topic-stats.js'
import type {KeyCheck} from './preflight-snapshot.js'

/** Enough entries to detect how the producers use keys and batches, read in well under the time limit. */
const ENTRIES = 400
const TIME_LIMIT_MS = 5000

/** Samples keys and batches of the backlog; null when it is empty, or without permission to read messages. */
export async function collectKeyCheck(
  admin: PulsarAdmin,
  topic: string,
  subscription: string,
): Promise<KeyCheck | null> {
  const collected = await collectSubscription(admin, topic, subscription)
  try {
    const sample = await collectRestSample(admin, collected, {
      where: 'spread',
      max: ENTRIES,
      timeLimitMs: TIME_LIMIT_MS,
    })
    const {counts} = sample
    if (counts.entries === 0) return null
    return {
      entries: counts.entries,
      messages: counts.messages,
      withoutKey: counts.keylessMessages,
      mixedBatches: counts.mixedBatches,
      isComplete: !sample.isTimeOver && sample.chosenEntries === sample.backlogEntries,
    }
  } catch (error) {
    if (error instanceof AdminRefused) return null
    throw error
  }
}
