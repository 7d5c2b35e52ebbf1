import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {MigrationResult} from '../../../src/domain/migration/run/migration-result.js'
import {askCli, parseDocument, startCli} from '../../support/shells/cli.js'
import {
  type TypeChange,
  NEW_SUBSCRIPTION,
  planChange,
  untilMigration,
  journalFlags,
} from '../../support/faults/crash.js'
import {CLIENTS, ForeignFleet, missing} from '../../support/fleets/foreign-fleet.js'
import {closeFirst, live, openWorkload, until, untilSent} from '../../support/servers/live.js'
import {SUBSCRIPTION} from '../../support/reports/migration-runs.js'

const CHANGES: readonly TypeChange[] = [
  {strategy: 'in-place', from: 'Shared', to: 'Key_Shared'},
  {strategy: 'blue-green', from: 'Failover', to: 'Key_Shared'},
]
const CONSUMERS = 4

for (const client of CLIENTS) {
  for (const change of CHANGES) {
    const {from, strategy, to} = change
    test(
      `${client} clients, ${strategy} ${from} → ${to}: new consumers connect, old ones are refused and receive no more messages`,
      {skip: missing(client) ?? false},
      live(async (t, place) => {
        const workload = await openWorkload(t, place, {consumers: 0})
        const {serviceUrl} = place.addresses
        const fleetOf = async (fleet: 'new' | 'old', subscription: string): Promise<ForeignFleet> => {
          const names = Array.from({length: CONSUMERS}, (_, index) => `${fleet}-${String(index)}`)
          const type = fleet === 'old' ? from : to
          const members = await ForeignFleet.start(client, workload, fleet, {serviceUrl, subscription, type, names})
          closeFirst(t, () => members.close())
          return members
        }
        const old = await fleetOf('old', SUBSCRIPTION)
        await until('the old fleet', () => old.connected.size === CONSUMERS)
        await until('some load', () => workload.counts.sentCount > 300)
        const plan = await planChange(place, workload, change)
        const apply = ['migrate', 'apply', plan, '--yes', '--soak', '0s', '--postpone']
        const {child, finished} = startCli([...apply, '--json', ...journalFlags(place)])
        closeFirst(t, async () => {
          child.kill('SIGKILL') // after a failed test it would wait without a limit
          await finished
        })
        const {id} = await untilMigration(place, 'the preparation', ({readyToCutOver}) => readyToCutOver)
        const target = strategy === 'in-place' ? SUBSCRIPTION : NEW_SUBSCRIPTION
        const standby = await fleetOf('new', target)
        await until('the standby to be refused', () => standby.refusals >= CONSUMERS)
        await askCli(['migrate', 'cutover', id, '--yes', ...journalFlags(place)])
        const {stdout} = await finished
        const {result} = parseDocument<MigrationResult>(stdout)
        assert.equal(result.state, 'done')
        await until('the new fleet', () => standby.connected.size === CONSUMERS)
        await untilSent(workload, 600)
        const figures = await workload.settle()
        t.diagnostic(JSON.stringify({...figures, pausedMs: result.gapMs}))
        assert.deepEqual([figures.lost, figures.duplicates, figures.overlapsAfter], [0, 0, 0])
        assert.ok(
          old.lastHandledAt < Date.parse(result.switchedAt ?? ''),
          'the old fleet received a message after the switch',
        )
        assert.deepEqual(result.refusedConsumers, ['old-0', 'old-1', 'old-2', 'old-3'])
      }),
    )
  }
}
