import assert from 'node:assert/strict'
import {chmod, mkdir, readdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {test, type TestContext} from 'node:test'

import type {Workload} from '../../../src/domain/lab/workload.js'
import {mayDeliverTwiceOnJoin} from '../../../src/domain/migration/double-delivery.js'
import type {MigrationPlan} from '../../../src/domain/migration/plan/plan.js'
import type {MigrationResult} from '../../../src/domain/migration/run/migration-result.js'
import {askCli, parseDocument, requireFailure, runCli, startCli} from '../../support/shells/cli.js'
import {
  runOnOtherHost,
  newestMigration,
  planChange,
  requireExactlyOnce,
  stateOf,
  subscriptionsOf,
  journalFlags,
} from '../../support/faults/crash.js'
import {
  brokerVersion,
  live,
  openWorkload,
  type Place,
  settleWithoutLoss,
  until,
  untilSent,
} from '../../support/servers/live.js'
import {brokerBehind} from '../../support/servers/proxy.js'

const CHANGE = {strategy: 'stop-start', from: 'Shared', to: 'Key_Shared'} as const
const ALL_NEW = {decision: ['Key_Shared', 'Key_Shared', 'Key_Shared', 'Key_Shared']}
const ALL_OLD = {decision: ['Shared', 'Shared', 'Shared', 'Shared']}

interface Prepared {
  readonly workload: Workload
  readonly before: unknown
  /** `apply` with hooks that only say that they were called */
  readonly apply: string[]
  readonly hooks: string
  readonly called: (hook: string, direction?: 'rollback' | 'forward') => Promise<void>
}

async function prepare(t: TestContext, place: Place): Promise<Prepared> {
  const workload = await openWorkload(t, place)
  const before = await stateOf(place, workload)
  await until('some load', () => workload.counts.sentCount > 200)
  const plan = await planChange(place, workload, CHANGE)
  const hooks = join(place.folder, 'hooks')
  const calls = join(place.folder, 'calls')
  await Promise.all([mkdir(hooks), mkdir(calls)])
  for (const name of ['stop-old', 'start-new']) {
    await writeFile(join(hooks, name), `#!/bin/sh\ntouch ${calls}/${name}-$KEYSHIFT_DIRECTION\n`)
    await chmod(join(hooks, name), 0o755)
  }
  return {
    workload,
    before,
    hooks,
    apply: ['migrate', 'apply', plan, '--yes', '--soak', '0s', '--hooks', hooks, '--json', ...journalFlags(place)],
    called: (hook, direction = 'forward') =>
      until(`the hook ${hook}`, async () => (await readdir(calls)).includes(`${hook}-${direction}`)),
  }
}

test(
  'one fleet is stopped, the other started, and a rollback does it the other way round; no policy is touched',
  live(async (t, place) => {
    const {apply, before, called, hooks, workload} = await prepare(t, place)
    const run = startCli(apply)
    await called('stop-old')
    await workload.stopOld()
    await called('start-new')
    const fleet = workload.startStandby()
    const {code, stdout} = await run.finished
    assert.equal(code, 0, stdout)
    const {result} = parseDocument<MigrationResult>(stdout)
    assert.equal(result.state, 'done')
    assert.ok((result.gap.consumersMs ?? 0) > 0)
    assert.ok(result.partitions.every(({markDelete}) => markDelete !== null))
    assert.deepEqual(await subscriptionsOf(place, workload), ALL_NEW)
    assert.deepEqual(await stateOf(place, workload), before)

    const back = startCli([
      'migrate',
      'rollback',
      result.id,
      '--yes',
      '--hooks',
      hooks,
      '--json',
      ...journalFlags(place),
    ])
    await called('stop-old', 'rollback')
    await fleet.retire()
    await called('start-new', 'rollback')
    workload.startOld()
    const gone = await back.finished
    assert.equal(gone.code, 0, gone.stdout)
    assert.equal(parseDocument<MigrationResult>(gone.stdout).result.state, 'rolled-back')
    assert.deepEqual(await subscriptionsOf(place, workload), ALL_OLD)
    assert.deepEqual(await stateOf(place, workload), before)
    const figures = await workload.settle()
    t.diagnostic(JSON.stringify(figures))
    assert.deepEqual([figures.lost, figures.duplicates, figures.overlapsAcross], [0, 0, 0])
  }),
)

test(
  'old consumers that are not stopped are named, and the run rolls back with exit 8',
  live(async (t, place) => {
    const {apply, before, workload} = await prepare(t, place)
    const run = await runCli([...apply, '--drain-timeout', '2s'])
    assert.equal(run.code, 8, run.stdout)
    const {error} = parseDocument(run.stdout)
    assert.equal(error.code, 'E_ROLLED_BACK')
    assert.match(
      error.message,
      /you to stop the consumers of type Shared: old-0, old-1, old-2, old-3 on partitions 0, 1/,
    )
    assert.deepEqual(await subscriptionsOf(place, workload), ALL_OLD)
    assert.deepEqual(await stateOf(place, workload), before)
    await untilSent(workload, 200)
    await settleWithoutLoss(workload)
  }),
)

test(
  'a run that is killed in await-stop is resumed from another machine',
  live(async (t, place) => {
    const {apply, before, called, workload} = await prepare(t, place)
    const run = startCli(apply)
    await called('stop-old')
    run.child.kill('SIGKILL')
    await run.finished
    await workload.stopOld()
    workload.startStandby()
    const id = (await newestMigration(place))?.id ?? ''
    const resumed = await runOnOtherHost(place, ['migrate', 'resume', id, '--yes'])
    assert.equal(resumed.code, 0, resumed.stdout)
    assert.equal(parseDocument<MigrationResult>(resumed.stdout).result.state, 'done')
    assert.deepEqual(await subscriptionsOf(place, workload), ALL_NEW)
    assert.deepEqual(await stateOf(place, workload), before)
    await requireExactlyOnce(workload)
  }),
)

test(
  'without usable topic policies the plan is stop-start, and other strategies are blocked',
  live(async (t, place) => {
    const workload = await openWorkload(t, place)
    for (const [status, says] of [
      [405, 'disabled on the broker'],
      [403, 'administrator of the tenant'],
    ] as const) {
      const adminUrl = await brokerBehind(t, place.addresses.adminUrl, {
        refuse: (path) =>
          /subscriptionTypesEnabled|dispatchRate|autoSubscriptionCreation/.test(path)
            ? {status, body: '{"reason":"no"}'}
            : null,
      })
      const args = ['migrate', 'plan', workload.topic.full, 'decision', '--to', 'Key_Shared', '--admin-url', adminUrl]
      const plan = await askCli<MigrationPlan>(args)
      assert.equal(plan.strategy, 'stop-start')
      assert.deepEqual(
        plan.findings.filter(({severity}) => severity === 'warn').map((finding) => finding.code),
        mayDeliverTwiceOnJoin(brokerVersion, 'Key_Shared')
          ? ['delivery-not-paused', 'double-delivery', 'known-bugs']
          : ['delivery-not-paused'],
      )
      const blocked = [...args, '--strategy', 'in-place']
      await requireFailure({args: blocked, exit: 3, code: 'E_PLAN_BLOCKED', says: new RegExp(says)})
      const {error} = parseDocument((await runCli([...blocked, '--json'])).stdout)
      assert.match(error.next.join('\n'), /--strategy stop-start/)
    }
  }),
)

test(
  'without permission to create topics apply changes nothing and suggests a journal in files',
  live(async (t, place) => {
    const {apply, before, workload} = await prepare(t, place)
    const adminUrl = await brokerBehind(t, place.addresses.adminUrl, {
      refuse: (path) => (path.includes('__keyshift-journal') ? {status: 403, body: '{"reason":"Unauthorized"}'} : null),
    })
    const args = [...apply.filter((part) => part !== '--json'), '--admin-url', adminUrl]
    await requireFailure({args, exit: 4, code: 'E_NOT_ALLOWED', says: /may not create a topic in public\/t-/})
    const {error} = parseDocument((await runCli([...args, '--json'])).stdout)
    assert.match(error.next.join(), /--journal file:DIRECTORY/)
    assert.deepEqual(await stateOf(place, workload), before)
  }),
)
