import type {DispatchRate, SubscriptionType} from '../../clients/pulsar-admin/types.js'
import type {CollectedSubscription} from '../subscriptions/collect.js'

export interface TopicPolicies {
  /** null: the topic sets none */
  subscriptionTypesEnabled: SubscriptionType[] | null
  /** of this subscription; null: none is set */
  dispatchRate: DispatchRate | null
}

/** What the broker's settings say, as far as they matter; null where this login may not read them. */
export interface BrokerSettings {
  /** the types that may subscribe where neither topic nor namespace says */
  readonly subscriptionTypesEnabled: readonly SubscriptionType[] | null
  /** false: dispatch rates don't hold consumers that are caught up, so a pause would hold nothing */
  readonly throttlesCaughtUp: boolean | null
}

/** Everything the planner looks at, read from the cluster at one moment. */
export interface MigrationSnapshot {
  readonly cluster: string
  readonly brokerVersion: string
  readonly collected: CollectedSubscription
  /** false where the broker has topic policies switched off */
  readonly hasTopicPolicies: boolean
  readonly policies: TopicPolicies
  readonly broker: BrokerSettings
  /** the types that may subscribe now, by the policy of the topic, else of the namespace, else of the broker */
  readonly allowedTypes: readonly SubscriptionType[]
}
