import type {PulsarAdmin} from '../../../clients/pulsar-admin/admin.js'
import {collectKeyShared} from '../../keys/assignment/collect-key-shared.js'
import type {BrokerFacts} from '../../keys/assignment/detect-selector.js'
import {isCertain, possiblePartitions, type Routing} from '../../keys/hashing/detect-routing.js'
import type {HashingScheme} from '../../keys/hashing/partition-routing.js'
import {collectRouting} from '../../message-sampling/collect-routing.js'
import type {CollectedSubscription} from '../../topic-stats/collect-topic-stats.js'
import {collectWaitingKeys} from './collect-waiting-keys.js'
import type {CorrelatedSubscription, KeyDestination, LiveConsumer, WaitingKeys} from './lock-correlation.js'
import {type KeyConsumers, keyConsumersOf, liveConsumersOf} from './key-consumers.js'

export interface LiveConsumers {
  /** the statistics that everything else was computed from */
  readonly collected: CollectedSubscription
  readonly facts: BrokerFacts
  readonly about: CorrelatedSubscription
  /** how the partition of a key is determined */
  readonly routing: Routing
  readonly consumers: readonly LiveConsumer[]
  readonly consumersOf: KeyConsumers
  readonly destinationOf: (key: string) => KeyDestination
  readonly waiting: WaitingKeys | null
}

export interface LiveConsumersWanted {
  readonly topic: string
  readonly subscription: string
  /** the producers' hash function for partitions; null to detect it from messages */
  readonly hashingScheme: HashingScheme | null
  /** number of backlog entries to read for waiting keys; null reads none */
  readonly backlogEntries: number | null
  readonly onProgress: (read: number, chosen: number) => void
}

/**
 * The consumers of a subscription, and which of them receives which key. Changes nothing.
 *
 * @throws Unreachable when the topic or the subscription does not exist; Blocked E_SELECTOR_UNKNOWN; Blocked E_ROUTING when
 *   the messages show that another hashing scheme is used.
 */
export async function collectLiveConsumers(
  admin: PulsarAdmin,
  {subscription, topic, ...wanted}: LiveConsumersWanted,
): Promise<LiveConsumers> {
  return collectLiveConsumersOf(admin, await collectKeyShared(admin, topic, subscription), wanted)
}

/** The same, from statistics that have already been read at a moment when each slot had an owner. */
export async function collectLiveConsumersOf(
  admin: PulsarAdmin,
  {collected, facts}: Pick<LiveConsumers, 'collected' | 'facts'>,
  {backlogEntries, hashingScheme, onProgress}: Omit<LiveConsumersWanted, 'subscription' | 'topic'>,
): Promise<LiveConsumers> {
  const [routing, waiting] = await Promise.all([
    collectRouting(admin, collected, hashingScheme),
    backlogEntries === null ? null : collectWaitingKeys(admin, collected, backlogEntries, onProgress),
  ])
  const consumersOf = keyConsumersOf(collected, facts)
  return {
    collected,
    facts,
    about: {topic: collected.topic.full, subscription: collected.subscription, asOf: new Date().toISOString()},
    routing,
    consumers: liveConsumersOf(collected),
    consumersOf,
    destinationOf: (key) => consumersOf(key, partitionsOf(key, collected.partitionCount, routing, waiting)),
    waiting,
  }
}

/**
 * The possible partitions of a key. Its waiting messages prove theirs: after partitions were added to the topic, they may be on
 * another partition than new messages. With a wrong partition, the right holder would be reported as the wrong consumer.
 */
function partitionsOf(
  key: string,
  partitionCount: number | null,
  routing: Routing,
  waiting: WaitingKeys | null,
): readonly number[] {
  const proven = waiting?.keys.get(key)?.partitions ?? []
  const possible = possiblePartitions(key, partitionCount, routing)
  const isUsed = partitionCount === null || proven.length === 0 || (isCertain(routing) && possible.length === 1)
  return [...new Set([...proven, ...(isUsed ? possible : [])])]
}
