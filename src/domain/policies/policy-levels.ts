import type {NamespacePolicies, TopicPolicyValues} from '../../clients/pulsar-admin/policies.js'
import type {DispatchRate} from '../../clients/pulsar-admin/types.js'

export type PolicyOrigin = 'broker' | 'namespace' | 'subscription' | 'topic'

/** The broker settings that apply when no policy is set. */
export const POLICY_SETTINGS = [
  'clusterName',
  'subscriptionTypesEnabled',
  'dispatchThrottlingRatePerSubscriptionInMsg',
  'dispatchThrottlingRatePerSubscriptionInByte',
  'dispatchThrottlingRatePerTopicInMsg',
  'dispatchThrottlingRatePerTopicInByte',
  'dispatchThrottlingRateRelativeToPublishRate',
  'maxPublishRatePerTopicInMessages',
  'maxPublishRatePerTopicInBytes',
  'subscribeThrottlingRatePerConsumer',
  'subscribeRatePeriodPerConsumerInSecond',
  'maxConsumersPerSubscription',
  'maxConsumersPerTopic',
  'maxUnackedMessagesPerConsumer',
  'maxUnackedMessagesPerSubscription',
  'ttlDurationDefaultInSeconds',
  'subscriptionExpirationTimeMinutes',
  'defaultRetentionTimeInMinutes',
  'defaultRetentionSizeInMB',
  'backlogQuotaDefaultLimitBytes',
  'backlogQuotaDefaultLimitGB',
  'backlogQuotaDefaultLimitSecond',
  'backlogQuotaDefaultRetentionPolicy',
  'delayedDeliveryEnabled',
  'delayedDeliveryTickTimeMillis',
  'delayedDeliveryMaxDelayInMillis',
  'dispatcherPauseOnAckStatePersistentEnabled',
  'brokerDeduplicationEnabled',
] as const
export type PolicySettings = Partial<Record<(typeof POLICY_SETTINGS)[number], string>>

/** The topic policies; null when not set, undefined without the permission to read them. */
export type TopicLevel = {readonly [N in keyof TopicPolicyValues]?: TopicPolicyValues[N] | null | undefined}

/** The policies of each level. */
export interface PolicyLevels {
  /** the dispatch rate of this subscription; undefined without the permission to read it */
  readonly subscription: DispatchRate | null | undefined
  readonly topic: TopicLevel
  /** null without the permission to read it; so is `settings` */
  readonly namespace: NamespacePolicies | null
  readonly settings: PolicySettings | null
}

/** A policy and where it is set. */
export interface AppliedPolicy<T> {
  /** null when unknown: a level that might set it cannot be read, or this broker has no such policy */
  value: T | null
  origin: PolicyOrigin | null
}

/** The value of a policy at one level; null when not set, undefined when unknown. */
export type LevelValue<T> = T | null | undefined

/** How to read a policy at each level. */
export interface PolicySource<T> {
  /** only for the dispatch rate, which a single subscription can have */
  readonly subscription?: (rate: DispatchRate) => T
  readonly topic: (topic: TopicLevel) => LevelValue<T>
  /** @param cluster the broker's cluster; undefined when unknown. */
  readonly namespace: (policies: NamespacePolicies, cluster: string | undefined) => LevelValue<T>
  readonly broker: (settings: PolicySettings) => T | undefined
}

/** The narrowest level that sets a policy applies. Unknown when a narrower level than that cannot be read. */
export function resolvePolicy<T>(
  {namespace, settings, subscription, topic}: PolicyLevels,
  source: PolicySource<T>,
): AppliedPolicy<T> {
  const levels: Array<readonly [PolicyOrigin, LevelValue<T>]> = [
    ['subscription', source.subscription ? subscription && source.subscription(subscription) : null],
    ['topic', source.topic(topic)],
    ['namespace', namespace ? source.namespace(namespace, settings?.clusterName) : undefined],
    ['broker', settings ? source.broker(settings) : undefined],
  ]
  const [origin, value] = levels.find(([, one]) => one !== null) ?? []
  return origin === undefined || value === undefined || value === null ? {value: null, origin: null} : {value, origin}
}

/** A policy with an integer value. Brokers treat a negative value as not set. */
export function numberSource(
  name: NamesOf<TopicPolicyValues, number>,
  inNamespace: NamesOf<Required<NamespacePolicies>, number>,
  setting: keyof PolicySettings,
): PolicySource<number> {
  const set = (value: LevelValue<number>): LevelValue<number> => (typeof value === 'number' && value < 0 ? null : value)
  return {
    topic: (topic) => set(topic[name]),
    namespace: (policies) => set(policies[inNamespace] ?? null),
    broker: (settings) => numberIn(settings, setting),
  }
}

export function numberIn(settings: PolicySettings, name: keyof PolicySettings): number | undefined {
  const text = settings[name]
  return text === undefined || text === '' ? undefined : Number(text)
}

type NamesOf<T, V> = {[N in keyof T]: T[N] extends V ? N : never}[keyof T]
