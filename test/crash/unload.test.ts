// Runs alone: a broker that other tests keep busy may deliver more messages again than the disturbance explains.
import {test} from 'node:test'

import {type StepId, stepsOf} from '../../src/domain/migration/strategy.js'
import {type TypeChange, CHANGES} from '../support/faults/crash.js'
import {haltBefore, requireExplained, unload} from '../support/faults/disturbance.js'
import {live} from '../support/servers/live.js'
import {chooseSeeded} from '../support/fleets/seed.js'

interface Cell {
  readonly change: TypeChange
  readonly step: StepId
  /** Between intent and change, or during change and verification. */
  readonly when: 'before' | 'while'
}

const CELLS = CHANGES.flatMap((change) =>
  stepsOf(change.strategy, 'forward', false).flatMap((step) =>
    (['before', 'while'] as const).map((when): Cell => ({change, step, when})),
  ),
)

const chosen = process.env['KEYSHIFT_TEST_CRASHES'] === 'all' ? CELLS : chooseSeeded(CELLS, 4)

for (const {change, step, when} of chosen) {
  const {from, strategy, to} = change
  test(
    `${strategy} ${from} → ${to}, the topic is unloaded ${when} ${step}`,
    live(async (t, place) => {
      const halted = await haltBefore(t, place, change, step)
      const unloading = unload(place, halted.workload)
      if (when === 'before') await unloading
      halted.run.resume()
      const disturbance = await unloading
      await requireExplained(t, halted, await halted.run.ended, disturbance)
    }),
  )
}
