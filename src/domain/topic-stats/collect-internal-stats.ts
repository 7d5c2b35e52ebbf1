import pLimit from 'p-limit'

import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import {orWhenRefused} from '../../clients/pulsar-admin/admin-refused.js'
import type {InternalStats} from '../../clients/pulsar-admin/types.js'
import type {TopicName} from '../../topic-name.js'

const CONCURRENT_REQUESTS = 16

/**
 * Reads the internal statistics of several partitions, which contain the cursors: one request for each. An answer can be
 * long, so only what `pick` takes of it is kept.
 *
 * @returns the picked values by partition, without partitions that are refused, for example without the permission.
 */
export async function collectInternalStats<T>(
  admin: PulsarAdmin,
  partitions: ReadonlyArray<{readonly partition: number | null; readonly name: TopicName}>,
  pick: (stats: InternalStats, partition: number | null) => T,
): Promise<Map<number | null, T>> {
  const limit = pLimit(CONCURRENT_REQUESTS)
  const picked = new Map<number | null, T>()
  await Promise.all(
    partitions.map(({name, partition}) =>
      limit(async () => {
        const stats = await orWhenRefused(admin.internalStats(name), null)
        if (stats !== null) picked.set(partition, pick(stats, partition))
      }),
    ),
  )
  return picked
}
