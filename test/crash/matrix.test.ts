import assert from 'node:assert/strict'
import {test} from 'node:test'

import {mayDeliverTwiceOnJoin} from '../../src/domain/migration/double-delivery.js'
import {stepOf} from '../../src/domain/migration/run/all-steps.js'
import type {MigrationResult} from '../../src/domain/migration/run/migration-result.js'
import {stepsOf} from '../../src/domain/migration/strategy.js'
import {parseDocument} from '../support/shells/cli.js'
import {
  applyAndKill,
  runOnOtherHost,
  type TypeChange,
  CHANGES,
  type Moment,
  NEW_SUBSCRIPTION,
  newestMigration,
  planChange,
  startWhenRefused,
  stateOf,
  subscriptionsOf,
} from '../support/faults/crash.js'
import {brokerVersion, live, openWorkload, until, untilSent} from '../support/servers/live.js'
import {SUBSCRIPTION} from '../support/reports/migration-runs.js'
import {chooseSeeded} from '../support/fleets/seed.js'

const PARTITIONS = 4
/** The numbers of all lines: the first line, those of each step (four of a change, two of a wait), and the last line. */
function linesOf({strategy, to}: TypeChange): number[] {
  const steps = stepsOf(strategy, 'forward', mayDeliverTwiceOnJoin(brokerVersion, to)).map(stepOf)
  const ofSteps = steps.reduce((sum, {kind}) => sum + (kind === 'change' ? 4 : 2), 0)
  return Array.from({length: 1 + ofSteps + 1}, (_, line) => line)
}

interface Cell {
  readonly change: TypeChange
  readonly kill: Moment
  readonly verb: 'resume' | 'rollback'
}

const CELLS = CHANGES.flatMap((change) =>
  linesOf(change).flatMap((line) =>
    (['before', 'after'] as const).flatMap((when) =>
      (['resume', 'rollback'] as const).map((verb): Cell => ({change, kill: {line, when}, verb})),
    ),
  ),
)

const chosen = process.env['KEYSHIFT_TEST_CRASHES'] === 'all' ? CELLS : chooseSeeded(CELLS, 8)

for (const cell of chosen) {
  const {kill, change, verb} = cell
  const {from, strategy, to} = change
  test(
    `${strategy} ${from} → ${to}, killed ${kill.when} line ${String(kill.line)}, then ${verb} on another machine`,
    live(async (t, place) => {
      const workload = await openWorkload(t, place, {partitions: PARTITIONS, from, to})
      const before = await stateOf(place, workload)
      await until('some load', () => workload.counts.sentCount > 200)
      const plan = await planChange(place, workload, change)
      const standby = startWhenRefused(place, workload, change).catch(() => null)
      await applyAndKill(t, place, plan, kill)

      const id = (await newestMigration(place))?.id ?? ''
      const run = await runOnOtherHost(place, ['migrate', verb, id, '--yes'])
      if (kill.line === 0 && kill.when === 'before') {
        assert.equal(run.code, 5, 'the migration had not started')
        assert.equal(parseDocument(run.stdout).error.code, 'E_NOT_STARTED')
      } else {
        assert.equal(run.code, 0, run.stdout)
        const {result} = parseDocument<MigrationResult>(run.stdout)
        assert.equal(result.state, verb === 'resume' ? 'done' : 'rolled-back')
      }
      const isMoved = verb === 'resume' && run.code === 0
      if (isMoved) await until('the fleet', async () => ((await standby)?.connected ?? 0) > 0)
      await untilSent(workload, 200)
      const figures = await workload.settle()
      t.diagnostic(JSON.stringify(figures))
      assert.deepEqual([figures.lost, figures.duplicates, figures.overlapsAfter], [0, 0, 0])

      const name = isMoved && strategy === 'blue-green' ? NEW_SUBSCRIPTION : SUBSCRIPTION
      const types = Array<string>(PARTITIONS).fill(isMoved ? to : from)
      assert.deepEqual(await subscriptionsOf(place, workload), {[name]: types})
      if (run.code === 0 && (await newestMigration(place))?.hasRestrictions) {
        // Stops the consumers that are no longer used, as an operator would.
        if (!isMoved) await (await standby)?.close()
        const finished = await runOnOtherHost(place, ['migrate', 'finish', id, '--yes'])
        assert.equal(finished.code, 0, finished.stdout)
      }
      assert.deepEqual(await stateOf(place, workload), before)
    }),
  )
}
