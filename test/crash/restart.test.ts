// Runs alone: a broker that other tests keep busy may deliver more messages again than the disturbance explains.
import assert from 'node:assert/strict'
import {after, test} from 'node:test'

import type {Handling, WorkloadCounts} from '../../src/domain/lab/workload-counts.js'
import {partitionOfKey} from '../../src/domain/keys/hashing/partition-routing.js'
import {type StepId, stepsOf} from '../../src/domain/migration/strategy.js'
import {type TypeChange, CHANGES} from '../support/faults/crash.js'
import {haltBefore, PARTITIONS, requireExplained} from '../support/faults/disturbance.js'
import {live} from '../support/servers/live.js'
import {SpareStack} from '../support/servers/spare-stack.js'

interface Cell {
  readonly change: TypeChange
  readonly step: StepId
}

const CELLS = CHANGES.flatMap((change) =>
  stepsOf(change.strategy, 'forward', false).map((step): Cell => ({change, step})),
)

// A case takes about a minute, most of it the restart of the broker, so only the full run has them.
const stack = process.env['KEYSHIFT_TEST_CRASHES'] === 'all' ? await SpareStack.up() : null
if (stack) after(() => stack.down())
else test('the broker is restarted before each step', {skip: 'only in the full run'}, () => undefined)

for (const {change, step} of stack ? CELLS : []) {
  assert.ok(stack)
  const {from, strategy, to} = change
  test(
    `${strategy} ${from} → ${to}, the broker is killed and restarted before ${step}`,
    live(async (t, place) => {
      const halted = await haltBefore(t, place, change, step)
      const fromMs = Date.now()
      const restart = await stack.restart()
      const toMs = Date.now()
      halted.run.resume() // no broker is running when the step applies its change
      const end = await halted.run.ended
      await restart.finished
      const since = ({handlings}: WorkloadCounts): ReturnType<typeof lastPersisted> => lastPersisted(handlings, fromMs)
      await requireExplained(t, halted, end, {fromMs, toMs}, {since})
    }, stack.addresses),
  )
}

/**
 * A broker persists the position of a subscription at most once per second (managedLedgerDefaultMarkDeleteRateLimit). After
 * the last acknowledgement it may take a minute until it does. A killed broker loses the acknowledgements since then: on
 * each partition, those since one second before the last one.
 */
function lastPersisted(handlings: readonly Handling[], killedAtMs: number): (row: Handling) => number {
  const cursorOf = ({fleet, key}: Handling): string =>
    `${fleet} ${String(partitionOfKey(key, PARTITIONS, 'JavaStringHash'))}`
  const last = new Map<string, number>()
  for (const row of handlings.filter(({endedAt}) => endedAt < killedAtMs)) last.set(cursorOf(row), row.endedAt)
  return (row) => (last.get(cursorOf(row)) ?? killedAtMs) - 1000
}
