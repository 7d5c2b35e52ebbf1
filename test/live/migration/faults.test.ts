import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {MigrationResult} from '../../../src/domain/migration/run/migration-result.js'
import {parseDocument, startCli} from '../../support/shells/cli.js'
import {
  BLUE_GREEN,
  IN_PLACE,
  IN_PLACE_FROM_FAILOVER,
  planChange,
  startWhenRefused,
  stateOf,
  type TypeChange,
  untilMigration,
  journalFlags,
} from '../../support/faults/crash.js'
import {
  ask,
  live,
  openWorkload,
  settleExactlyOnce,
  settleWithoutLoss,
  until,
  untilSent,
} from '../../support/servers/live.js'
import {cuttingProxy} from '../../support/servers/proxy.js'

/** Each kind of request that changes the cluster, with the step that sends it. */
const CALLS: ReadonlyArray<readonly [step: string, change: TypeChange, method: string, path: RegExp]> = [
  ['restrict-types', IN_PLACE, 'POST', /subscriptionTypesEnabled/],
  ['pause', IN_PLACE, 'POST', /dispatchRate/],
  ['disconnect', IN_PLACE, 'POST', /resetcursor/],
  ['switch-type', IN_PLACE, 'DELETE', /dispatchRate/],
  ['restrict-types', IN_PLACE_FROM_FAILOVER, 'PUT', /subscription\/__keyshift-retention/],
  ['disconnect', IN_PLACE_FROM_FAILOVER, 'DELETE', /-partition-\d\/subscription\/decision/],
  ['disconnect', IN_PLACE_FROM_FAILOVER, 'PUT', /-partition-\d\/subscription\/decision/],
  ['block-auto-create', BLUE_GREEN, 'POST', /autoSubscriptionCreation/],
  ['restrict-types', BLUE_GREEN, 'POST', /subscriptionTypesEnabled/],
  ['create-new', BLUE_GREEN, 'PUT', /-partition-\d\/subscription\/decision-new/],
  ['switch-subscription', BLUE_GREEN, 'POST', /resetcursor/],
  ['switch-subscription', BLUE_GREEN, 'DELETE', /-partition-\d\/subscription\/decision/],
  ['switch-subscription', BLUE_GREEN, 'DELETE', /subscriptionTypesEnabled/],
]

for (const [step, change, method, path] of CALLS) {
  for (const when of ['request', 'answer'] as const) {
    const {from, strategy} = change
    test(
      `${strategy} from ${from}: the connection breaks before the ${when} of ${method} in ${step}, and the run continues`,
      live(async (t, place) => {
        const workload = await openWorkload(t, place, {from})
        await until('some load', () => workload.counts.sentCount > 100)
        const plan = await planChange(place, workload, change)
        const standby = startWhenRefused(place, workload, change)
        const proxy = await cuttingProxy(t, place.addresses.adminUrl)
        proxy.cutNext(path, when, method)
        const {webSocketUrl} = place.addresses
        const where = ['--admin-url', proxy.url, '--web-socket-url', webSocketUrl, ...journalFlags(place)]
        const run = await startCli(['migrate', 'apply', plan, '--yes', '--soak', '0s', '--json', ...where]).finished
        assert.equal(run.code, 0, run.stdout)
        assert.equal(proxy.cuts, 1, 'nothing was cut')
        assert.equal(parseDocument<MigrationResult>(run.stdout).result.state, 'done')
        const fleet = await standby
        await until('the fleet', () => fleet.connected === 4)
        await untilSent(workload, 100)
        await settleExactlyOnce(workload)
      }),
    )
  }
}

test(
  'a migration whose topic gets more partitions rolls back and reports the reason',
  live(async (t, place) => {
    const workload = await openWorkload(t, place)
    const before = await stateOf(place, workload)
    await startWhenRefused(place, workload, IN_PLACE)
    const plan = await planChange(place, workload, IN_PLACE)
    const apply = ['migrate', 'apply', plan, '--yes', '--soak', '0s', '--postpone', '--json', ...journalFlags(place)]
    const {finished} = startCli(apply)
    const {id} = await untilMigration(place, 'the preparation', ({readyToCutOver}) => readyToCutOver)
    const path = `/persistent/${place.namespace}/${workload.topic.local}/partitions`
    await ask(place.addresses, 'POST', path, 6)
    await startCli(['migrate', 'cutover', id, '--yes', ...journalFlags(place)]).finished
    const run = await finished
    assert.equal(run.code, 8, run.stdout)
    const {error} = parseDocument(run.stdout)
    assert.equal(error.code, 'E_ROLLED_BACK')
    assert.match(error.message, /had 4 partitions when the plan was made and has 6 now/)
    assert.deepEqual(await stateOf(place, workload), before)
    await settleWithoutLoss(workload)
  }),
)
