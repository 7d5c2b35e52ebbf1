import assert from 'node:assert/strict'
import {mkdir, readdir, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {test} from 'node:test'

import {partitionName} from '../../../src/topic-name.js'
import {STRATEGIES} from '../../../src/domain/migration/strategy.js'
import type {MigrationResult} from '../../../src/domain/migration/run/migration-result.js'
import {askCli, parseDocument, requireFailure, runCli} from '../../support/shells/cli.js'
import {applyUntil, runOnOtherHost, untilMigration, journalFlags} from '../../support/faults/crash.js'
import {killAt} from '../../support/faults/kill.js'
import {
  connectIdle,
  createTopic,
  live,
  openWorkload,
  publishKeys,
  settleExactlyOnce,
  settleWithoutLoss,
  until,
  untilSent,
  userKeys,
} from '../../support/servers/live.js'
import {
  applyArgs,
  journalOf,
  planFile,
  policiesOf,
  statusOf,
  SUBSCRIPTION,
  typesOf,
} from '../../support/reports/migration-runs.js'
import {untilUnchanged} from '../../support/faults/topic-state.js'

test(
  'a plain topic is migrated, and finish restores the original policy',
  live(async (t, place) => {
    const workload = await openWorkload(t, place, {partitions: 0})
    const before = await policiesOf(place, workload)
    workload.startStandby()
    await until('some load', () => workload.counts.sentCount > 300)
    const plan = await planFile(place, workload, ['--expect-consumers', '4'])
    const result = await askCli<MigrationResult>(applyArgs(place, plan))
    assert.equal(result.partitions[0]?.partition, null)
    assert.match(result.partitions[0].markDelete ?? '', /^\d+:\d+$/)
    assert.equal((await statusOf(place))?.hasRestrictions, true)
    await askCli(['migrate', 'finish', result.id, '--yes', ...journalOf(place)])
    assert.deepEqual(await policiesOf(place, workload), before)
    assert.equal((await statusOf(place))?.state, 'finished')
    const again = await runCli(['migrate', 'finish', result.id, '--yes', '--json', ...journalOf(place)])
    assert.equal(again.code, 3)
    await settleExactlyOnce(workload)
  }),
)

test(
  'planning changes nothing: statistics, policies and cursors are the same before and after',
  live(async (_t, place) => {
    const topic = await createTopic(place, {partitions: 2})
    await connectIdle(place, topic, SUBSCRIPTION)
    await publishKeys(place, topic, userKeys(40))
    const base = topic.full.replace('persistent://', '/persistent/')
    const world = await untilUnchanged(place, [
      `${base}/partitioned-stats?perPartition=true`,
      `${base}/partitioned-internalStats`,
      `${base}/subscriptionTypesEnabled`,
      `${base}/autoSubscriptionCreation`,
      `${base}/${SUBSCRIPTION}/dispatchRate`,
      `/persistent/${place.namespace}`,
      `/persistent/${place.namespace}/partitioned`,
      `/namespaces/${place.namespace}`,
    ])
    const before = await world()
    const plan = ['migrate', 'plan', topic.full, SUBSCRIPTION, '--to', 'Key_Shared', '-o', `${place.folder}/plan.json`]
    for (const strategy of STRATEGIES) assert.equal((await runCli([...plan, '--strategy', strategy])).code, 0)
    assert.deepEqual(await world(), before)
  }),
)

test(
  'the login reaches neither hooks, nor the journal, nor what is printed',
  live(async (t, place) => {
    const workload = await openWorkload(t, place)
    workload.startStandby()
    await until('some load', () => workload.counts.sentCount > 100)
    const hooks = join(place.folder, 'hooks')
    await mkdir(hooks)
    await writeFile(join(hooks, 'paused'), '#!/bin/sh\nenv\n', {mode: 0o755})
    const apply = applyArgs(place, await planFile(place, workload), '--hooks', hooks)
    const run = await runCli(apply, {KEYSHIFT_TOKEN: 'eyJhbGciOiJIUzI1NiJ9.secret'})
    assert.equal(run.code, 0, run.stderr)
    const folder = join(place.folder, 'journal')
    const files = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')))
    assert.match(files.join(''), /KEYSHIFT_TOPIC=/, 'the journal keeps what hooks print')
    for (const text of [...files, run.stdout, run.stderr]) assert.doesNotMatch(text, /secret|eyJ/)
  }),
)

test(
  'the drain times out, names the consumers that do not ack, and restores delivery',
  live(async (t, place) => {
    const workload = await openWorkload(t, place, {
      work: {workMs: 5, slowEvery: 1, slowMs: 3_600_000},
      ratePerSecond: 50,
    })
    const before = await policiesOf(place, workload)
    await until('messages being held', async () => (await place.redis.keys(`${place.keyPrefix}*`)).length > 3)
    const plan = await planFile(place, workload)
    const run = await runCli(applyArgs(place, plan, '--drain-timeout', '1s', '--json'))
    assert.equal(run.code, 8)
    const {error} = parseDocument(run.stdout)
    assert.equal(error.code, 'E_ROLLED_BACK')
    assert.match(error.message, /acks from old-\d \([\d,]+ unacked\)/)
    assert.deepEqual(await policiesOf(place, workload), before)
    assert.equal((await statusOf(place))?.state, 'rolled-back')
  }),
)

test(
  'without new consumers the old ones receive their messages again, without loss or duplicates',
  live(async (t, place) => {
    const workload = await openWorkload(t, place)
    const before = await policiesOf(place, workload)
    await until('some load', () => workload.counts.sentCount > 300)
    const plan = await planFile(place, workload)
    const run = await runCli(applyArgs(place, plan, '--attach-timeout', '1s', '--json'))
    assert.equal(run.code, 8, run.stdout)
    assert.equal(parseDocument(run.stdout).error.code, 'E_ROLLED_BACK')
    assert.match(parseDocument(run.stdout).error.message, /Key_Shared consumer on partition/)
    assert.deepEqual(await policiesOf(place, workload), before)
    await untilSent(workload, 300)
    await settleWithoutLoss(workload)
    assert.deepEqual(await typesOf(place, workload), Array<string>(4).fill('Shared'))
  }),
)

test(
  'new consumers on some partitions finish what they have, and the old ones receive the rest, without loss or duplicates',
  live(async (t, place) => {
    const workload = await openWorkload(t, place)
    const before = await policiesOf(place, workload)
    await until('some load', () => workload.counts.sentCount > 300)
    const plan = await planFile(place, workload)
    workload.startStandby(partitionName(workload.topic, 0))
    const run = await runCli(applyArgs(place, plan, '--attach-timeout', '1s', '--json'))
    assert.equal(run.code, 8, run.stdout)
    const {error} = parseDocument(run.stdout)
    assert.equal(error.code, 'E_ROLLED_BACK')
    assert.match(error.message, /timed out after 1\.\d s while waiting for a Key_Shared consumer on partitions 1, 2, 3/)
    assert.deepEqual(await policiesOf(place, workload), before)
    await untilSent(workload, 300)
    await settleExactlyOnce(workload)
    assert.deepEqual(await typesOf(place, workload), Array<string>(4).fill('Shared'))
  }),
)

test(
  'nothing to do, a stale plan, an altered plan, an expired plan',
  live(async (t, place) => {
    const workload = await openWorkload(t, place, {ratePerSecond: 50})
    const plan = await planFile(place, workload)
    const apply = async (file: string): Promise<{code: number | null; error: string}> => {
      const run = await runCli(applyArgs(place, file, '--json'))
      return {code: run.code, error: parseDocument(run.stdout).error.code}
    }
    const text = await readFile(plan, 'utf8')
    await writeFile(`${place.folder}/altered.json`, text.replace('"partitions": 4', '"partitions": 3'))
    assert.deepEqual(await apply(`${place.folder}/altered.json`), {code: 5, error: 'E_PLAN_ALTERED'})
    await writeFile(`${place.folder}/none.json`, '{}')
    assert.deepEqual(await apply(`${place.folder}/none.json`), {code: 2, error: 'E_PLAN_FILE'})
    assert.deepEqual(await apply(`${place.folder}/absent.json`), {code: 2, error: 'E_PLAN_FILE'})

    await place.admin.setSubscriptionTypes(workload.topic, ['Exclusive', 'Key_Shared', 'Shared'])
    await until('the policy being visible', async () => (await place.admin.subscriptionTypes(workload.topic)) !== null)
    assert.deepEqual(await apply(plan), {code: 5, error: 'E_PLAN_STALE'})
    assert.equal(await statusOf(place), undefined, 'a refused plan leaves no journal')

    workload.startStandby()
    const fresh = await planFile(place, workload)
    assert.equal((await runCli(applyArgs(place, fresh))).code, 0)
    assert.deepEqual(await apply(fresh), {code: 5, error: 'E_PLAN_STALE'})
    const again = ['migrate', 'plan', workload.topic.full, SUBSCRIPTION, '--to', 'Key_Shared']
    await requireFailure({args: again, exit: 3, code: 'E_NOTHING_TO_DO', says: /is already Key_Shared/})
    await workload.settle()
  }),
)

test(
  'a Shared neighbor blocks the plan until it is accepted by name',
  live(async (t, place) => {
    const workload = await openWorkload(t, place, {ratePerSecond: 50})
    await connectIdle(place, workload.topic, 'audit')
    const blocked = await runCli(['migrate', 'plan', workload.topic.full, SUBSCRIPTION, '--to', 'Key_Shared', '--json'])
    assert.equal(blocked.code, 3)
    const {error} = parseDocument(blocked.stdout)
    assert.equal(error.code, 'E_PLAN_BLOCKED')
    assert.match(error.message, /audit/)
    assert.match(error.next.join('\n'), /--accept neighbors-restricted/)
    await planFile(place, workload, ['--accept', 'neighbors-restricted'])
    await workload.settle()
  }),
)

for (const step of ['restrict-types', 'pause', 'drain', 'disconnect', 'switch-type', 'verify-delivery']) {
  test(
    `killed at ${step}: another run is refused, resume takes it to the end`,
    live(async (t, place) => {
      const workload = await openWorkload(t, place)
      const standby = workload.startStandby()
      const plan = await planFile(place, workload)
      await killAt(step, applyArgs(place, plan), place)
      const status = await statusOf(place)
      assert.equal(status?.state, 'running')
      const second = await runCli(applyArgs(place, plan, '--json'))
      assert.equal(second.code, 5)
      const resumed = await askCli<MigrationResult>(['migrate', 'resume', status.id, '--yes', ...journalOf(place)])
      assert.equal(resumed.state, 'done')
      await until('the fleet', () => standby.connected === 4)
      await settleExactlyOnce(workload)
    }),
  )
}

test(
  'a run that is killed during its rollback continues the rollback on resume',
  live(async (t, place) => {
    const workload = await openWorkload(t, place, {work: {workMs: 5, slowEvery: 20, slowMs: 2500}})
    const before = await policiesOf(place, workload)
    await until('some load', () => workload.counts.sentCount > 300)
    const halted = applyUntil(t, place, await planFile(place, workload), {line: 'run undone', when: 'after'})
    const {id} = await untilMigration(place, 'the drain', ({step}) => step === 'drain')
    await askCli(['migrate', 'abort', id, '--yes', ...journalFlags(place)])
    const run = await halted
    run.kill()
    assert.equal((await run.ended).code, null)
    const resumed = await runOnOtherHost(place, ['migrate', 'resume', id, '--yes'])
    assert.equal(parseDocument(resumed.stdout).error.code, 'E_ROLLED_BACK', resumed.stdout)
    assert.equal(resumed.code, 8)
    assert.deepEqual(await policiesOf(place, workload), before)
    await settleWithoutLoss(workload)
  }),
)
