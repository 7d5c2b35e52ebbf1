import type {PulsarAdmin} from '../../../clients/pulsar-admin/admin.js'
import {AdminRefused, orWhenRefused} from '../../../clients/pulsar-admin/admin-refused.js'
import type {SubscriptionType} from '../../../clients/pulsar-admin/types.js'
import type {TopicName} from '../../../topic-name.js'
import {collectSubscription} from '../../topic-stats/collect-topic-stats.js'
import {collectNamespaceLevel, collectTopicLevel} from '../../policies/collect-policies.js'
import {collectSettings} from '../../topic-stats/collect-broker-settings.js'
import {appliedExpiry, evictsAbove, EXPIRY_POLICIES} from '../../policies/expiry-policies.js'
import {POLICY_SETTINGS, type PolicySettings} from '../../policies/policy-levels.js'
import type {BrokerSettings, Expiry, KeyCheck, MigrationSnapshot, TopicPolicies} from './preflight-snapshot.js'

const EVERY_TYPE: readonly SubscriptionType[] = ['Exclusive', 'Failover', 'Key_Shared', 'Shared']

const SETTINGS = [
  ...POLICY_SETTINGS,
  'activeConsumerFailoverDelayTimeMillis',
  'dispatchThrottlingOnNonBacklogConsumerEnabled',
  'webSocketServiceEnabled',
] as const
type MigrationSettings = Partial<Record<(typeof SETTINGS)[number], string>>

const NO_POLICIES: TopicPolicies = {subscriptionTypesEnabled: null, dispatchRate: null, autoSubscriptionCreation: null}

/** Reads what the planner needs. Changes nothing. */
export async function collectSnapshot(
  admin: PulsarAdmin,
  topic: string,
  subscription: string,
  keyCheck: KeyCheck | null = null,
): Promise<MigrationSnapshot> {
  const collected = await collectSubscription(admin, topic, subscription, {getPreciseBacklog: true})
  const [clusters, brokerVersion, policies, namespaceTypes, settings] = await Promise.all([
    admin.clusters(),
    admin.brokerVersion(),
    topicPolicies(admin, collected.topic, subscription),
    orWhenRefused(admin.namespaceSubscriptionTypes(collected.topic), null),
    collectSettings(admin, SETTINGS),
  ])
  const broker = brokerSettings(settings)
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
    expiry: await expiryOf(admin, collected.topic, settings),
    allowedTypes: found.subscriptionTypesEnabled ?? namespaceTypes ?? broker.subscriptionTypesEnabled ?? EVERY_TYPE,
    keyCheck,
  }
}

/** The policies of the topic, or why there are none: the broker answers 405 when topic policies are disabled. */
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

function brokerSettings(settings: MigrationSettings | null): BrokerSettings {
  const types = settings?.subscriptionTypesEnabled ?? ''
  const throttles = settings?.dispatchThrottlingOnNonBacklogConsumerEnabled
  const delay = settings?.activeConsumerFailoverDelayTimeMillis
  const webSocket = settings?.webSocketServiceEnabled
  const enabled = EVERY_TYPE.filter((type) => types.match(/\w+/g)?.includes(type))
  return {
    subscriptionTypesEnabled: enabled.length > 0 ? enabled : null,
    hasWebSocket: webSocket === undefined ? null : webSocket === 'true',
    throttlesCaughtUp: throttles === undefined ? null : throttles === 'true',
    failoverDelayMs: delay === undefined ? null : Number(delay),
  }
}

/** The expiry settings that apply to the topic, at whatever level they are set. */
async function expiryOf(admin: PulsarAdmin, topic: TopicName, settings: PolicySettings | null): Promise<Expiry> {
  const [ofTopic, namespace] = await Promise.all([
    collectTopicLevel(admin, topic, EXPIRY_POLICIES),
    collectNamespaceLevel(admin, topic),
  ])
  const applied = appliedExpiry({subscription: null, topic: ofTopic, namespace, settings})
  return {
    messageTtlSeconds: applied.messageTtlSeconds.value,
    subscriptionExpirationMinutes: applied.subscriptionExpirationMinutes.value,
    evictsAbove: {bytes: evictsAbove(applied.backlogSizeQuota), seconds: evictsAbove(applied.backlogAgeQuota)},
  }
}
