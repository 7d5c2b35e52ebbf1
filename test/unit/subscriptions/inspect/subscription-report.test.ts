import assert from 'node:assert/strict'
import {test} from 'node:test'

import {inspectSubscription} from '../../../../src/domain/subscriptions/inspect/subscription-report.js'
import {type AppliedPolicies, appliedPolicies} from '../../../../src/domain/policies/applied-policies.js'
import type {AppliedPolicy, PolicyLevels} from '../../../../src/domain/policies/policy-levels.js'
import {parseTopicName} from '../../../../src/topic-name.js'
import {subscription} from '../../../support/reports/subscription-report.js'

const TOPIC = parseTopicName('orders')
/** The policy levels without any permission. */
const NOTHING: PolicyLevels = {subscription: undefined, topic: {messageTTL: undefined}, namespace: null, settings: null}
const UNKNOWN = {value: null, origin: null}

test('a value that the broker does not report is null, never 0', () => {
  const report = inspectSubscription({
    collected: {
      topic: TOPIC,
      subscription: 'decision',
      partitionCount: null,
      partitions: [
        {partition: null, name: TOPIC, stats: {publishers: [{}]}, subscription: {backlogSize: -1, consumers: [{}]}},
      ],
    },
    readAtMs: Date.now(),
    internals: new Map(),
    oldest: null,
    policies: NOTHING,
  })
  const {backlogEntries, rateInPerSecond} = report.total
  assert.deepEqual([backlogEntries, rateInPerSecond], [null, null])
  assert.deepEqual(
    leavesOf(report.partitions).filter((leaf) => typeof leaf === 'number'),
    [],
  )
  assert.deepEqual(report.cursorsNotRead, [null])
  assert.deepEqual(report.policiesNotRead, ['subscription', 'topic', 'namespace', 'broker'])
  for (const policy of Object.values(report.policies)) assert.deepEqual(policy, UNKNOWN)
})

test('a time of 0 becomes null, the average of no messages becomes null, and times are UTC', () => {
  const [busy] = subscription.partitions
  const [, silent] = busy?.consumers ?? []
  assert.equal(busy?.lastExpiredAt, null)
  assert.equal(silent?.lastAckedAt, null)
  assert.equal(silent.messagesPerEntry, null)
  assert.equal(silent.connectedSince, '2026-11-23T14:00:09.000Z')
  assert.equal(busy.publishers[1]?.averageMessageBytes, null)
})

test('entries acknowledged after a blocked mark-delete position are counted across ledgers', () => {
  assert.deepEqual(
    subscription.partitions.map(({cursor}) => cursor && [cursor.firstUnacked, cursor.ackedBehindEntries]),
    [['7:5', 5], null],
  )
})

test('joined consumers that wait and pending reads are reported, and null where the broker does not report them', () => {
  const [busy, quiet] = subscription.partitions
  assert.deepEqual(busy?.waitingForMarkDelete, [{consumer: 'worker-1', position: '8:3'}])
  assert.equal(busy.consumers[1]?.readPositionWhenJoining, '8:3')
  assert.equal(busy.consumers[0]?.readPositionWhenJoining, null)
  const {hasPendingRead, hasPendingReplayRead, isCaughtUp, pendingReads} = busy.cursor ?? assert.fail()
  assert.deepEqual([hasPendingRead, hasPendingReplayRead, isCaughtUp, pendingReads], [true, true, false, 1])
  assert.equal(quiet?.waitingForMarkDelete, null)
})

test('raw contains fields that keyshift does not know, and each part once', () => {
  const {raw} = inspectSubscription({
    collected: {
      topic: TOPIC,
      subscription: 'decision',
      partitionCount: null,
      partitions: [
        {
          partition: null,
          name: TOPIC,
          stats: {...newer, subscriptions: {decision: newer, audit: {}}},
          subscription: newer,
        },
      ],
    },
    readAtMs: Date.now(),
    internals: new Map([[null, {cursors: {decision: newer}}]]),
    oldest: null,
    policies: NOTHING,
  })
  assert.deepEqual(raw, {partitions: [{partition: null, subscription: newer, topic: newer, cursor: newer}]})
})

