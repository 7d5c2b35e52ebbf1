import type {PulsarAdmin} from '../../../clients/pulsar-admin/admin.js'
import {collectKeyShared} from '../../keys/assignment/collect-key-shared.js'
import {collectRouting} from '../../keys/owners/collect-routing.js'
import type {BrokerFacts} from '../../keys/assignment/detect-selector.js'
import type {HashingScheme, Routing} from '../../keys/hashing/partition-routing.js'
import {Blocked} from '../../../errors.js'
import type {CollectedSubscription} from '../../topic-stats/collect-topic-stats.js'
import {collectWaitingKeys} from './collect-waiting-keys.js'
import type {CorrelatedSubscription, KeyDestination, LiveConsumer, WaitingKeys} from './lock-correlation.js'
import {keyConsumersOf, liveConsumersOf} from './key-consumers.js'

export interface LiveConsumers {
  /** the statistics that everything else was computed from */
  readonly collected: CollectedSubscription
  readonly facts: BrokerFacts
  readonly about: CorrelatedSubscription
  /** how the partition of a key is determined */
  readonly routing: Routing
  readonly consumers: readonly LiveConsumer[]
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
 *   the partition of a key is unknown.
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
  const routing = await collectRouting(admin, collected, hashingScheme)
  // With a wrong partition, the right holder would be reported as the wrong consumer.
  if (routing.isContradicted) {
    throw new Blocked('E_ROUTING', `the messages do not match ${routing.hashingScheme} partitioning`, {
      data: {topic: collected.topic.full, hashingScheme: routing.hashingScheme},
      next: ["specify the producers' scheme with --hashing-scheme"],
    })
  }
  return {
    collected,
    facts,
    about: {topic: collected.topic.full, subscription: collected.subscription, asOf: new Date().toISOString()},
    routing,
    consumers: liveConsumersOf(collected),
    destinationOf: keyConsumersOf(collected, facts, routing.hashingScheme),
    waiting: backlogEntries === null ? null : await collectWaitingKeys(admin, collected, backlogEntries, onProgress),
  }
}
