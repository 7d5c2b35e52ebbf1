import type {PulsarAdmin} from '../../../clients/pulsar-admin/admin.js'
import {AdminRefused} from '../../../clients/pulsar-admin/admin-refused.js'
import {collectSample} from '../../message-sampling/collect-message-sample.js'
import {restOnly} from '../../message-sampling/entry-source.js'
import {collectSubscription} from '../../topic-stats/collect-topic-stats.js'
import type {KeyCheck} from './preflight-snapshot.js'

/** Enough entries to detect how the producers use keys and batches, read in well under SECONDS. */
const ENTRIES = 400
const SECONDS = 5

/** Samples keys and batches of the backlog; null when it is empty, or without permission to read messages. */
export async function collectKeyCheck(
  admin: PulsarAdmin,
  topic: string,
  subscription: string,
): Promise<KeyCheck | null> {
  const collected = await collectSubscription(admin, topic, subscription)
  try {
    const sample = await collectSample(admin, collected, {
      source: 'rest',
      where: 'spread',
      max: ENTRIES,
      seconds: SECONDS,
      openTransport: restOnly,
      onProgress: () => undefined,
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
