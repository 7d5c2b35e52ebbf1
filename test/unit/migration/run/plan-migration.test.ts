import assert from 'node:assert/strict'
import {test} from 'node:test'

import {pausedRate} from '../../../../src/domain/migration/pause-rate.js'
import {completeRequest} from '../../../../src/domain/migration/plan/plan.js'
import {planMigration} from '../../../../src/domain/migration/run/plan-migration.js'
import type {MigrationSnapshot} from '../../../../src/domain/migration/preflight/preflight-snapshot.js'
import {MIGRATABLE, type MigratableType, STRATEGIES, type Strategy} from '../../../../src/domain/migration/strategy.js'
import {
  BROKER,
  KEY_CHECK,
  NO_EXPIRY,
  NO_POLICIES,
  NOW,
  REQUEST,
  snapshot,
} from '../../../support/reports/migration-snapshots.js'

test('the plan of a healthy Shared subscription has steps, an expiry and no findings', () => {
  const plan = planMigration(snapshot(), REQUEST, NOW)
  assert.deepEqual(plan.findings, [])
  assert.deepEqual(plan.expected, {gapMs: plan.expected.gapMs, failoverDelayMs: 0, redeliveredMessages: 0})
  assert.deepEqual(
    plan.steps.map(({id}) => id),
    ['restrict-types', 'pause', 'drain', 'disconnect', 'switch-type', 'verify-delivery'],
  )
  assert.equal(plan.expiresAt, '2026-11-23T14:00:01.000Z')
})

/** The healthy subscription under another name. */
function ofSubscription(subscription: string): MigrationSnapshot {
  const cluster = snapshot()
  const partitions = cluster.collected.partitions.map((row) => ({
    ...row,
    stats: {subscriptions: {[subscription]: row.subscription}},
  }))
  return {...cluster, collected: {...cluster.collected, subscription, partitions}}
}

const BLOCKING: ReadonlyArray<readonly [code: string, isWaivable: boolean, cluster: MigrationSnapshot]> = [
  ['system-cursor', false, ofSubscription('__compaction')],
  ['system-cursor', false, ofSubscription('pulsar.dedup')],
  ['mixed-types', false, snapshot({}, {second: {type: 'Key_Shared'}})],
  ['exclusive', false, snapshot({type: 'Exclusive'})],
  ['non-durable', false, snapshot({isDurable: false})],
  ['replicated', true, snapshot({}, {second: {isReplicated: true}})],
  ['topic-policies-off', false, snapshot({}, {topicPolicies: 'off'})],
  ['missing-permission', false, snapshot({}, {topicPolicies: 'refused'})],
  ['throttling-off', false, snapshot({}, {broker: {...BROKER, throttlesCaughtUp: false}})],
  ['already-paused', false, snapshot({}, {policies: {...NO_POLICIES, dispatchRate: pausedRate(1)}})],
  ['type-not-allowed', false, snapshot({}, {allowedTypes: ['Exclusive', 'Shared']})],
  ['neighbors-restricted', true, snapshot({}, {topic: {subscriptions: {audit: {type: 'Shared'}}}})],
  ['neighbors-restricted', true, snapshot({}, {topic: {subscriptions: {audit: {type: 'Key_Shared'}}}})],
  ['blocked-consumers', true, snapshot({consumers: [{consumerName: 'a', blockedConsumerOnUnackedMsgs: true}]})],
  ['keyless-messages', true, snapshot({}, {keyCheck: {...KEY_CHECK, withoutKey: 3}})],
  ['mixed-key-batches', true, snapshot({}, {keyCheck: {...KEY_CHECK, mixedBatches: 1}})],
  ['expiry', true, snapshot({}, {expiry: {...NO_EXPIRY, messageTtlSeconds: 30}})],
  ['delayed-messages', false, snapshot({}, {second: {msgDelayed: 3}})],
  ['mixed-key-batches', true, snapshot({consumers: [{consumerName: 'a', avgMessagesPerEntry: 7}]})],
]

