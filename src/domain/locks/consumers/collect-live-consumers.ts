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
  /** the statistics that all of this is from */
  readonly collected: CollectedSubscription
  readonly facts: BrokerFacts
  readonly about: CorrelatedSubscription
  /** how the partition of a key was told */
  readonly routing: Routing
  readonly consumers: readonly LiveConsumer[]
  readonly destinationOf: (key: string) => KeyDestination
  readonly waiting: WaitingKeys | null
}

export interface LiveConsumersWanted {
  readonly topic: string
  readonly subscription: string
  /** how producers choose the partition of a key; null to tell it from messages */
  readonly hashingScheme: HashingScheme | null
  /** how many entries of the backlog to look at, for keys that wait; null for none */
  readonly backlogEntries: number | null
  readonly onProgress: (read: number, chosen: number) => void
}

/**
 * Who is connected to a subscription now, and who of them gets which key. Reads only.
 *
 * @throws Unreachable when the topic or the subscription is not there; Blocked E_SELECTOR_UNKNOWN, and E_ROUTING where it
 *   can't be told to which partition a key goes.
 */
export async function collectLiveConsumers(
  admin: PulsarAdmin,
  {backlogEntries, hashingScheme, onProgress, subscription, topic}: LiveConsumersWanted,
): Promise<LiveConsumers> {
  const {collected, facts} = await collectKeyShared(admin, topic, subscription)
  const routing = await collectRouting(admin, collected, hashingScheme)
  // A wrong partition would make a wrong consumer of the right one.
  if (routing.isContradicted) {
    throw new Blocked('E_ROUTING', `messages on the topic are not where ${routing.hashingScheme} puts their keys`, {
      data: {topic: collected.topic.full, hashingScheme: routing.hashingScheme},
      next: ['give the scheme of the producers with --hashing-scheme'],
    })
  }
  return {
    collected,
    facts,
    about: {topic: collected.topic.full, subscription, asOf: new Date().toISOString()},
    routing,
    consumers: liveConsumersOf(collected),
    destinationOf: keyConsumersOf(collected, facts, routing.hashingScheme),
    waiting: backlogEntries === null ? null : await collectWaitingKeys(admin, collected, backlogEntries, onProgress),
  }
}
