import assert from 'node:assert/strict'
import {test} from 'node:test'

import {parsePlan} from '../../../../src/domain/migration/plan/parse-plan.js'
import {requireUnchangedCluster} from '../../../../src/domain/migration/plan/plan-freshness.js'
import {planMigration} from '../../../../src/domain/migration/run/plan-migration.js'
import type {MigrationSnapshot} from '../../../../src/domain/migration/preflight/preflight-snapshot.js'
import {NO_POLICIES, NOW, REQUEST, snapshot} from '../../../support/reports/migration-snapshots.js'

test('a plan file is read whatever the order of its fields, and refused when a value was changed', () => {
  const plan = planMigration(snapshot(), REQUEST, NOW)
  const shuffled = JSON.stringify(Object.fromEntries(Object.entries(plan).toReversed()))
  assert.deepEqual(parsePlan(shuffled, 'plan.json'), plan)
  const altered = JSON.stringify({...plan, subscription: 'other'})
  assert.throws(() => parsePlan(altered, 'plan.json'), {code: 'E_PLAN_ALTERED'})
  for (const text of ['', '[]', 'null', '{"format":"other"}']) {
    assert.throws(() => parsePlan(text, 'plan.json'), {code: 'E_PLAN_FILE'}, text)
  }
})

test('a plan is stale when the cluster has changed, and the error names each change', () => {
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
  const clusters: ReadonlyArray<readonly [string, MigrationSnapshot]> = [
    ['type', snapshot({type: 'Failover'})],
    ['cluster', snapshot({}, {cluster: 'other'})],
    ['dispatchRate', snapshot({}, {policies: {...NO_POLICIES, dispatchRate: rate}})],
    ['subscriptionTypesEnabled', snapshot({}, {policies: {...NO_POLICIES, subscriptionTypesEnabled: ['Shared']}})],
    ['delayed-messages', snapshot({msgDelayed: 1})],
  ]
  for (const [field, cluster] of clusters) {
    assert.throws(
      () => {
        requireUnchangedCluster(plan, cluster, NOW)
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

test('the command after a stale plan plans the same migration again, with names quoted for a shell', () => {
  const request = {...REQUEST, strategy: 'blue-green', newSubscription: "it's new", accept: ['replicated']} as const
  const plan = planMigration(snapshot({isReplicated: true}), request, NOW)
  assert.throws(
    () => {
      requireUnchangedCluster(plan, snapshot({type: 'Failover', isReplicated: true}), NOW)
    },
    (error: Error & {next?: readonly string[]}) => {
      assert.deepEqual(error.next, [
        'keyshift migrate plan persistent://public/default/orders decision --to Key_Shared --strategy blue-green ' +
          String.raw`--new-subscription 'it'\''s new' --accept replicated -o plan.json`,
      ])
      return true
    },
  )
})
