import pLimit from 'p-limit'

import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import {AdminRefused} from '../../clients/pulsar-admin/admin-refused.js'
import {chooseEntries} from './choose-entries.js'
import {unackedEntries} from '../topic-stats/unacked-entries.js'
import {restReader} from './collect-by-rest.js'
import type {CollectedSubscription} from '../topic-stats/collect-topic-stats.js'

/** By partition, 0 on a plain topic: when the oldest message that is not acknowledged was published, epoch ms of its producer. */
export type OldestMessages = ReadonlyMap<number, number>

const CONCURRENT_PARTITIONS = 16
const SECONDS = 10

/**
 * Looks at the oldest message of each partition that has a backlog: what the broker's statistics say of its age may be of an
 * acknowledged one, or of another (apache/pulsar#24915). Two or three requests for each.
 *
 * @returns none where this login may not read messages.
 */
export async function collectOldest(admin: PulsarAdmin, collected: CollectedSubscription): Promise<OldestMessages> {
  const limit = pLimit(CONCURRENT_PARTITIONS)
  const oldest = new Map<number, number>()
  const until = Date.now() + SECONDS * 1000
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
