import type {AutoSubscriptionCreation, DispatchRate, SubscriptionType} from '../../../clients/pulsar-admin/types.js'
import type {CollectedSubscription} from '../../topic-stats/collect-topic-stats.js'

/** The policies of the topic that a migration may touch; null where the topic sets none. */
export interface TopicPolicies {
  subscriptionTypesEnabled: SubscriptionType[] | null
  /** of this subscription */
  dispatchRate: DispatchRate | null
  autoSubscriptionCreation: AutoSubscriptionCreation | null
}

/** What the broker's settings say, as far as they matter; null where this login may not read them. */
export interface BrokerSettings {
  /** the types that may subscribe where neither topic nor namespace says */
  readonly subscriptionTypesEnabled: readonly SubscriptionType[] | null
  /** false: dispatch rates don't hold consumers that are caught up, so a pause would hold nothing */
  readonly throttlesCaughtUp: boolean | null
  /** whether brokers serve the WebSocket API themselves */
  readonly hasWebSocket: boolean | null
  /** how long a new Failover subscription waits before it delivers */
  readonly failoverDelayMs: number | null
}

/** What is done to messages that wait, wherever that is set; null where it is not known. */
export interface Expiry {
  /** 0 is never, as of the next */
  readonly messageTtlSeconds: number | null
  readonly subscriptionExpirationMinutes: number | null
  /** how large or how old a backlog may be before the oldest messages are dropped; null where none are for that */
  readonly evictsAbove: {readonly bytes: number | null; readonly seconds: number | null}
}

/** Everything the planner looks at, read from the cluster at one moment. */
export interface MigrationSnapshot {
  readonly cluster: string
  readonly brokerVersion: string
  readonly collected: CollectedSubscription
  /** `off`: the broker has none; `refused`: this login may not read them */
  readonly topicPolicies: 'off' | 'on' | 'refused'
  readonly policies: TopicPolicies
  readonly broker: BrokerSettings
  readonly expiry: Expiry
  /** the types that may subscribe now, by the policy of the topic, else of the namespace, else of the broker */
  readonly allowedTypes: readonly SubscriptionType[]
  /** what the backlog's keys look like; null when it was not looked at */
  readonly sample: KeySample | null
}

/** Counts over the entries looked at. */
export interface KeySample {
  readonly entries: number
  readonly messages: number
  readonly withoutKey: number
  /** batches that hold several keys: Key_Shared would deliver all by the first one's */
  readonly mixedBatches: number
  /** false when not all that waited was looked at */
  readonly isComplete: boolean
}
