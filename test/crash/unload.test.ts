import assert from 'node:assert/strict'
import {test} from 'node:test'

import {STEPS, type StepId} from '../../src/domain/migration/strategy.js'
import {
  applyUntil,
  bringToEnd,
  type Journey,
  JOURNEYS,
  planJourney,
  requireMoved,
  startWhenRefused,
  stateOf,
} from '../support/crash.js'
import {costOf, LONG_WORK, unload} from '../support/disturbance.js'
import {HardyTransport} from '../support/hardy-transport.js'
import {live, openScene, until} from '../support/live.js'
import {chooseSeeded} from '../support/seed.js'

const PARTITIONS = 4

interface Cell {
  readonly journey: Journey
  readonly step: StepId
  /** Between the intent and the change, or while the change is made and proven. */
  readonly when: 'before' | 'while'
}

const CELLS = JOURNEYS.flatMap((journey) =>
  STEPS[journey.strategy].forward.flatMap((step) =>
    (['before', 'while'] as const).map((when): Cell => ({journey, step, when})),
  ),
)

const chosen = process.env['KEYSHIFT_TEST_CRASHES'] === 'all' ? CELLS : chooseSeeded(CELLS, 4)

for (const {journey, step, when} of chosen) {
  const {from, strategy, to} = journey
  test(
    `${strategy} ${from} → ${to}, the topic unloaded ${when} ${step}`,
    live(async (t, place) => {
      const transport = new HardyTransport(place.transport)
      const scene = await openScene(t, {...place, transport}, {partitions: PARTITIONS, from, to, work: LONG_WORK})
      const before = await stateOf(place, scene)
      await until('some load', () => scene.tally.sentCount > 200)
      const plan = await planJourney(place, scene, journey)
      const standby = startWhenRefused(place, scene, journey)
      const run = await applyUntil(place, plan, {line: `${step} intent`, when: 'after'})
      const unloading = unload(place, scene)
      if (when === 'before') await unloading
      run.goOn()
      const disturbance = await unloading
      const {fleet, stops} = await bringToEnd(place, scene, journey, {run: await run.ended, standby})
      await until('the fleet', () => fleet.connected === 4)
      const sent = scene.tally.sentCount
      await until('load afterwards', () => scene.tally.sentCount > sent + 200)
      const figures = await scene.settle()
      const cost = costOf(scene.tally, disturbance, {
        storedTwice: transport.storedTwice,
        hasTwoSubscriptions: strategy === 'blue-green',
        handedOut: handsOutAnew(journey, step, when) ? PARTITIONS : 0,
      })
      t.diagnostic(JSON.stringify({stops, ...figures, ...cost}))
      assert.equal(figures.lost, 0)
      assert.deepEqual([cost.unexplained, cost.unexplainedOverlaps], [[], []], 'what nobody held was at two consumers')
      assert.ok(cost.duplicates <= cost.held + cost.storedTwice + cost.handedOut, 'more came twice than consumers held')
      await requireMoved(place, scene, journey)
      assert.deepEqual(await stateOf(place, scene), before)
    }),
  )
}

/**
 * From the switch until the old subscription is retired both fleets are connected, blue-green: a load of the topic in
 * between hands a message of each partition to the old one, which the new one has as well. Before the switch it is
 * waited for and acknowledged, in place nobody of the old fleet is left.
 */
function handsOutAnew({strategy}: Journey, step: StepId, when: Cell['when']): boolean {
  if (strategy === 'in-place') return false
  return step === 'attach' || step === 'retire' || (step === 'create' && when === 'while')
}
