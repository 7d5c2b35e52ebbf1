import type {BacklogQuota, DispatchRate, SubscriptionType} from './types.js'

/** The policies that can be set on a topic, with their names in the topic's path and in the broker's own shapes. */
export interface TopicPolicyValues {
  /** empty once removed */
  subscriptionTypesEnabled: SubscriptionType[]
  /** applies to each subscription without its own rate */
  subscriptionDispatchRate: DispatchRate
  /** applies to all subscriptions together */
  dispatchRate: DispatchRate
  publishRate: PublishRate
  subscribeRate: SubscribeRate
  maxConsumersPerSubscription: number
  maxConsumers: number
  maxUnackedMessagesOnConsumer: number
  maxUnackedMessagesOnSubscription: number
  /** seconds */
  messageTTL: number
  /** minutes; 4.2 and later */
  subscriptionExpirationTime: number
  retention: RetentionPolicies
  /** by what is limited: `destination_storage` is the size, `message_age` the age */
  backlogQuotaMap: Record<string, BacklogQuota>
  delayedDelivery: DelayedDeliveryPolicies
  /** can be set to true or be removed, and reads as false then; 3.3 and later */
  dispatcherPauseOnAckStatePersistent: boolean
  deduplicationEnabled: boolean
}

export interface PublishRate {
  publishThrottlingRateInMsg: number
  publishThrottlingRateInByte: number
}

export interface SubscribeRate {
  subscribeThrottlingRatePerConsumer: number
  ratePeriodInSecond: number
}

/** −1 is unlimited */
export interface RetentionPolicies {
  retentionTimeInMinutes: number
  retentionSizeInMB: number
}

export interface DelayedDeliveryPolicies {
  active: boolean
  /** ms */
  tickTime: number
  /** ms; 0 is unlimited; 3.3 and later */
  maxDeliveryDelayInMillis?: number
}

/** The policies of a namespace that affect subscriptions; a policy that is not set is missing or null. */
export interface NamespacePolicies {
  subscription_types_enabled?: SubscriptionType[]
  /** the rates are by cluster */
  subscriptionDispatchRate?: Record<string, DispatchRate>
  topicDispatchRate?: Record<string, DispatchRate>
  /** the former name of topicDispatchRate */
  clusterDispatchRate?: Record<string, DispatchRate>
  publishMaxMessageRate?: Record<string, PublishRate>
  clusterSubscribeRate?: Record<string, SubscribeRate>
  max_consumers_per_subscription?: number
  max_consumers_per_topic?: number
  max_unacked_messages_per_consumer?: number
  max_unacked_messages_per_subscription?: number
  message_ttl_in_seconds?: number
  subscription_expiration_time_minutes?: number
  retention_policies?: RetentionPolicies
  backlog_quota_map?: Record<string, BacklogQuota>
  delayed_delivery_policies?: DelayedDeliveryPolicies
  dispatcherPauseOnAckStatePersistentEnabled?: boolean
  deduplicationEnabled?: boolean
}