/** Statistics of all kinds in one object, with a field of a future broker. */
const newer = {type: 'Shared', state: 'Open', ownerBroker: 'b', ofPulsar9: {deep: [1]}}
const RATE = {
  dispatchThrottlingRateInMsg: 10,
  dispatchThrottlingRateInByte: -1,
  relativeToPublishRate: false,
  ratePeriodInSecond: 1,
}
const FREE = {...RATE, dispatchThrottlingRateInMsg: 0}
const LIMIT = {messages: 10, bytes: 0, periodSeconds: 1, isRelativeToPublishRate: false}
const NO_LIMIT = {...LIMIT, messages: 0}
const QUIET: PolicyLevels = {
  subscription: null,
  topic: {subscriptionDispatchRate: null, messageTTL: null, backlogQuotaMap: {}, subscriptionTypesEnabled: []},
  namespace: {},
  settings: {
    clusterName: 'here',
    ttlDurationDefaultInSeconds: '0',
    dispatchThrottlingRatePerSubscriptionInMsg: '0',
    dispatchThrottlingRatePerSubscriptionInByte: '0',
    subscriptionTypesEnabled: '[Failover, Shared, Key_Shared, Exclusive]',
    backlogQuotaDefaultLimitGB: '2.0',
    backlogQuotaDefaultLimitBytes: '-1',
    backlogQuotaDefaultRetentionPolicy: 'producer_request_hold',
  },
}

type Case = readonly [
  what: string,
  policy: keyof AppliedPolicies,
  levels: Partial<PolicyLevels>,
  AppliedPolicy<unknown>,
]

const CASES: readonly Case[] = [
  ['not set at any level: the value of the broker', 'messageTtlSeconds', {}, {value: 0, origin: 'broker'}],
  [
    'set at the namespace',
    'messageTtlSeconds',
    {namespace: {message_ttl_in_seconds: 60}},
    {value: 60, origin: 'namespace'},
  ],
  [
    '0 at the topic overrides the namespace',
    'messageTtlSeconds',
    {topic: {messageTTL: 0}, namespace: {message_ttl_in_seconds: 60}},
    {value: 0, origin: 'topic'},
  ],
  [
    'a negative value counts as not set',
    'messageTtlSeconds',
    {topic: {messageTTL: -1}, namespace: {message_ttl_in_seconds: 60}},
    {value: 60, origin: 'namespace'},
  ],
  ['unknown when the topic level cannot be read', 'messageTtlSeconds', {topic: {}}, UNKNOWN],
  ['unknown when the namespace level cannot be read', 'messageTtlSeconds', {namespace: null}, UNKNOWN],
  [
    'settings at narrower levels are still known',
    'messageTtlSeconds',
    {topic: {messageTTL: 5}, namespace: null, settings: null},
    {value: 5, origin: 'topic'},
  ],
  [
    'a rate of 0 at the subscription overrides the rate of the topic',
    'dispatchRate',
    {subscription: FREE, topic: {subscriptionDispatchRate: RATE}},
    {value: NO_LIMIT, origin: 'subscription'},
  ],
  [
    'a rate of 0 at the topic counts as not set',
    'dispatchRate',
    {topic: {subscriptionDispatchRate: FREE}, namespace: {subscriptionDispatchRate: {here: RATE, there: FREE}}},
    {value: LIMIT, origin: 'namespace'},
  ],
  [
    'the rate of another cluster does not apply',
    'dispatchRate',
    {namespace: {subscriptionDispatchRate: {there: RATE}}},
    {value: NO_LIMIT, origin: 'broker'},
  ],
  [
    'unknown when the cluster of the broker is unknown',
    'dispatchRate',
    {namespace: {subscriptionDispatchRate: {here: RATE, there: RATE}}, settings: null},
    UNKNOWN,
  ],
  [
    'an empty list counts as not set',
    'subscriptionTypesEnabled',
    {},
    {value: ['Exclusive', 'Failover', 'Key_Shared', 'Shared'], origin: 'broker'},
  ],
  [
    'a default in gigabytes overrides one in bytes',
    'backlogSizeQuota',
    {},
    {value: {limit: 2 ** 31, policy: 'producer_request_hold'}, origin: 'broker'},
  ],
  ['unknown on a broker without the setting', 'pausesOnAckStatePersistent', {}, UNKNOWN],
]

for (const [what, policy, levels, expected] of CASES) {
  test(`${policy}: ${what}`, () => {
    assert.deepEqual(appliedPolicies({...QUIET, ...levels})[policy], expected)
  })
}

function leavesOf(value: unknown): unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leavesOf) : [value]
}
