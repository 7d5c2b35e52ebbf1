import assert from 'node:assert/strict'
import type {TestContext} from 'node:test'

import type {Fleet} from '../../../src/domain/lab/fleet.js'
import type {Workload} from '../../../src/domain/lab/workload.js'
import type {Handling, WorkloadCounts} from '../../../src/domain/lab/workload-counts.js'
import type {WorkTimes} from '../../../src/domain/lab/worker.js'
import type {StepId} from '../../../src/domain/migration/strategy.js'
import {
  applyUntil,
  bringToEnd,
  type HaltedRun,
  type Journey,
  planJourney,
  requireMoved,
  type RunEnd,
  startWhenRefused,
  stateOf,
} from './crash.js'
import {HardyTransport} from '../fleets/hardy-transport.js'
import {ask, openWorkload, type Place, until} from '../servers/live.js'

/** Long enough that consumers hold some messages at any moment. */
export const LONG_WORK: WorkTimes = {workMs: 20, slowEvery: 29, slowMs: 200}

export const PARTITIONS = 4

/** A migration under load that has announced a step, and waits to be told to go on. */
export interface Announced {
  readonly place: Place
  readonly journey: Journey
  readonly workload: Workload
  readonly transport: HardyTransport
  /** the topic's policies and the place's claims before it began */
  readonly before: unknown
  readonly standby: Promise<Fleet>
  readonly run: HaltedRun
}

export async function announce(t: TestContext, place: Place, journey: Journey, step: StepId): Promise<Announced> {
  const {from, to} = journey
  const transport = new HardyTransport(place.transport)
  const workload = await openWorkload(t, {...place, transport}, {partitions: PARTITIONS, from, to, work: LONG_WORK})
  const before = await stateOf(place, workload)
  await until('some load', () => workload.counts.sentCount > 200)
  const plan = await planJourney(place, workload, journey)
  const standby = startWhenRefused(place, workload, journey)
  const run = await applyUntil(t, place, plan, {line: `${step} intent`, when: 'after'})
  return {place, journey, workload, transport, before, standby, run}
}

/** Brings a disturbed migration to its end, and requires that nothing was lost and that each repetition is explained. */
export async function requireExplained(
  t: TestContext,
  {before, journey, place, standby, transport, workload}: Announced,
  end: RunEnd,
  disturbance: Disturbance,
  {since}: {since?: (tally: WorkloadCounts) => (row: Handling) => number} = {},
): Promise<void> {
  const {fleet, stops} = await bringToEnd(place, workload, journey, {run: end, standby})
  await until('the fleet', () => fleet.connected === 4)
  const sent = workload.counts.sentCount
  await until('load afterwards', () => workload.counts.sentCount > sent + 200)
  const figures = await workload.settle()
  const {storedTwice} = transport
  const cost = costOf(workload.counts, disturbance, {storedTwice, since: since?.(workload.counts)})
  t.diagnostic(JSON.stringify({stops, ...figures, ...cost}))
  assert.equal(figures.lost, 0)
  assert.deepEqual([cost.unexplained, cost.unexplainedOverlaps], [[], []], 'what nobody held was at two consumers')
  assert.ok(cost.duplicates <= cost.held + cost.storedTwice, 'more came twice than consumers held')
  await requireMoved(place, workload, journey)
  assert.deepEqual(await stateOf(place, workload), before)
}

/** When somebody else disturbed a topic: from before it began until it had taken effect. Epoch ms. */
export interface Disturbance {
  readonly fromMs: number
  readonly toMs: number
}

/** Unloads a topic, as an operator does, or a cluster that spreads its load anew. */
export async function unload(place: Place, workload: Workload): Promise<Disturbance> {
  const fromMs = Date.now()
  await ask(place.addresses, 'PUT', `${workload.topic.full.replace('persistent://', '/persistent/')}/unload`)
  return {fromMs, toMs: Date.now()}
}

/** What a disturbance cost, and the first few cases that it does not explain. */
interface Cost {
  /** messages that consumers held when it came: the most that the broker may deliver again */
  readonly held: number
  /** messages that were published twice, for the disturbance cut off the broker's answer to the producer */
  readonly storedTwice: number
  readonly duplicates: number
  /** messages that were handled twice though nobody held them, with their handlings */
  readonly unexplained: readonly string[]
  /** pairs of handlings of one key at once by a consumer of each fleet */
  readonly overlaps: number
  /** of those, the ones in which the earlier was not held when the disturbance came */
  readonly unexplainedOverlaps: readonly string[]
}

interface Allowance {
  /** From when on an acknowledgement may be lost; when the disturbance began, unless given. */
  readonly since?: ((row: Handling) => number) | undefined
  /** Messages that the broker stored twice, by their text. */
  readonly storedTwice?: ReadonlySet<string>
}

/**
 * The WebSocket proxy sends acknowledgements to the broker in groups, up to 100 ms late, and messages wait in sockets
 * until this process, which is all the fleets, gets to them: what was acknowledged or received so shortly before or after
 * was held as well, as the broker sees it.
 */
const ON_THE_WAY_MS = 500
const FEW = 5

/**
 * An unload and a restart disconnect everybody. What consumers hold then is delivered again: by Pulsar's design, whoever
 * disturbs it, and whether a migration runs or not. A consumer finishes what it holds, though its connection is gone; so
 * a message of that can be at two consumers at once. Everything else is the migration's.
 */
function costOf(tally: WorkloadCounts, {fromMs, toMs}: Disturbance, allowance: Allowance = {}): Cost {
  const {since = () => fromMs, storedTwice = new Set()} = allowance
  const isHeld = (row: Handling): boolean =>
    row.receivedAt <= toMs + ON_THE_WAY_MS && row.endedAt >= since(row) - ON_THE_WAY_MS
  const held = new Set(tally.handlings.filter(isHeld).map(({sequence}) => sequence))
  const bySequence = [...Map.groupBy(tally.handlings, ({sequence}) => sequence)]
  const unexplained = bySequence.filter(
    ([sequence, rows]) => rows.length > 1 && !storedTwice.has(String(sequence)) && !rows.some(isHeld),
  )
  const across = tally.overlaps().filter(([one, other]) => one.fleet !== other.fleet)
  const together = across.filter(([one]) => !isHeld(one))
  return {
    held: held.size,
    storedTwice: storedTwice.size,
    duplicates: tally.handlings.length - bySequence.length,
    unexplained: unexplained.slice(0, FEW).map((found) => JSON.stringify(found)),
    overlaps: across.length,
    unexplainedOverlaps: together.slice(0, FEW).map((found) => JSON.stringify(found)),
  }
}
