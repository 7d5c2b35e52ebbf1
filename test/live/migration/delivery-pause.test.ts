// Runs alone: it measures the delivery pause.
import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {MigrationResult} from '../../../src/domain/migration/run/migration-result.js'
import {applyArgs, planFile} from '../../support/reports/migration-runs.js'
import {live, openWorkload, until} from '../../support/servers/live.js'
import {withSlowness} from '../../support/slowness.js'
import {askCli} from '../../support/shells/cli.js'

const RUNS = 10

test(
  `apply under 300 messages a second, ${String(RUNS)} times: nothing lost, nothing twice, no key at two consumers`,
  live(async (t, place) => {
    for (let run = 0; run < RUNS; run++) {
      const workload = await openWorkload(t, place, {retryMs: 100})
      workload.startStandby()
      await until('some load', () => workload.counts.sentCount > 300)
      const plan = await planFile(place, workload)
      const {result, slowness} = await withSlowness(() => askCli<MigrationResult>(applyArgs(place, plan)))
      assert.equal(result.state, 'done')
      assert.deepEqual(
        result.partitions.map(({type}) => type),
        Array<string>(4).fill('Key_Shared'),
      )
      const before = workload.counts.sentCount
      await until('load after the switch', () => workload.counts.sentCount > before + 300)
      const figures = await workload.settle()
      t.diagnostic(
        `run ${String(run + 1)}: ${JSON.stringify({...figures, heldMs: result.gapMs, drainMs: result.drainMs, slowness})}`,
      )
      assert.equal(figures.lost, 0)
      assert.equal(figures.duplicates, 0)
      assert.equal(figures.overlapsAfter, 0)
      assert.ok((figures.gapMs ?? Infinity) <= 3000 * slowness, `gap ${String(figures.gapMs)} ms`)
      await workload.close()
    }
  }),
)
