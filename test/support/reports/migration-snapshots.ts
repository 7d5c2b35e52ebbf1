import type {SubscriptionStats, TopicStats} from '../../../src/clients/pulsar-admin/types.js'
import type {PlanRequest} from '../../../src/domain/migration/plan/plan.js'
import type {MigrationSnapshot} from '../../../src/domain/migration/preflight/preflight-snapshot.js'
import {parseTopicName, partitionName} from '../../../src/topic-name.js'

export const NOW = new Date('2026-11-23T14:00:00.000Z')
const TOPIC = parseTopicName('orders')
export const REQUEST: PlanRequest = {
  to: 'Key_Shared',
  strategy: 'in-place',
  newSubscription: null,
  accept: [],
  expectConsumers: null,
  validForMs: 1000,
}
const SHARED: SubscriptionStats = {
  type: 'Shared',
  isDurable: true,
  isReplicated: false,
  consumers: [{consumerName: 'a'}],
}

export const NO_POLICIES = {subscriptionTypesEnabled: null, dispatchRate: null, autoSubscriptionCreation: null}
export const BROKER = {
  subscriptionTypesEnabled: null,
  throttlesCaughtUp: true,
  hasWebSocket: true,
  failoverDelayMs: 1000,
}
export const KEY_CHECK = {entries: 10, messages: 10, withoutKey: 0, mixedBatches: 0, isComplete: true}
export const NO_EXPIRY = {
  messageTtlSeconds: null,
  subscriptionExpirationMinutes: null,
  evictsAbove: {bytes: null, seconds: null},
}

/** A healthy Shared subscription on two partitions, with the given changes. */
export function snapshot(
  changes: Partial<SubscriptionStats> = {},
  rest: Partial<MigrationSnapshot> & {second?: Partial<SubscriptionStats>; topic?: TopicStats} = {},
): MigrationSnapshot {
  const {second, topic, ...others} = rest
  const partition = (index: number, subscription: SubscriptionStats) => ({
    partition: index,
    name: partitionName(TOPIC, index),
    stats: {...topic, subscriptions: {decision: subscription, ...topic?.subscriptions}},
    subscription,
  })
  return {
    cluster: 'standalone',
    brokerVersion: '4.2.4',
    collected: {
      topic: TOPIC,
      subscription: 'decision',
      partitionCount: 2,
      partitions: [partition(0, {...SHARED, ...changes}), partition(1, {...SHARED, ...changes, ...second})],
    },
    topicPolicies: 'on',
    policies: NO_POLICIES,
    broker: BROKER,
    expiry: NO_EXPIRY,
    keyCheck: KEY_CHECK,
    allowedTypes: ['Exclusive', 'Failover', 'Key_Shared', 'Shared'],
    ...others,
  }
}
