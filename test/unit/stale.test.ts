import assert from 'node:assert/strict'
import {test} from 'node:test'

import {planMigration} from '../../src/domain/migration/plan.js'
import type {MigrationSnapshot} from '../../src/domain/migration/snapshot.js'
import {parsePlan, requireFresh} from '../../src/domain/migration/stale.js'
import {NO_POLICIES, NOW, REQUEST, snapshot} from '../support/snapshot.js'

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

test('a plan that bars a type is stale when another subscription has it by now', () => {
  const request = {...REQUEST, strategy: 'blue-green', newSubscription: 'new'} as const
  const plan = planMigration(snapshot(), request, NOW)
  const joined = snapshot({}, {topic: {subscriptions: {audit: {type: 'Key_Shared'}}}})
  assert.throws(
    () => {
      requireFresh(plan, joined, NOW)
    },
    {code: 'E_PLAN_STALE', message: /other Key_Shared subscriptions/},
  )
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
    ['dispatchRate', snapshot({}, {policies: {...NO_POLICIES, dispatchRate: rate}})],
    ['subscriptionTypesEnabled', snapshot({}, {policies: {...NO_POLICIES, subscriptionTypesEnabled: ['Shared']}})],
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
