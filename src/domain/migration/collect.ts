import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import {AdminRefused} from '../../clients/pulsar-admin/refused.js'
import type {SubscriptionType} from '../../clients/pulsar-admin/types.js'
import type {TopicName} from '../../topic-name.js'
import {collectSubscription} from '../subscriptions/collect.js'
import type {BrokerSettings, Expiry, KeySample, MigrationSnapshot, TopicPolicies} from './snapshot.js'

const EVERY_TYPE: readonly SubscriptionType[] = ['Exclusive', 'Failover', 'Key_Shared', 'Shared']

const NO_POLICIES: TopicPolicies = {subscriptionTypesEnabled: null, dispatchRate: null, autoSubscriptionCreation: null}

/** Reads what the planner needs; changes nothing. */
export async function collectSnapshot(
  admin: PulsarAdmin,
  topic: string,
  subscription: string,
  sample: KeySample | null = null,
): Promise<MigrationSnapshot> {
  const collected = await collectSubscription(admin, topic, subscription, {getPreciseBacklog: true})
  const [clusters, brokerVersion, policies, namespaceTypes, broker, expiry] = await Promise.all([
    admin.clusters(),
    admin.brokerVersion(),
    topicPolicies(admin, collected.topic, subscription),
    unlessRefused(admin.namespaceSubscriptionTypes(collected.topic), null),
    brokerSettings(admin),
    namespaceExpiry(admin, collected.topic),
  ])
  const found = typeof policies === 'string' ? NO_POLICIES : policies
  return {
    cluster: clusters
      .filter((name) => name !== 'global')
      .toSorted()
      .join(','),
    brokerVersion,
    collected,
    topicPolicies: typeof policies === 'string' ? policies : 'on',
    policies: found,
    broker,
    expiry,
    allowedTypes: found.subscriptionTypesEnabled ?? namespaceTypes ?? broker.subscriptionTypesEnabled ?? EVERY_TYPE,
    sample,
  }
}

/** Or why there are none: the broker says with 405 that they are switched off. */
async function topicPolicies(
  admin: PulsarAdmin,
  topic: TopicName,
  subscription: string,
): Promise<TopicPolicies | 'off' | 'refused'> {
  try {
    const [subscriptionTypesEnabled, dispatchRate, autoSubscriptionCreation] = await Promise.all([
      admin.subscriptionTypes(topic),
      admin.subscriptionDispatchRate(topic, subscription),
      admin.autoSubscriptionCreation(topic),
    ])
    return {subscriptionTypesEnabled, dispatchRate, autoSubscriptionCreation}
  } catch (error) {
    if (error instanceof AdminRefused && error.status === 405) return 'off'
    if (error instanceof AdminRefused && error.isNotAllowed) return 'refused'
    throw error
  }
}

/** Takes just these settings out of an answer that also holds the broker's secrets. */
async function brokerSettings(admin: PulsarAdmin): Promise<BrokerSettings> {
  const settings = await unlessRefused(admin.runtimeConfiguration(), {})
  const types = settings['subscriptionTypesEnabled'] ?? ''
  const throttles = settings['dispatchThrottlingOnNonBacklogConsumerEnabled']
  const delay = settings['activeConsumerFailoverDelayTimeMillis']
  const webSocket = settings['webSocketServiceEnabled']
  const enabled = EVERY_TYPE.filter((type) => types.match(/\w+/g)?.includes(type))
  return {
    subscriptionTypesEnabled: enabled.length > 0 ? enabled : null,
    hasWebSocket: webSocket === undefined ? null : webSocket === 'true',
    throttlesCaughtUp: throttles === undefined ? null : throttles === 'true',
    failoverDelayMs: delay === undefined ? null : Number(delay),
  }
}

async function namespaceExpiry(admin: PulsarAdmin, topic: TopicName): Promise<Expiry> {
  const policies = await unlessRefused(admin.namespacePolicies(topic), {})
  const quotas = Object.values(policies.backlog_quota_map ?? {})
  return {
    messageTtlSeconds: policies.message_ttl_in_seconds ?? null,
    subscriptionExpirationMinutes: policies.subscription_expiration_time_minutes ?? null,
    evictingQuotas: quotas
      .filter(({policy}) => policy === 'consumer_backlog_eviction')
      .map((quota) => JSON.stringify(quota)),
  }
}

/** What this login may not read stays unknown. */
async function unlessRefused<T>(answer: Promise<T>, unknown: T): Promise<T> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof AdminRefused) return unknown
    throw error
  }
}
