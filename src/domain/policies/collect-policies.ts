import pLimit from 'p-limit'

import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import {orWhenRefused, orOnStatus} from '../../clients/pulsar-admin/admin-refused.js'
import type {NamespacePolicies, TopicPolicyValues} from '../../clients/pulsar-admin/policies.js'
import type {DispatchRate} from '../../clients/pulsar-admin/types.js'
import type {TopicName} from '../../topic-name.js'
import {collectSettings} from '../topic-stats/collect-broker-settings.js'
import {POLICY_SETTINGS, type PolicyLevels, type PolicySettings, type TopicLevel} from './policy-levels.js'

const CONCURRENT_POLICIES = 8

const EVERY_POLICY: ReadonlyArray<keyof TopicPolicyValues> = [
  'subscriptionTypesEnabled',
  'subscriptionDispatchRate',
  'dispatchRate',
  'publishRate',
  'subscribeRate',
  'maxConsumersPerSubscription',
  'maxConsumers',
  'maxUnackedMessagesOnConsumer',
  'maxUnackedMessagesOnSubscription',
  'messageTTL',
  'subscriptionExpirationTime',
  'retention',
  'backlogQuotaMap',
  'delayedDelivery',
  'dispatcherPauseOnAckStatePersistent',
  'deduplicationEnabled',
]

/** Reads the policies of each level: one request per topic policy, one for the namespace and one for the broker. */
export async function collectPolicies(
  admin: PulsarAdmin,
  topic: TopicName,
  subscription: string,
): Promise<PolicyLevels> {
  const [rate, ofTopic, namespace, settings] = await Promise.all([
    collectSubscriptionRate(admin, topic, subscription),
    collectTopicLevel(admin, topic, EVERY_POLICY),
    collectNamespaceLevel(admin, topic),
    collectPolicySettings(admin),
  ])
  return {subscription: rate, topic: ofTopic, namespace, settings}
}

/** The dispatch rate of one subscription; null when it has none, undefined without the permission to read it. */
export function collectSubscriptionRate(
  admin: PulsarAdmin,
  topic: TopicName,
  subscription: string,
): Promise<DispatchRate | null | undefined> {
  return ifSet(admin.subscriptionDispatchRate(topic, subscription))
}

/** Reads the named policies of the topic. */
export async function collectTopicLevel(
  admin: PulsarAdmin,
  topic: TopicName,
  names: ReadonlyArray<keyof TopicPolicyValues>,
): Promise<TopicLevel> {
  const limit = pLimit(CONCURRENT_POLICIES)
  const read = await Promise.all(
    names.map((name) => limit(async () => [name, await ifSet(admin.topicPolicy(topic, name))] as const)),
  )
  return Object.fromEntries(read)
}

/** null without the permission to read them. */
export async function collectNamespaceLevel(admin: PulsarAdmin, topic: TopicName): Promise<NamespacePolicies | null> {
  return (await ifSet(admin.namespacePolicies(topic))) ?? null
}

export function collectPolicySettings(admin: PulsarAdmin): Promise<PolicySettings | null> {
  return collectSettings(admin, POLICY_SETTINGS)
}

/** Undefined without the permission; null when the broker does not support topic policies, which it reports as 405. */
function ifSet<T>(answer: Promise<T>): Promise<T | null | undefined> {
  return orWhenRefused(orOnStatus(405, answer, null), undefined)
}
