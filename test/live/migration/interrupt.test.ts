import assert from 'node:assert/strict'
import {test} from 'node:test'

import {mayDeliverTwiceOnJoin} from '../../../src/domain/migration/double-delivery.js'
import type {MigrationResult} from '../../../src/domain/migration/run/migration-result.js'
import {parseDocument, startCli} from '../../support/shells/cli.js'
import {startInTerminal} from '../../support/shells/terminal.js'
import {untilJournal} from '../../support/faults/kill.js'
import {
  brokerVersion,
  live,
  openWorkload,
  settleExactlyOnce,
  settleWithoutLoss,
  until,
  untilSent,
} from '../../support/servers/live.js'
import {applyArgs, journalOf, planFile, policiesOf, statusOf, typesOf} from '../../support/reports/migration-runs.js'

/** The step in which a switched migration waits for its new fleet. */
const AFTER_SWITCH = mayDeliverTwiceOnJoin(brokerVersion, 'Key_Shared') ? 'await-consumers' : 'verify-delivery'

for (const json of [[], ['--json']]) {
  test(
    `Ctrl-C before the switch ${json.join('')}: exit 130, and delivery runs as before`,
    live(async (t, place) => {
      // A slow message holds the drain open long enough to interrupt it.
      const workload = await openWorkload(t, place, {work: {workMs: 5, slowEvery: 20, slowMs: 2500}})
      const before = await policiesOf(place, workload)
      await until('some load', () => workload.counts.sentCount > 300)
      const {child, finished} = startCli(applyArgs(place, await planFile(place, workload), ...json))
      await untilJournal(place, 'drain')
      child.kill('SIGINT')
      const run = await finished
      assert.equal(run.code, 130, run.stdout + run.stderr)
      if (json.length > 0) assert.equal(parseDocument(run.stdout).error.code, 'E_INTERRUPTED')
      else assert.match(run.stderr, /E_INTERRUPTED/)
      assert.deepEqual(await policiesOf(place, workload), before)
      assert.equal((await statusOf(place))?.state, 'rolled-back')
      await untilSent(workload, 300)
      await settleWithoutLoss(workload)
      assert.deepEqual(await typesOf(place, workload), Array<string>(4).fill('Shared'))
    }),
  )
}

test(
  'a terminal that is closed before the switch, as by a lost SSH connection: exit 130, and delivery runs as before',
  live(async (t, place) => {
    const workload = await openWorkload(t, place, {work: {workMs: 5, slowEvery: 20, slowMs: 2500}})
    const before = await policiesOf(place, workload)
    await until('some load', () => workload.counts.sentCount > 300)
    const plan = await planFile(place, workload)
    const {closeTerminal, exitCode} = startInTerminal(t, applyArgs(place, plan))
    await untilJournal(place, 'drain')
    closeTerminal()
    assert.equal(await exitCode, 130)
    assert.deepEqual(await policiesOf(place, workload), before)
    assert.equal((await statusOf(place))?.state, 'rolled-back')
    await untilSent(workload, 300)
    await settleWithoutLoss(workload)
    assert.deepEqual(await typesOf(place, workload), Array<string>(4).fill('Shared'))
  }),
)

test(
  'Ctrl-C after the switch: the run finishes and proves it',
  live(async (t, place) => {
    const workload = await openWorkload(t, place)
    await until('some load', () => workload.counts.sentCount > 300)
    // The new fleet comes only after the interrupt, so that it falls between switch and resume.
    const {child, finished} = startCli(applyArgs(place, await planFile(place, workload), '--json'))
    await untilJournal(place, AFTER_SWITCH)
    child.kill('SIGINT')
    workload.startStandby()
    const run = await finished
    assert.equal(run.code, 0, run.stdout + run.stderr)
    assert.equal(parseDocument<MigrationResult>(run.stdout).result.state, 'done')
    await settleExactlyOnce(workload)
    assert.deepEqual(await typesOf(place, workload), Array<string>(4).fill('Key_Shared'))
  }),
)

test(
  'Ctrl-C twice after the switch: it stops, prints how to continue, and resume continues',
  live(async (t, place) => {
    const workload = await openWorkload(t, place)
    await until('some load', () => workload.counts.sentCount > 300)
    const apply = startCli(applyArgs(place, await planFile(place, workload), '--json'))
    await untilJournal(place, AFTER_SWITCH)
    apply.child.kill('SIGINT')
    await until('the first signal being taken', async () => {
      apply.child.kill('SIGINT')
      return (await Promise.race([apply.finished, new Promise((resolve) => setTimeout(resolve, 50, null))])) !== null
    })
    const stopped = await apply.finished
    assert.equal(stopped.code, 130)
    const {error} = parseDocument(stopped.stdout)
    const id = String(error.data['id'])
    assert.equal(error.next[0], `keyshift migrate resume ${id} --yes ${journalOf(place).join(' ')}`)
    workload.startStandby()
    const resumed = await startCli(['migrate', 'resume', id, '--yes', '--json', ...journalOf(place)]).finished
    assert.equal(resumed.code, 0, resumed.stdout)
    await settleExactlyOnce(workload)
  }),
)
