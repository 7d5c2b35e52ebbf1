import pLimit from 'p-limit'

import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import {AdminRefused} from '../../clients/pulsar-admin/admin-refused.js'
import {chooseEntries} from './choose-entries.js'
import {unackedEntries} from '../topic-stats/unacked-entries.js'
import {restReader} from './collect-by-rest.js'
import type {CollectedSubscription} from '../topic-stats/collect-topic-stats.js'

/** By partition, 0 on a plain topic: publish time of the oldest unacknowledged message, epoch ms by its producer's clock. */
export type OldestMessages = ReadonlyMap<number, number>

const CONCURRENT_PARTITIONS = 16
const TIMEOUT_MS = 10_000

/**
 * Reads the oldest unacknowledged message of each partition with a backlog, because the age in the broker's statistics may
 * refer to another message (apache/pulsar#24915). Two or three requests for each partition.
 *
 * @returns an empty map without the permission to read messages.
 */
export async function collectOldest(admin: PulsarAdmin, collected: CollectedSubscription): Promise<OldestMessages> {
  const limit = pLimit(CONCURRENT_PARTITIONS)
  const oldest = new Map<number, number>()
  const until = Date.now() + TIMEOUT_MS
  try {
    const waiting = collected.partitions.filter(({subscription}) => (subscription.msgBacklog ?? 0) > 0)
    const first = await Promise.all(
      waiting.map(({name, partition}) =>
        limit(async () => {
          const backlog = unackedEntries(partition ?? 0, await admin.internalStats(name), collected.subscription)
          return chooseEntries([backlog], 'head', 1)
        }),
      ),
    )
    await restReader(admin, collected)(first.flat(), {
      entry: ({partition, publishedAtMs}) => {
        if (publishedAtMs !== null) oldest.set(partition, publishedAtMs)
      },
      skip: () => undefined,
      unreadable: () => undefined,
      isOver: () => Date.now() >= until,
    })
  } catch (error) {
    if (!(error instanceof AdminRefused)) throw error
  }
  return oldest
}
