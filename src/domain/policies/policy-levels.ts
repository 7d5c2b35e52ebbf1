import type {NamespacePolicies, TopicPolicyValues} from '../../clients/pulsar-admin/policies.js'
import type {DispatchRate} from '../../clients/pulsar-admin/types.js'

export type PolicyOrigin = 'broker' | 'namespace' | 'subscription' | 'topic'

/** The broker's settings that hold where nobody sets a policy. */
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

/** The topic's own policies; null where it sets none, undefined where this login may not read it. */
export type TopicLevel = {readonly [N in keyof TopicPolicyValues]?: TopicPolicyValues[N] | null | undefined}

/** What each level sets. */
export interface PolicyLevels {
  /** the dispatch rate of this one subscription; undefined where it may not be read */
  readonly subscription: DispatchRate | null | undefined
  readonly topic: TopicLevel
  /** null where it may not be read, as the settings */
  readonly namespace: NamespacePolicies | null
  readonly settings: PolicySettings | null
}

/** A policy and where it is set. */
export interface AppliedPolicy<T> {
  /** null where it is not known: this login may not read a level that might set it, or this broker has no such policy */
  value: T | null
  origin: PolicyOrigin | null
}

/** What a level says of a policy: null sets nothing, undefined is not known. */
export type LevelValue<T> = T | null | undefined

/** How each level says it. */
export interface PolicySource<T> {
  /** only of the rate that a single subscription can have */
  readonly subscription?: (rate: DispatchRate) => T
  readonly topic: (topic: TopicLevel) => LevelValue<T>
  /** @param cluster the broker's own; undefined where it is not known. */
  readonly namespace: (policies: NamespacePolicies, cluster: string | undefined) => LevelValue<T>
  readonly broker: (settings: PolicySettings) => T | undefined
}

/** The narrowest level that sets a policy counts. When that can't be said of a level, nothing is known. */
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

/** A whole number; brokers take one below 0 for not set. */
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
