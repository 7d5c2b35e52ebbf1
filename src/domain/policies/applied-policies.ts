import type {DelayedDeliveryPolicies, RetentionPolicies} from '../../clients/pulsar-admin/policies.js'
import type {SubscriptionType} from '../../clients/pulsar-admin/types.js'
import {type AppliedExpiry, appliedExpiry} from './expiry-policies.js'
import {
  type AppliedPolicy,
  numberIn,
  numberSource,
  type PolicyLevels,
  type PolicySource,
  resolvePolicy,
} from './policy-levels.js'
import {
  type AttemptLimit,
  dispatchRate,
  publishRate,
  type RateLimit,
  subscribeRate,
  topicDispatchRate,
} from './rate-policies.js'

export interface Retention {
  minutes: number
  megabytes: number
}

export interface DelayedDelivery {
  isActive: boolean
  tickMs: number
  /** 0 means no limit; null on brokers without this setting */
  maxDelayMs: number | null
}

/** The effective limits of a subscription and the level that sets each. 0 means no limit. */
export interface AppliedPolicies extends AppliedExpiry {
  subscriptionTypesEnabled: AppliedPolicy<SubscriptionType[]>
  /** for this subscription */
  dispatchRate: AppliedPolicy<RateLimit>
  /** for all subscriptions of the topic together */
  topicDispatchRate: AppliedPolicy<RateLimit>
  publishRate: AppliedPolicy<RateLimit>
  subscribeRate: AppliedPolicy<AttemptLimit>
  maxConsumersPerSubscription: AppliedPolicy<number>
  maxConsumersPerTopic: AppliedPolicy<number>
  maxUnackedMessagesPerConsumer: AppliedPolicy<number>
  maxUnackedMessagesPerSubscription: AppliedPolicy<number>
  /** storage of messages that every subscription has acknowledged; −1 means no limit */
  retention: AppliedPolicy<Retention>
  delayedDelivery: AppliedPolicy<DelayedDelivery>
  /** whether delivery stops when the broker cannot store more ack holes */
  pausesOnAckStatePersistent: AppliedPolicy<boolean>
  isDeduplicated: AppliedPolicy<boolean>
}

const EVERY_TYPE: readonly SubscriptionType[] = ['Exclusive', 'Failover', 'Key_Shared', 'Shared']

const maxConsumersPerSubscription = numberSource(
  'maxConsumersPerSubscription',
  'max_consumers_per_subscription',
  'maxConsumersPerSubscription',
)
const maxConsumersPerTopic = numberSource('maxConsumers', 'max_consumers_per_topic', 'maxConsumersPerTopic')
const maxUnackedMessagesPerConsumer = numberSource(
  'maxUnackedMessagesOnConsumer',
  'max_unacked_messages_per_consumer',
  'maxUnackedMessagesPerConsumer',
)
const maxUnackedMessagesPerSubscription = numberSource(
  'maxUnackedMessagesOnSubscription',
  'max_unacked_messages_per_subscription',
  'maxUnackedMessagesPerSubscription',
)

const subscriptionTypesEnabled: PolicySource<SubscriptionType[]> = {
  topic: ({subscriptionTypesEnabled: types}) => types && unlessEmpty(types),
  namespace: ({subscription_types_enabled: types = []}) => unlessEmpty(types),
  broker: ({subscriptionTypesEnabled: text}) =>
    text === undefined ? undefined : EVERY_TYPE.filter((type) => text.match(/\w+/g)?.includes(type)),
}

const retention: PolicySource<Retention> = {
  topic: ({retention: kept}) => kept && ofRetention(kept),
  namespace: ({retention_policies: kept}) => (kept ? ofRetention(kept) : null),
  broker: (settings) => {
    const minutes = numberIn(settings, 'defaultRetentionTimeInMinutes')
    const megabytes = numberIn(settings, 'defaultRetentionSizeInMB')
    return minutes === undefined || megabytes === undefined ? undefined : {minutes, megabytes}
  },
}

const delayedDelivery: PolicySource<DelayedDelivery> = {
  topic: ({delayedDelivery: delayed}) => delayed && ofDelayed(delayed),
  namespace: ({delayed_delivery_policies: delayed}) => (delayed ? ofDelayed(delayed) : null),
  broker: (settings) => {
    const tickMs = numberIn(settings, 'delayedDeliveryTickTimeMillis')
    const maxDelayMs = numberIn(settings, 'delayedDeliveryMaxDelayInMillis') ?? null
    return tickMs === undefined ? undefined : {isActive: settings.delayedDeliveryEnabled === 'true', tickMs, maxDelayMs}
  },
}

const pausesOnAckStatePersistent: PolicySource<boolean> = {
  // The topic policy cannot be set to false; the broker reports false when it is not set.
  topic: ({dispatcherPauseOnAckStatePersistent: pauses}) => (pauses === false ? null : pauses),
  namespace: ({dispatcherPauseOnAckStatePersistentEnabled: pauses}) => pauses ?? null,
  broker: ({dispatcherPauseOnAckStatePersistentEnabled: text}) => (text === undefined ? undefined : text === 'true'),
}

const isDeduplicated: PolicySource<boolean> = {
  topic: ({deduplicationEnabled: isOn}) => isOn,
  namespace: ({deduplicationEnabled: isOn}) => isOn ?? null,
  broker: ({brokerDeduplicationEnabled: text}) => (text === undefined ? undefined : text === 'true'),
}

/** The effective policies, resolved from all levels as the broker does. */
export function appliedPolicies(levels: PolicyLevels): AppliedPolicies {
  return {
    subscriptionTypesEnabled: resolvePolicy(levels, subscriptionTypesEnabled),
    dispatchRate: resolvePolicy(levels, dispatchRate),
    topicDispatchRate: resolvePolicy(levels, topicDispatchRate),
    publishRate: resolvePolicy(levels, publishRate),
    subscribeRate: resolvePolicy(levels, subscribeRate),
    maxConsumersPerSubscription: resolvePolicy(levels, maxConsumersPerSubscription),
    maxConsumersPerTopic: resolvePolicy(levels, maxConsumersPerTopic),
    maxUnackedMessagesPerConsumer: resolvePolicy(levels, maxUnackedMessagesPerConsumer),
    maxUnackedMessagesPerSubscription: resolvePolicy(levels, maxUnackedMessagesPerSubscription),
    ...appliedExpiry(levels),
    retention: resolvePolicy(levels, retention),
    delayedDelivery: resolvePolicy(levels, delayedDelivery),
    pausesOnAckStatePersistent: resolvePolicy(levels, pausesOnAckStatePersistent),
    isDeduplicated: resolvePolicy(levels, isDeduplicated),
  }
}

function unlessEmpty(types: readonly SubscriptionType[]): SubscriptionType[] | null {
  return types.length === 0 ? null : types.toSorted()
}

function ofRetention({retentionSizeInMB, retentionTimeInMinutes}: RetentionPolicies): Retention {
  return {minutes: retentionTimeInMinutes, megabytes: retentionSizeInMB}
}

function ofDelayed({active, maxDeliveryDelayInMillis, tickTime}: DelayedDeliveryPolicies): DelayedDelivery {
  return {isActive: active, tickMs: tickTime, maxDelayMs: maxDeliveryDelayInMillis ?? null}
}
