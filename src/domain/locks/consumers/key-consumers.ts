import type {BrokerFacts} from '../../keys/assignment/detect-selector.js'
import {KeyDirectory} from '../../keys/owners/key-directory.js'
import {type ReportedConsumer, reportedConsumers} from '../../keys/assignment/reported-consumers.js'
import {type HashingScheme, partitionOfKey} from '../../keys/hashing/partition-routing.js'
import type {CollectedSubscription, SubscriptionPartition} from '../../topic-stats/collect-topic-stats.js'
import {clientNameOf} from '../../topic-stats/consumers.js'
import type {KeyDestination, LiveConsumer} from './lock-correlation.js'

/**
 * Who gets which key, by statistics of one moment.
 *
 * @throws Blocked E_SELECTOR_UNKNOWN.
 */
export function keyConsumersOf(
  collected: CollectedSubscription,
  facts: BrokerFacts,
  scheme: HashingScheme,
): (key: string) => KeyDestination {
  if (!collected.partitions.every(({subscription: {type}}) => type === 'Key_Shared')) {
    return (key) => partitionDestination(collected, key, scheme)
  }
  const directory = new KeyDirectory(collected, facts, scheme)
  return (key) => {
    const {consumer, drainingConsumer, partition, slot} = directory.locate(Buffer.from(key))
    return {
      partition,
      slot,
      consumer: consumer && liveConsumer(consumer),
      drainingConsumer: drainingConsumer && liveConsumer(drainingConsumer),
    }
  }
}

/** A partition as a subscription of its own, which it is to the broker: each key that is asked for is one of its keys. */
export function asSinglePartition(collected: CollectedSubscription, row: SubscriptionPartition): CollectedSubscription {
  return {...collected, partitionCount: null, partitions: [row]}
}

/** Of a Failover subscription one consumer of the partition gets all; of a Shared one anybody may. */
function partitionDestination(collected: CollectedSubscription, key: string, scheme: HashingScheme): KeyDestination {
  const {partitionCount, partitions} = collected
  const row = partitions[partitionCount === null ? 0 : partitionOfKey(key, partitionCount, scheme)]
  const active = row?.subscription.activeConsumerName
  const consumer =
    row?.subscription.type === 'Failover'
      ? reportedConsumers(row.subscription).find(({name}) => name === active && name !== '')
      : undefined
  return {
    partition: row?.partition ?? null,
    slot: null,
    consumer: consumer ? liveConsumer(consumer) : null,
    drainingConsumer: null,
  }
}

/** One that is connected to several partitions stands there once, with its first connection. */
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

/** The broker writes 0 for never. */
function momentOf(timestamp: number | undefined): LiveConsumer['lastAcked'] {
  return timestamp === undefined ? null : timestamp > 0 ? timestamp : 'never'
}
