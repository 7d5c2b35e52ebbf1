import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {SubscriptionStats, TopicStats} from '../../src/clients/pulsar-admin/types.js'
import {planMigration, type PlanRequest} from '../../src/domain/migration/plan.js'
import type {MigrationSnapshot} from '../../src/domain/migration/snapshot.js'
import {parsePlan, requireFresh} from '../../src/domain/migration/stale.js'
import {parseTopicName, partitionName} from '../../src/topic-name.js'

const NOW = new Date('2026-11-23T14:00:00.000Z')
const TOPIC = parseTopicName('orders')
const REQUEST: PlanRequest = {
  to: 'Key_Shared',
  strategy: 'in-place',
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

/** Two partitions, as the changes say; a healthy Shared subscription without them. */
function snapshot(
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
    hasTopicPolicies: true,
    policies: {subscriptionTypesEnabled: null, dispatchRate: null},
    broker: {subscriptionTypesEnabled: null, throttlesCaughtUp: true},
    allowedTypes: ['Exclusive', 'Failover', 'Key_Shared', 'Shared'],
    ...others,
  }
}

test('a healthy Shared subscription: a plan without findings, with its fence and its digest', () => {
  const plan = planMigration(snapshot(), REQUEST, NOW)
  assert.deepEqual(plan.findings, [])
  assert.deepEqual(plan.fencedTypes, ['Exclusive', 'Failover', 'Key_Shared'])
  assert.deepEqual(
    plan.steps.map(({id}) => id),
    ['fence', 'pause', 'drain', 'evict', 'attach', 'resume'],
  )
  assert.equal(plan.expiresAt, '2026-11-23T14:00:01.000Z')
})

const BLOCKING: ReadonlyArray<readonly [code: string, isWaivable: boolean, world: MigrationSnapshot]> = [
  ['mixed-types', false, snapshot({}, {second: {type: 'Key_Shared'}})],
  ['not-shared', false, snapshot({type: 'Failover'})],
  ['not-shared', false, snapshot({type: 'None', consumers: []})],
  ['non-durable', false, snapshot({isDurable: false})],
  ['replicated', true, snapshot({}, {second: {isReplicated: true}})],
  ['topic-policies-off', false, snapshot({}, {hasTopicPolicies: false})],
  ['throttling-off', false, snapshot({}, {broker: {subscriptionTypesEnabled: null, throttlesCaughtUp: false}})],
  ['key-shared-not-allowed', false, snapshot({}, {allowedTypes: ['Exclusive', 'Shared']})],
  ['neighbours-fenced', true, snapshot({}, {topic: {subscriptions: {audit: {type: 'Shared'}}}})],
  ['delayed-messages', false, snapshot({}, {second: {msgDelayed: 3}})],
  ['mixed-batches', true, snapshot({consumers: [{consumerName: 'a', avgMessagesPerEntry: 7}]})],
]

for (const [code, isWaivable, world] of BLOCKING) {
  const type = String(world.collected.partitions[0]?.subscription.type)
  test(`${code} blocks (${type})${isWaivable ? ', until it is accepted by name' : ', and can not be accepted'}`, () => {
    assert.throws(
      () => planMigration(world, REQUEST, NOW),
      (error: Error) => {
        assert.equal('code' in error && error.code, 'E_PLAN_BLOCKED')
        const {findings} = (error as Error & {data: {findings: Array<{code: string; evidence: unknown[]}>}}).data
        assert.deepEqual(
          findings.map((finding) => finding.code),
          [code],
        )
        assert.ok((findings[0]?.evidence.length ?? 0) > 0, 'every finding has evidence')
        return true
      },
    )
    const accepting = (): unknown => planMigration(world, {...REQUEST, accept: [code]}, NOW)
    if (isWaivable) assert.doesNotThrow(accepting)
    else assert.throws(accepting, {code: 'E_PLAN_BLOCKED'})
  })
}

const WARNING: ReadonlyArray<readonly [code: string, world: MigrationSnapshot]> = [
  ['chunked-messages', snapshot({}, {topic: {msgChunkPublished: true}})],
  ['same-consumer-names', snapshot({consumers: [{consumerName: 'a'}, {consumerName: 'a'}]})],
  ['double-delivery', snapshot({}, {brokerVersion: '3.0.7'})],
  ['partitions-without-consumers', snapshot({}, {second: {consumers: []}})],
]

for (const [code, world] of WARNING) {
  test(`${code} is warned of`, () => {
    const {findings} = planMigration(world, REQUEST, NOW)
    assert.deepEqual(
      findings.map((finding) => [finding.code, finding.severity]),
      [[code, 'warn']],
    )
  })
}

test('Key_Shared already: nothing to do', () => {
  assert.throws(() => planMigration(snapshot({type: 'Key_Shared'}), REQUEST, NOW), {code: 'E_NOTHING_TO_DO'})
})

test('a plan file is read back however its JSON is laid out, and refused when a value changed', () => {
  const plan = planMigration(snapshot(), REQUEST, NOW)
  const shuffled = JSON.stringify(Object.fromEntries(Object.entries(plan).toReversed()))
  assert.deepEqual(parsePlan(shuffled, 'plan.json'), plan)
  const altered = JSON.stringify({...plan, subscription: 'other'})
  assert.throws(() => parsePlan(altered, 'plan.json'), {code: 'E_PLAN_ALTERED'})
  for (const text of ['', '[]', 'null', '{"format":"other"}']) {
    assert.throws(() => parsePlan(text, 'plan.json'), {code: 'E_PLAN_FILE'}, text)
  }
})

test('a plan is stale when anything it was bound to has changed, and names it', () => {
  const plan = planMigration(snapshot(), REQUEST, NOW)
  assert.doesNotThrow(() => {
    requireFresh(plan, snapshot({consumers: [{consumerName: 'b'}]}), NOW)
  })
  const rate = {
    dispatchThrottlingRateInMsg: 5,
    dispatchThrottlingRateInByte: -1,
    relativeToPublishRate: false,
    ratePeriodInSecond: 1,
  }
  const worlds: ReadonlyArray<readonly [string, MigrationSnapshot]> = [
    ['type', snapshot({type: 'Failover'})],
    ['cluster', snapshot({}, {cluster: 'other'})],
    ['dispatchRate', snapshot({}, {policies: {subscriptionTypesEnabled: null, dispatchRate: rate}})],
    ['subscriptionTypesEnabled', snapshot({}, {policies: {subscriptionTypesEnabled: ['Shared'], dispatchRate: null}})],
    ['delayed-messages', snapshot({msgDelayed: 1})],
  ]
  for (const [field, world] of worlds) {
    assert.throws(
      () => {
        requireFresh(plan, world, NOW)
      },
      (error: Error & {code?: string; data?: {changes: Array<{field: string}>}}) => {
        assert.equal(error.code, 'E_PLAN_STALE')
        assert.ok(
          error.data?.changes.some((change) => change.field === field),
          field,
        )
        return true
      },
    )
  }
  assert.throws(
    () => {
      requireFresh(plan, snapshot(), new Date(NOW.getTime() + 1001))
    },
    {code: 'E_PLAN_EXPIRED'},
  )
})
