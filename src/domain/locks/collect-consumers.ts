import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import {collectKeyShared} from '../keyshared/collect-facts.js'
import {collectRouting} from '../keyshared/collect-routing.js'
import {KeyDirectory} from '../keyshared/directory.js'
import type {Routing} from '../keyshared/owners.js'
import {type ReportedConsumer, reportedConsumers} from '../keyshared/reported.js'
import {type HashingScheme, partitionOfKey} from '../keyshared/routing.js'
import {Blocked} from '../../errors.js'
import type {CollectedSubscription} from '../subscriptions/collect.js'
import {collectWaitingKeys} from './collect-waiting.js'
import type {KeyHome, LiveConsumer, SubscriptionAsked, WaitingKeys} from './correlation.js'

export interface LiveConsumers {
  /** the statistics that all of this is from */
  readonly collected: CollectedSubscription
  readonly about: SubscriptionAsked
  /** how the partition of a key was told */
  readonly routing: Routing
  readonly consumers: readonly LiveConsumer[]
  readonly homeOf: (key: string) => KeyHome
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
  const isKeyShared = collected.partitions.every(({subscription: {type}}) => type === 'Key_Shared')
  const directory = isKeyShared ? new KeyDirectory(collected, facts, routing.hashingScheme) : null
  return {
    collected,
    about: {topic: collected.topic.full, subscription, asOf: new Date().toISOString()},
    routing,
    consumers: everyConsumer(collected),
    homeOf: (key) => {
      if (directory === null) return partitionHome(collected, key, routing.hashingScheme)
      const {consumer, drainedBy, partition, slot} = directory.locate(Buffer.from(key))
      return {
        partition,
        slot,
        consumer: consumer && liveConsumer(consumer),
        drainedBy: drainedBy && liveConsumer(drainedBy),
      }
    },
    waiting: backlogEntries === null ? null : await collectWaitingKeys(admin, collected, backlogEntries, onProgress),
  }
}

/** Of a Failover subscription one consumer of the partition gets all; of a Shared one anybody may. */
function partitionHome(collected: CollectedSubscription, key: string, scheme: HashingScheme): KeyHome {
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
    drainedBy: null,
  }
}

/** One that is connected to several partitions stands there once, with its first connection. */
function everyConsumer({partitions}: CollectedSubscription): LiveConsumer[] {
  const all = partitions.flatMap(({subscription}) => reportedConsumers(subscription)).map(liveConsumer)
  const byPerson = Map.groupBy(all, ({address, name}) => JSON.stringify([name, address]))
  return [...byPerson.values()].flatMap((rows) => {
    const [first] = rows.toSorted((a, b) => (a.connectedSinceMs ?? 0) - (b.connectedSinceMs ?? 0))
    return first ?? []
  })
}

function liveConsumer({address, name, stats}: ReportedConsumer): LiveConsumer {
  const since = Date.parse(stats.connectedSince ?? '')
  return {
    name: name === '' ? null : name,
    address: address?.replace(/^\//, '') ?? null,
    connectedSinceMs: Number.isNaN(since) ? null : since,
    metadata: stats.metadata ?? {},
  }
}
