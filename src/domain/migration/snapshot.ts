import type {DispatchRate, SubscriptionType} from '../../clients/pulsar-admin/types.js'
import type {CollectedSubscription} from '../subscriptions/collect.js'

export interface TopicPolicies {
  /** null: the topic sets none */
  subscriptionTypesEnabled: SubscriptionType[] | null
  /** of this subscription; null: none is set */
  dispatchRate: DispatchRate | null
}

/** Everything the planner looks at, read from the cluster at one moment. */
export interface MigrationSnapshot {
  readonly cluster: string
  readonly brokerVersion: string
  readonly collected: CollectedSubscription
  /** false where the broker has topic policies switched off */
  readonly hasTopicPolicies: boolean
  readonly policies: TopicPolicies
  /** the types that may subscribe now, by the topic's policy or else the namespace's; all where neither says */
  readonly allowedTypes: readonly SubscriptionType[]
}
