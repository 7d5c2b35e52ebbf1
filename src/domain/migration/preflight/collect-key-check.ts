import type {PulsarAdmin} from '../../../clients/pulsar-admin/admin.js'
import {AdminRefused} from '../../../clients/pulsar-admin/admin-refused.js'
import {Usage} from '../../../errors.js'
import {collectSample} from '../../message-sampling/collect-message-sample.js'
import {collectSubscription} from '../../topic-stats/collect-topic-stats.js'
import type {KeySample} from './preflight-snapshot.js'

/** Enough to see a habit of the producers, in a moment. */
const ENTRIES = 400
const SECONDS = 5

/** Looks at the keys and batches that wait; null when nothing does, or this login may not read messages. */
export async function collectKeySample(
  admin: PulsarAdmin,
  topic: string,
  subscription: string,
): Promise<KeySample | null> {
  const collected = await collectSubscription(admin, topic, subscription)
  try {
    const sample = await collectSample(admin, collected, {
      source: 'rest',
      where: 'spread',
      max: ENTRIES,
      seconds: SECONDS,
      openTransport: () => Promise.reject(new Usage('E_TRANSPORT', 'a plan reads by REST alone')),
      onProgress: () => undefined,
    })
    const {tally} = sample
    if (tally.entries === 0) return null
    return {
      entries: tally.entries,
      messages: tally.messages,
      withoutKey: tally.keylessMessages,
      mixedBatches: tally.mixedBatches,
      isComplete: !sample.isTimeOver && sample.chosenEntries === sample.backlogEntries,
    }
  } catch (error) {
    if (error instanceof AdminRefused) return null
    throw error
  }
}
