import assert from 'node:assert/strict'
import {test, type TestContext} from 'node:test'

import type {MigrationPlan} from '../../src/domain/migration/plan.js'
import {askCli, type RunningCli, startCli} from '../support/cli.js'
import {
  fromElsewhere,
  NEW_SUBSCRIPTION,
  newestMigration,
  planJourney,
  requireWhole,
  subscriptionsOf,
  whereOf,
} from '../support/crash.js'
import {closeFirst, live, openScene, type Place, until} from '../support/live.js'
import {policiesOf, SUBSCRIPTION} from '../support/migration.js'

const JOURNEY = {strategy: 'blue-green', from: 'Shared', to: 'Key_Shared'} as const
const BARRED = {types: ['Exclusive', 'Failover', 'Shared'], rate: null}
const OPEN = {types: null, rate: null}

/** Starts a plan that waits for its cut-over. @returns once it waits. */
async function postpone(t: TestContext, place: Place, plan: string): Promise<RunningCli> {
  const run = startCli(['migrate', 'apply', plan, '--yes', '--soak', '0s', '--postpone', '--json', ...whereOf(place)])
  closeFirst(t, async () => {
    run.child.kill('SIGKILL') // a run that a failed test leaves would wait for ever
    await run.finished
  })
  await until('it to wait', async () => (await newestMigration(place))?.readyToCutOver === true)
  return run
}

test(
  'a fleet that waits for a blue-green cut-over is barred by its type; killed, it stays so, and cutover lifts it',
  live(async (t, place) => {
    const scene = await openScene(t, place)
    const plan = await planJourney(place, scene, JOURNEY)
    const {child, finished} = await postpone(t, place, plan)
    const standby = scene.startStandby(scene.topic, NEW_SUBSCRIPTION)
    assert.deepEqual(await policiesOf(place, scene), BARRED)
    child.kill('SIGKILL')
    await finished
    const sent = scene.tally.sentCount
    await until('some time with nobody who holds the door', () => scene.tally.sentCount > sent + 600)
    assert.deepEqual(await policiesOf(place, scene), BARRED)
    assert.deepEqual(Object.keys(await subscriptionsOf(place, scene)), [SUBSCRIPTION])
    assert.equal(standby.connected, 0)

    const id = (await newestMigration(place))?.id ?? ''
    const resumed = fromElsewhere(place, ['migrate', 'resume', id, '--yes'])
    await until('it to wait again', async () => {
      const status = await newestMigration(place)
      return status?.readyToCutOver === true && status.runBy?.includes(`pid ${String(child.pid)}`) === false
    })
    const answer = await fromElsewhere(place, ['migrate', 'cutover', id, '--yes'])
    assert.equal(answer.code, 0, answer.stdout)
    const run = await resumed
    assert.equal(run.code, 0, run.stdout)
    assert.deepEqual(await policiesOf(place, scene), OPEN)
    await until('the fleet', () => standby.connected === 4)
    await requireWhole(scene)
  }),
)

test(
  'aborted while it waits: the bar is lifted, and the door keeps the fleet out until finish',
  live(async (t, place) => {
    const scene = await openScene(t, place)
    const run = await postpone(t, place, await planJourney(place, scene, JOURNEY))
    const standby = scene.startStandby(scene.topic, NEW_SUBSCRIPTION)
    const id = (await newestMigration(place))?.id ?? ''
    await askCli(['migrate', 'abort', id, '--yes', ...whereOf(place)])
    assert.equal((await run.finished).code, 8)
    assert.deepEqual(await policiesOf(place, scene), OPEN)
    const sent = scene.tally.sentCount
    await until('some tries of the fleet', () => scene.tally.sentCount > sent + 600)
    assert.deepEqual(Object.keys(await subscriptionsOf(place, scene)), [SUBSCRIPTION])
    assert.equal(standby.connected, 0)
    await standby.close()
    await askCli(['migrate', 'finish', id, '--yes', ...whereOf(place)])
    await requireWhole(scene)
  }),
)

test(
  'a neighbour of the new type can come back while a blue-green run waits: nobody is barred, and the plan says so',
  live(async (t, place) => {
    const scene = await openScene(t, place)
    const connect = () =>
      place.transport.consume({
        topic: scene.topic,
        subscription: 'audit',
        type: 'Key_Shared',
        name: 'audit-0',
        receiverQueueSize: 5,
        onMessage: () => undefined,
      })
    const neighbour = await connect()
    const plan = await planJourney(place, scene, JOURNEY)
    const {findings, steps} = await askCli<MigrationPlan>(['migrate', 'plan', 'show', plan])
    assert.deepEqual(
      findings.filter(({code}) => code === 'late-clients').map(({evidence}) => evidence),
      [[{field: 'subscription', value: 'audit'}]],
    )
    assert.ok(!steps.some(({id}) => id === 'bar'))
    const run = await postpone(t, place, plan)
    assert.deepEqual(await policiesOf(place, scene), OPEN)
    await neighbour.close()
    const again = await connect()
    closeFirst(t, () => again.close())
    const standby = scene.startStandby(scene.topic, NEW_SUBSCRIPTION)
    const id = (await newestMigration(place))?.id ?? ''
    await askCli(['migrate', 'cutover', id, '--yes', ...whereOf(place)])
    const {code, stdout} = await run.finished
    assert.equal(code, 0, stdout)
    await until('the fleet', () => standby.connected === 4)
    await requireWhole(scene)
  }),
)
