import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {SubscriptionStats, TopicStats} from '../../../../src/clients/pulsar-admin/types.js'
import {pausedRate} from '../../../../src/domain/migration/pause-rate.js'
import {completeRequest, planMigration, type PlanRequest} from '../../../../src/domain/migration/plan/plan.js'
import {MIGRATABLE, type MigratableType, STRATEGIES, type Strategy} from '../../../../src/domain/migration/strategy.js'
import type {MigrationSnapshot} from '../../../../src/domain/migration/preflight/preflight-snapshot.js'
import {requireUnchangedCluster} from '../../../../src/domain/migration/plan/plan-freshness.js'
import {parsePlan} from '../../../../src/domain/migration/plan/parse-plan.js'
import {parseTopicName, partitionName} from '../../../../src/topic-name.js'

const NOW = new Date('2026-11-23T14:00:00.000Z')
const TOPIC = parseTopicName('orders')
const REQUEST: PlanRequest = {
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

const NO_POLICIES = {subscriptionTypesEnabled: null, dispatchRate: null, autoSubscriptionCreation: null}
const BROKER = {subscriptionTypesEnabled: null, throttlesCaughtUp: true, hasWebSocket: true, failoverDelayMs: 1000}
const SAMPLE = {entries: 10, messages: 10, withoutKey: 0, mixedBatches: 0, isComplete: true}
const NO_EXPIRY = {
  messageTtlSeconds: null,
  subscriptionExpirationMinutes: null,
  evictsAbove: {bytes: null, seconds: null},
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
    topicPolicies: 'on',
    policies: NO_POLICIES,
    broker: BROKER,
    expiry: NO_EXPIRY,
    sample: SAMPLE,
    allowedTypes: ['Exclusive', 'Failover', 'Key_Shared', 'Shared'],
    ...others,
  }
}

test('a healthy Shared subscription: a plan without findings, with its steps and its expiry', () => {
  const plan = planMigration(snapshot(), REQUEST, NOW)
  assert.deepEqual(plan.findings, [])
  assert.deepEqual(plan.expected, {gapMs: plan.expected.gapMs, failoverDelayMs: 0, redeliveredMessages: 0})
  assert.deepEqual(
    plan.steps.map(({id}) => id),
    ['restrict-types', 'pause', 'drain', 'disconnect', 'switch-type', 'verify-delivery'],
  )
  assert.equal(plan.expiresAt, '2026-11-23T14:00:01.000Z')
})

