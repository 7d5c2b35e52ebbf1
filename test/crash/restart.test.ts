import assert from 'node:assert/strict'
import {after, test} from 'node:test'

import type {Handling} from '../../src/domain/lab/tally.js'
import {partitionOfKey} from '../../src/domain/keyshared/routing.js'
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
import {costOf, LONG_WORK} from '../support/disturbance.js'
import {HardyTransport} from '../support/hardy-transport.js'
import {live, openScene, until} from '../support/live.js'
import {SpareStack} from '../support/spare-stack.js'

const PARTITIONS = 4

interface Cell {
  readonly journey: Journey
  readonly step: StepId
}

const CELLS = JOURNEYS.flatMap((journey) => STEPS[journey.strategy].forward.map((step): Cell => ({journey, step})))

// A cell takes about a minute, most of it the broker's: only the full run has them.
const stack = process.env['KEYSHIFT_TEST_CRASHES'] === 'all' ? await SpareStack.up() : null
after(() => stack?.down())

for (const {journey, step} of stack ? CELLS : []) {
  assert.ok(stack)
  const {from, strategy, to} = journey
  test(
    `${strategy} ${from} → ${to}, the broker killed and started again before ${step}`,
    live(async (t, place) => {
      const transport = new HardyTransport(place.transport)
      const scene = await openScene(t, {...place, transport}, {partitions: PARTITIONS, from, to, work: LONG_WORK})
      const before = await stateOf(place, scene)
      await until('some load', () => scene.tally.sentCount > 200)
      const plan = await planJourney(place, scene, journey)
      const standby = startWhenRefused(place, scene, journey)
      const run = await applyUntil(place, plan, {line: `${step} intent`, when: 'after'})
      const fromMs = Date.now()
      const restart = await stack.restart()
      const toMs = Date.now()
      run.goOn() // the step's change meets no broker
      const end = await run.ended
      await restart.finished

      const {fleet, stops} = await bringToEnd(place, scene, journey, {run: end, standby})
      await until('the fleet', () => fleet.connected === 4, 60_000)
      const sent = scene.tally.sentCount
      await until('load afterwards', () => scene.tally.sentCount > sent + 200)
      const figures = await scene.settle()
      const cost = costOf(
        scene.tally,
        {fromMs, toMs},
        {
          since: lastKept(scene.tally.handlings, fromMs),
          storedTwice: transport.storedTwice,
          hasTwoSubscriptions: strategy === 'blue-green',
          handedOut: strategy === 'blue-green' ? PARTITIONS : 0, // see unload.test.ts
        },
      )
      t.diagnostic(JSON.stringify({stops, ...figures, ...cost}))
      assert.equal(figures.lost, 0)
      assert.deepEqual([cost.unexplained, cost.unexplainedOverlaps], [[], []], 'what nobody held was at two consumers')
      assert.ok(cost.duplicates <= cost.held + cost.storedTwice + cost.handedOut, 'more came twice than consumers held')
      await requireMoved(place, scene, journey)
      assert.deepEqual(await stateOf(place, scene), before)
    }, stack.addresses),
  )
}

/**
 * A broker writes down a subscription's position once a second at most (managedLedgerDefaultMarkDeleteRateLimit), and
 * when acknowledgements stop then, not before a minute has passed. A broker that is killed forgets what came since: on
 * each partition of each fleet's subscription, up to a second before its last acknowledgement.
 */
function lastKept(handlings: readonly Handling[], killedAtMs: number): (row: Handling) => number {
  const cursorOf = ({fleet, key}: Handling): string =>
    `${fleet} ${String(partitionOfKey(key, PARTITIONS, 'JavaStringHash'))}`
  const last = new Map<string, number>()
  for (const row of handlings.filter(({endedAt}) => endedAt < killedAtMs)) last.set(cursorOf(row), row.endedAt)
  return (row) => (last.get(cursorOf(row)) ?? killedAtMs) - 1000
}
