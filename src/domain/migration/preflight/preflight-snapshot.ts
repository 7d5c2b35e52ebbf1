import type {AutoSubscriptionCreation, DispatchRate, SubscriptionType} from '../../../clients/pulsar-admin/types.js'
import type {CollectedSubscription} from '../../topic-stats/collect-topic-stats.js'

/** The policies of the topic that a migration may change; null where the topic sets none. */
export interface TopicPolicies {
  subscriptionTypesEnabled: SubscriptionType[] | null
  /** of this subscription */
  dispatchRate: DispatchRate | null
  autoSubscriptionCreation: AutoSubscriptionCreation | null
}

/** The broker settings that affect a migration; null without permission to read them. */
export interface BrokerSettings {
  /** the allowed types where neither topic nor namespace sets them */
  readonly subscriptionTypesEnabled: readonly SubscriptionType[] | null
  /** false: dispatch rates do not apply to consumers that are caught up, so they cannot be paused */
  readonly throttlesCaughtUp: boolean | null
  /** whether the brokers serve the WebSocket API */
  readonly hasWebSocket: boolean | null
  /** delay before a new Failover subscription delivers */
  readonly failoverDelayMs: number | null
}

/** What the broker drops from a backlog, at whatever level that is set; null when unknown. */
export interface Expiry {
  /** 0 is never; the same for the next field */
  readonly messageTtlSeconds: number | null
  readonly subscriptionExpirationMinutes: number | null
  /** size and age of a backlog above which its oldest messages are dropped; null where that limit is not set */
  readonly evictsAbove: {readonly bytes: number | null; readonly seconds: number | null}
}

/** Everything that the planner needs, read from the cluster once. */
export interface MigrationSnapshot {
  readonly cluster: string
  readonly brokerVersion: string
  readonly collected: CollectedSubscription
  /** `off`: disabled on the broker; `refused`: no permission to read them */
  readonly topicPolicies: 'off' | 'on' | 'refused'
  readonly policies: TopicPolicies
  readonly broker: BrokerSettings
  readonly expiry: Expiry
  /** the types that may subscribe now: the policy of the topic, otherwise of the namespace, otherwise of the broker */
  readonly allowedTypes: readonly SubscriptionType[]
  /** keys and batches of the backlog; null when nothing was sampled */
  readonly keyCheck: KeyCheck | null
}

/** Counts over the sampled entries. */
export interface KeyCheck {
  readonly entries: number
  readonly messages: number
  readonly withoutKey: number
  /** batches with several keys: Key_Shared delivers the whole batch by the first key */
  readonly mixedBatches: number
  /** whether the sample covers the whole backlog */
  readonly isComplete: boolean
}