const BLOCKING: ReadonlyArray<readonly [code: string, isWaivable: boolean, world: MigrationSnapshot]> = [
  ['mixed-types', false, snapshot({}, {second: {type: 'Key_Shared'}})],
  ['exclusive', false, snapshot({type: 'Exclusive'})],
  ['non-durable', false, snapshot({isDurable: false})],
  ['replicated', true, snapshot({}, {second: {isReplicated: true}})],
  ['topic-policies-off', false, snapshot({}, {topicPolicies: 'off'})],
  ['missing-permission', false, snapshot({}, {topicPolicies: 'refused'})],
  ['throttling-off', false, snapshot({}, {broker: {...BROKER, throttlesCaughtUp: false}})],
  ['already-paused', false, snapshot({}, {policies: {...NO_POLICIES, dispatchRate: pausedRate(1)}})],
  ['type-not-allowed', false, snapshot({}, {allowedTypes: ['Exclusive', 'Shared']})],
  ['neighbours-restricted', true, snapshot({}, {topic: {subscriptions: {audit: {type: 'Shared'}}}})],
  ['neighbours-restricted', true, snapshot({}, {topic: {subscriptions: {audit: {type: 'Key_Shared'}}}})],
  ['blocked-consumers', true, snapshot({consumers: [{consumerName: 'a', blockedConsumerOnUnackedMsgs: true}]})],
  ['keyless-messages', true, snapshot({}, {sample: {...SAMPLE, withoutKey: 3}})],
  ['mixed-batches', true, snapshot({}, {sample: {...SAMPLE, mixedBatches: 1}})],
  ['expiry', true, snapshot({}, {expiry: {...NO_EXPIRY, messageTtlSeconds: 30}})],
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
  ['known-bugs', snapshot({}, {brokerVersion: '4.0.2'})],
  ['expiry', snapshot({}, {expiry: {...NO_EXPIRY, evictsAbove: {bytes: 1e10, seconds: null}}})],
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

test('keys that nobody looked at are told of, also where nothing else is', () => {
  for (const sample of [null, {...SAMPLE, isComplete: false}]) {
    const {findings} = planMigration(snapshot({}, {sample}), REQUEST, NOW)
    assert.deepEqual(
      findings.map(({code, severity}) => [code, severity]),
      [['keys-unseen', 'info']],
    )
  }
})

test('no type yet: there is nothing to move, only a fleet to start', () => {
  const world = snapshot({type: 'None', consumers: []})
  assert.throws(() => planMigration(world, REQUEST, NOW), {
    code: 'E_PLAN_BLOCKED',
    message: /just start the Key_Shared/,
  })
})

const FIRST_STEPS = {
  'in-place': ['restrict-types', 'pause', 'drain'],
  'blue-green': ['block-auto-create', 'restrict-types', 'create-new'],
  'stop-start': ['record-positions', 'await-stop', 'verify-delivery'],
}

test('every pair of types has a plan in every strategy, and its steps begin with what must not change later', () => {
  for (const from of MIGRATABLE) {
    for (const to of MIGRATABLE.filter((type) => type !== from)) {
      for (const strategy of STRATEGIES) {
        const newSubscription = strategy === 'blue-green' ? 'new' : null
        const plan = planMigration(snapshot({type: from}), {...REQUEST, to, strategy, newSubscription}, NOW)
        const ids = plan.steps.map(({id}) => id)
        assert.deepEqual([plan.from, plan.to, plan.strategy], [from, to, strategy])
        assert.deepEqual(ids.slice(0, 3), FIRST_STEPS[strategy])
        assert.equal(plan.expected.failoverDelayMs, to === 'Failover' ? 1000 : 0)
      }
    }
  }
})

test('what is left open is chosen: from Failover a new subscription, with a name after its type', () => {
  const wish = {...REQUEST, strategy: null}
  assert.deepEqual(completeRequest(snapshot({type: 'Failover'}), wish), {
    ...REQUEST,
    strategy: 'blue-green',
    newSubscription: 'decision-key-shared',
  })
  assert.equal(completeRequest(snapshot(), wish).strategy, 'in-place')
  assert.throws(() => completeRequest(snapshot(), {...wish, newSubscription: 'other'}), {code: 'E_USAGE'})
})

const UNHOLDABLE: ReadonlyArray<readonly [why: string, world: MigrationSnapshot]> = [
  ['topic policies are off', snapshot({}, {topicPolicies: 'off'})],
  ['this login may not change them', snapshot({}, {topicPolicies: 'refused'})],
  ['the broker does not throttle who is caught up', snapshot({}, {broker: {...BROKER, throttlesCaughtUp: false}})],
]

for (const [why, world] of UNHOLDABLE) {
  test(`delivery can't be held, as ${why}: the plan is to stop and start, and says what that costs`, () => {
    const request = completeRequest(world, {...REQUEST, strategy: null})
    assert.equal(request.strategy, 'stop-start')
    const plan = planMigration(world, request, NOW)
    assert.deepEqual(
      plan.findings.map(({code, severity}) => [code, severity]),
      [['delivery-not-paused', 'warn']],
    )
    assert.deepEqual([plan.expected.gapMs, plan.expected.redeliveredMessages], [null, null])
  })
}

test('blue-green without the WebSocket API goes by the door alone, and says what that costs', () => {
  const request = {...REQUEST, strategy: 'blue-green', newSubscription: 'new'} as const
  const {findings} = planMigration(snapshot({}, {broker: {...BROKER, hasWebSocket: false}}), request, NOW)
  assert.deepEqual(
    findings.map(({code}) => code),
    ['no-web-socket'],
  )
})

test('blue-green warns of neighbours that could not reconnect meanwhile, and wants a name that nobody has', () => {
  const request = {...REQUEST, strategy: 'blue-green', newSubscription: 'new'} as const
  const neighbour = {topic: {subscriptions: {audit: {type: 'Shared'}}}}
  assert.deepEqual(
    planMigration(snapshot({}, neighbour), request, NOW).findings.map(({code, severity}) => [code, severity]),
    [['neighbours-restricted', 'warn']],
  )
  const taken = {topic: {subscriptions: {new: {type: 'None'}}}}
  assert.throws(() => planMigration(snapshot({}, taken), request, NOW), {
    code: 'E_PLAN_BLOCKED',
    message: /new exists already/,
  })
})

test('on a broker before 4.0, a Key_Shared fleet gathers before it is served: it may deliver twice, and has known faults', () => {
  const {findings} = planMigration(snapshot({}, {brokerVersion: '3.0.7'}), REQUEST, NOW)
  assert.deepEqual(
    findings.map(({code}) => code),
    ['double-delivery', 'known-bugs'],
  )
  const steps = (strategy: Strategy, to: MigratableType): string[] => {
    const newSubscription = strategy === 'blue-green' ? 'new' : null
    const world = snapshot({type: to === 'Shared' ? 'Key_Shared' : 'Shared'}, {brokerVersion: '3.0.7'})
    return planMigration(world, {...REQUEST, to, strategy, newSubscription}, NOW).steps.map(({id}) => id)
  }
  assert.deepEqual(steps('in-place', 'Key_Shared').slice(3), [
    'disconnect',
    'switch-type',
    'await-consumers',
    'resume',
    'verify-delivery',
  ])
  const switched = ['restrict-types', 'create-new', 'pause', 'drain', 'switch-subscription']
  assert.deepEqual(steps('blue-green', 'Key_Shared'), [
    'block-auto-create',
    'pause-new',
    ...switched,
    'await-consumers',
    'resume',
    'verify-delivery',
  ])
  assert.deepEqual(steps('blue-green', 'Shared'), ['block-auto-create', ...switched, 'verify-delivery'])
  assert.deepEqual(
    planMigration(snapshot({type: 'Shared'}, {brokerVersion: '3.0.7'}), {...REQUEST, to: 'Failover'}, NOW).findings.map(
      ({code}) => code,
    ),
    ['failover-delay', 'no-delayed-delivery'],
  )
})

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
    requireUnchangedCluster(plan, snapshot({consumers: [{consumerName: 'b'}]}), NOW)
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
    ['dispatchRate', snapshot({}, {policies: {...NO_POLICIES, dispatchRate: rate}})],
    ['subscriptionTypesEnabled', snapshot({}, {policies: {...NO_POLICIES, subscriptionTypesEnabled: ['Shared']}})],
    ['delayed-messages', snapshot({msgDelayed: 1})],
  ]
  for (const [field, world] of worlds) {
    assert.throws(
      () => {
        requireUnchangedCluster(plan, world, NOW)
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
      requireUnchangedCluster(plan, snapshot(), new Date(NOW.getTime() + 1001))
    },
    {code: 'E_PLAN_EXPIRED'},
  )
})
