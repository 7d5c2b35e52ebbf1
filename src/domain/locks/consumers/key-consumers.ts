import type {BrokerFacts} from '../../keys/assignment/detect-selector.js'
import {KeyDirectory} from '../../keys/owners/key-directory.js'
import {type ReportedConsumer, reportedConsumers} from '../../keys/assignment/reported-consumers.js'
import {murmur3} from '../../keys/hashing/murmur3.js'
import type {CollectedSubscription, SubscriptionPartition} from '../../topic-stats/collect-topic-stats.js'
import {clientNameOf} from '../../topic-stats/consumers.js'
import type {KeyDestination, LiveConsumer} from './lock-correlation.js'

/** Which consumer receives a key. @param partitions the possible partitions of the key; 0 on a plain topic. */
export type KeyConsumers = (key: string, partitions: readonly number[]) => KeyDestination

/**
 * Which consumer receives which key, from one sample of the statistics.
 *
 * @throws Blocked E_SELECTOR_UNKNOWN.
 */
export function keyConsumersOf(collected: CollectedSubscription, facts: BrokerFacts): KeyConsumers {
  const directory = new KeyDirectory(collected, facts)
  return (key, partitions) => {
    const {consumer, drainingConsumer, ...location} = directory.locateAmong(partitions, murmur3(Buffer.from(key)))
    return {
      ...location,
      consumer: consumer && liveConsumer(consumer),
      drainingConsumer: drainingConsumer && liveConsumer(drainingConsumer),
    }
  }
}

/** One partition as a subscription without partitions, for keys that are known to be in it. */
export function asSinglePartition(collected: CollectedSubscription, row: SubscriptionPartition): CollectedSubscription {
  return {...collected, partitionCount: null, partitions: [row]}
}

/** Each consumer once, with its earliest connection to any partition. */
export function liveConsumersOf({partitions}: Pick<CollectedSubscription, 'partitions'>): LiveConsumer[] {
  const all = partitions.flatMap(({subscription}) => reportedConsumers(subscription)).map(liveConsumer)
  const byNameAndAddress = Map.groupBy(all, ({address, name}) => JSON.stringify([name, address]))
  return [...byNameAndAddress.values()].flatMap((rows) => {
    const [first] = rows.toSorted((a, b) => (a.connectedSinceMs ?? 0) - (b.connectedSinceMs ?? 0))
    return first ?? []
  })
}

function liveConsumer({stats}: ReportedConsumer): LiveConsumer {
  const since = Date.parse(stats.connectedSince ?? '')
  return {
    ...clientNameOf(stats),
    connectedSinceMs: Number.isNaN(since) ? null : since,
    lastAcked: momentOf(stats.lastAckedTimestamp),
    lastDelivered: momentOf(stats.lastConsumedTimestamp),
    metadata: stats.metadata ?? {},
  }
}

/** The broker reports 0 for never. */
function momentOf(timestamp: number | undefined): LiveConsumer['lastAcked'] {
  return timestamp === undefined ? null : timestamp > 0 ? timestamp : 'never'
}
