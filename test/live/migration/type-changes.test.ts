import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {MigrationResult} from '../../../src/domain/migration/run/migration-result.js'
import {MIGRATABLE} from '../../../src/domain/migration/strategy.js'
import {askCli} from '../../support/shells/cli.js'
import {
  type TypeChange,
  NEW_SUBSCRIPTION,
  newestMigration,
  planChange,
  startWhenRefused,
  stateOf,
  subscriptionsOf,
  journalFlags,
} from '../../support/faults/crash.js'
import {live, openWorkload, until, untilSent} from '../../support/servers/live.js'
import {SUBSCRIPTION} from '../../support/reports/migration-runs.js'

const PARTITIONS = 4
/** The strategies in which the run exchanges the consumers; stop-start has its own suite. */
const CHANGES = (['blue-green', 'in-place'] as const).flatMap((strategy) =>
  MIGRATABLE.flatMap((from) => MIGRATABLE.filter((to) => to !== from).map((to): TypeChange => ({strategy, from, to}))),
)

for (const change of CHANGES) {
  const {from, strategy, to} = change
  test(
    `${strategy} ${from} → ${to} and back again: nothing lost, nothing twice, no key at two consumers`,
    live(async (t, place) => {
      const workload = await openWorkload(t, place, {partitions: PARTITIONS, from, to})
      const before = await stateOf(place, workload)
      await until('some load', () => workload.counts.sentCount > 200)
      const plan = await planChange(place, workload, change)
      const standby = startWhenRefused(place, workload, change)
      const applied = await askCli<MigrationResult>([
        ...['migrate', 'apply', plan, '--yes', '--soak', '0s'],
        ...journalFlags(place),
      ])
      assert.equal(applied.state, 'done')
      const moved = strategy === 'blue-green' ? NEW_SUBSCRIPTION : SUBSCRIPTION
      assert.deepEqual(await subscriptionsOf(place, workload), {[moved]: Array<string>(PARTITIONS).fill(to)})
      await untilSent(workload, 200)

      const rollback = ['migrate', 'rollback', applied.id, '--yes', ...journalFlags(place)]
      const rolledBack = await askCli<MigrationResult>(rollback)
      assert.equal(rolledBack.state, 'rolled-back')
      assert.deepEqual(await subscriptionsOf(place, workload), {[SUBSCRIPTION]: Array<string>(PARTITIONS).fill(from)})
      await untilSent(workload, 200)
      const figures = await workload.settle()
      t.diagnostic(JSON.stringify({...figures, appliedMs: applied.gapMs, rolledBackMs: rolledBack.gapMs}))
      assert.deepEqual([figures.lost, figures.duplicates, figures.overlapsAcross], [0, 0, 0])
      // A Shared fleet without locks has a key at two consumers by its nature.
      if (to !== 'Shared') assert.equal(figures.overlapsAfter, 0)

      await (await standby).close()
      const {hasRestrictions} = (await newestMigration(place)) ?? {hasRestrictions: null}
      assert.equal(
        hasRestrictions,
        strategy === 'blue-green',
        'in-place restores everything; blue-green keeps the auto-create block',
      )
      if (hasRestrictions) await askCli(['migrate', 'finish', applied.id, '--yes', ...journalFlags(place)])
      assert.deepEqual(await stateOf(place, workload), before)
    }),
  )
}