for (const [code, isWaivable, cluster] of BLOCKING) {
  const type = String(cluster.collected.partitions[0]?.subscription.type)
  test(`${code} blocks a plan (${type})${isWaivable ? ' until it is accepted by its code' : ' and cannot be accepted'}`, () => {
    assert.throws(
      () => planMigration(cluster, REQUEST, NOW),
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
    const accepting = (): unknown => planMigration(cluster, {...REQUEST, accept: [code]}, NOW)
    if (isWaivable) assert.doesNotThrow(accepting)
    else assert.throws(accepting, {code: 'E_PLAN_BLOCKED'})
  })
}

const WARNING: ReadonlyArray<readonly [code: string, cluster: MigrationSnapshot]> = [
  ['chunked-messages', snapshot({}, {topic: {msgChunkPublished: true}})],
  [
    'idle-consumers',
    snapshot({
      consumers: [
        {consumerName: 'a', lastAckedTimestamp: 60_000, lastConsumedTimestamp: 60_000},
        {consumerName: 'b', unackedMessages: 5, lastAckedTimestamp: 29_000, connectedSince: '1970-01-01T00:00:01Z'},
      ],
    }),
  ],
  ['same-consumer-names', snapshot({consumers: [{consumerName: 'a'}, {consumerName: 'a'}]})],
  ['known-bugs', snapshot({}, {brokerVersion: '4.0.2'})],
  ['expiry', snapshot({}, {expiry: {...NO_EXPIRY, evictsAbove: {bytes: 1e10, seconds: null}}})],
  ['partitions-without-consumers', snapshot({}, {second: {consumers: []}})],
]

for (const [code, cluster] of WARNING) {
  test(`${code} is a warning`, () => {
    const {findings} = planMigration(cluster, REQUEST, NOW)
    assert.deepEqual(
      findings.map((finding) => [finding.code, finding.severity]),
      [[code, 'warn']],
    )
  })
}

test('an incomplete or missing key check is reported even without other findings', () => {
  for (const keyCheck of [null, {...KEY_CHECK, isComplete: false}]) {
    const {findings} = planMigration(snapshot({}, {keyCheck}), REQUEST, NOW)
    assert.deepEqual(
      findings.map(({code, severity}) => [code, severity]),
      [['keys-unseen', 'info']],
    )
  }
})

test('a subscription without a type is blocked, and the message says to start the new consumers', () => {
  const cluster = snapshot({type: 'None', consumers: []})
  assert.throws(() => planMigration(cluster, REQUEST, NOW), {
    code: 'E_PLAN_BLOCKED',
    message: /start the Key_Shared consumers/,
  })
})

const FIRST_STEPS = {
  'in-place': ['restrict-types', 'pause', 'drain'],
  'blue-green': ['block-auto-create', 'restrict-types', 'create-new'],
  'stop-start': ['record-positions', 'await-stop', 'verify-delivery'],
}

test('every pair of types has a plan in every strategy, and its policy changes come before the pause', () => {
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

test('without --strategy, Failover becomes blue-green with a subscription named after the new type, others in-place', () => {
  const options = {...REQUEST, strategy: null}
  assert.deepEqual(completeRequest(snapshot({type: 'Failover'}), options), {
    ...REQUEST,
    strategy: 'blue-green',
    newSubscription: 'decision-key-shared',
  })
  assert.equal(completeRequest(snapshot(), options).strategy, 'in-place')
  assert.throws(() => completeRequest(snapshot(), {...options, newSubscription: 'other'}), {code: 'E_USAGE'})
})

const NOT_PAUSABLE: ReadonlyArray<readonly [why: string, cluster: MigrationSnapshot]> = [
  ['topic policies are disabled', snapshot({}, {topicPolicies: 'off'})],
  ['the permission for topic policies is missing', snapshot({}, {topicPolicies: 'refused'})],
  [
    'the broker does not throttle consumers that are caught up',
    snapshot({}, {broker: {...BROKER, throttlesCaughtUp: false}}),
  ],
]

for (const [why, cluster] of NOT_PAUSABLE) {
  test(`the plan is stop-start with a warning of its impact when ${why}`, () => {
    const request = completeRequest(cluster, {...REQUEST, strategy: null})
    assert.equal(request.strategy, 'stop-start')
    const plan = planMigration(cluster, request, NOW)
    assert.deepEqual(
      plan.findings.map(({code, severity}) => [code, severity]),
      [['delivery-not-paused', 'warn']],
    )
    assert.deepEqual([plan.expected.gapMs, plan.expected.redeliveredMessages], [null, null])
  })
}

test('blue-green without the WebSocket API is planned with a warning', () => {
  const request = {...REQUEST, strategy: 'blue-green', newSubscription: 'new'} as const
  const {findings} = planMigration(snapshot({}, {broker: {...BROKER, hasWebSocket: false}}), request, NOW)
  assert.deepEqual(
    findings.map(({code}) => code),
    ['no-web-socket'],
  )
})

test('blue-green warns of other subscriptions that cannot reconnect, and rejects a new name that already exists', () => {
  const request = {...REQUEST, strategy: 'blue-green', newSubscription: 'new'} as const
  const neighbor = {topic: {subscriptions: {audit: {type: 'Shared'}}}}
  assert.deepEqual(
    planMigration(snapshot({}, neighbor), request, NOW).findings.map(({code, severity}) => [code, severity]),
    [['neighbors-restricted', 'warn']],
  )
  const taken = {topic: {subscriptions: {new: {type: 'None'}}}}
  assert.throws(() => planMigration(snapshot({}, taken), request, NOW), {
    code: 'E_PLAN_BLOCKED',
    message: /new subscription new already exists/,
  })
})

test('on a broker before 4.0, all Key_Shared consumers connect before delivery resumes, and the plan warns of its bugs', () => {
  const {findings} = planMigration(snapshot({}, {brokerVersion: '3.0.7'}), REQUEST, NOW)
  assert.deepEqual(
    findings.map(({code}) => code),
    ['double-delivery', 'known-bugs'],
  )
  const steps = (strategy: Strategy, to: MigratableType): string[] => {
    const newSubscription = strategy === 'blue-green' ? 'new' : null
    const cluster = snapshot({type: to === 'Shared' ? 'Key_Shared' : 'Shared'}, {brokerVersion: '3.0.7'})
    return planMigration(cluster, {...REQUEST, to, strategy, newSubscription}, NOW).steps.map(({id}) => id)
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

test('a plan to the current type is refused with E_NOTHING_TO_DO', () => {
  assert.throws(() => planMigration(snapshot({type: 'Key_Shared'}), REQUEST, NOW), {code: 'E_NOTHING_TO_DO'})
})
