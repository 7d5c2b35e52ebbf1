import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import {AdminRefused} from '../../clients/pulsar-admin/http.js'
import type {SubscriptionType} from '../../clients/pulsar-admin/types.js'
import type {TopicName} from '../../topic-name.js'
import {collectSubscription} from '../subscriptions/collect.js'
import type {BrokerSettings, MigrationSnapshot, TopicPolicies} from './snapshot.js'

const EVERY_TYPE: readonly SubscriptionType[] = ['Exclusive', 'Failover', 'Key_Shared', 'Shared']

/** Reads what the planner needs; changes nothing. */
export async function collectSnapshot(
  admin: PulsarAdmin,
  topic: string,
  subscription: string,
): Promise<MigrationSnapshot> {
  const collected = await collectSubscription(admin, topic, subscription, {getPreciseBacklog: true})
  const [clusters, brokerVersion, policies, namespaceTypes, broker] = await Promise.all([
    admin.clusters(),
    admin.brokerVersion(),
    topicPolicies(admin, collected.topic, subscription),
    admin.namespaceSubscriptionTypes(collected.topic),
    brokerSettings(admin),
  ])
  return {
    cluster: clusters
      .filter((name) => name !== 'global')
      .toSorted()
      .join(','),
    brokerVersion,
    collected,
    hasTopicPolicies: policies !== null,
    policies: policies ?? {subscriptionTypesEnabled: null, dispatchRate: null},
    broker,
    allowedTypes: policies?.subscriptionTypesEnabled ?? namespaceTypes ?? broker.subscriptionTypesEnabled ?? EVERY_TYPE,
  }
}

/** null where the broker has topic policies switched off, which it says with 405. */
async function topicPolicies(
  admin: PulsarAdmin,
  topic: TopicName,
  subscription: string,
): Promise<TopicPolicies | null> {
  try {
    const [subscriptionTypesEnabled, dispatchRate] = await Promise.all([
      admin.subscriptionTypes(topic),
      admin.subscriptionDispatchRate(topic, subscription),
    ])
    return {subscriptionTypesEnabled, dispatchRate}
  } catch (error) {
    if (error instanceof AdminRefused && error.status === 405) return null
    throw error
  }
}

/** Takes just these settings out of an answer that also holds the broker's secrets. */
async function brokerSettings(admin: PulsarAdmin): Promise<BrokerSettings> {
  try {
    const settings = await admin.runtimeConfiguration()
    const types = settings['subscriptionTypesEnabled'] ?? ''
    const throttles = settings['dispatchThrottlingOnNonBacklogConsumerEnabled']
    const enabled = EVERY_TYPE.filter((type) => types.match(/\w+/g)?.includes(type))
    return {
      subscriptionTypesEnabled: enabled.length > 0 ? enabled : null,
      throttlesCaughtUp: throttles === undefined ? null : throttles === 'true',
    }
  } catch (error) {
    if (error instanceof AdminRefused) return {subscriptionTypesEnabled: null, throttlesCaughtUp: null}
    throw error
  }
}
