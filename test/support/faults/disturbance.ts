import assert from 'node:assert/strict'
import type {TestContext} from 'node:test'

import type {Fleet} from '../../../src/domain/lab/fleet.js'
import type {Workload} from '../../../src/domain/lab/workload.js'
import type {Handling, WorkloadCounts} from '../../../src/domain/lab/workload-counts.js'
import type {WorkTimes} from '../../../src/domain/lab/worker.js'
import type {StepId} from '../../../src/domain/migration/strategy.js'
import {
  applyUntil,
  completeMigration,
  type HaltedRun,
  type TypeChange,
  planChange,
  requireMigrated,
  type RunEnd,
  startWhenRefused,
  stateOf,
} from './crash.js'
import {HardyTransport} from '../fleets/hardy-transport.js'
import {ask, openWorkload, type Place, until, untilSent} from '../servers/live.js'
import {measureSlowness} from '../slowness.js'

/** Long enough that consumers have unacked messages at any moment. */
export const LONG_WORK: WorkTimes = {workMs: 20, slowEvery: 29, slowMs: 200}

export const PARTITIONS = 4

/** A migration under load that halts before it applies a step, until the test continues it. */
export interface HaltedMigration {
  readonly place: Place
  readonly change: TypeChange
  readonly workload: Workload
  readonly transport: HardyTransport
  /** the topic's policies and all claims before the migration began */
  readonly before: unknown
  readonly standby: Promise<Fleet>
  readonly run: HaltedRun
  readonly endSlowness: () => Promise<number>
}

export async function haltBefore(
  t: TestContext,
  place: Place,
  change: TypeChange,
  step: StepId,
): Promise<HaltedMigration> {
  const {from, to} = change
  const transport = new HardyTransport(place.transport)
  const workload = await openWorkload(t, {...place, transport}, {partitions: PARTITIONS, from, to, work: LONG_WORK})
  const before = await stateOf(place, workload)
  await until('some load', () => workload.counts.sentCount > 200)
  const plan = await planChange(place, workload, change)
  const standby = startWhenRefused(place, workload, change)
  const run = await applyUntil(t, place, plan, {line: `${step} intent`, when: 'after'})
  return {place, change, workload, transport, before, standby, run, endSlowness: measureSlowness()}
}

/** Completes a disturbed migration. Requires that no message was lost and that the disturbance explains each duplicate. */
export async function requireExplained(
  t: TestContext,
  {before, change, endSlowness, place, standby, transport, workload}: HaltedMigration,
  end: RunEnd,
  disturbance: Disturbance,
  {since}: {since?: (tally: WorkloadCounts) => (row: Handling) => number} = {},
): Promise<void> {
  const {fleet, stops} = await completeMigration(place, workload, change, {run: end, standby})
  await until('the fleet', () => fleet.connected === 4)
  await untilSent(workload, 200)
  const figures = await workload.settle()
  const {storedTwice} = transport
  const slowness = await endSlowness()
  const allowance = {storedTwice, since: since?.(workload.counts), onTheWayMs: ON_THE_WAY_MS * slowness}
  const cost = costOf(workload.counts, disturbance, allowance)
  t.diagnostic(JSON.stringify({stops, slowness, ...figures, ...cost}))
  assert.equal(figures.lost, 0)
  assert.deepEqual(
    [cost.unexplained, cost.unexplainedOverlaps],
    [[], []],
    'a message that no consumer held was at two consumers',
  )
  assert.ok(
    cost.duplicates <= cost.held + cost.storedTwice,
    'there are more duplicates than messages that consumers held',
  )
  await requireMigrated(place, workload, change)
  assert.deepEqual(await stateOf(place, workload), before)
}

/** When a topic was disturbed: from before the disturbance until it had taken effect. Epoch ms. */
export interface Disturbance {
  readonly fromMs: number
  readonly toMs: number
}

/** Unloads a topic, as an operator or a load balancer does. */
export async function unload(place: Place, workload: Workload): Promise<Disturbance> {
  const fromMs = Date.now()
  await ask(place.addresses, 'PUT', `${workload.topic.full.replace('persistent://', '/persistent/')}/unload`)
  return {fromMs, toMs: Date.now()}
}

/** The effects of a disturbance, and the first few cases that it does not explain. */
interface Cost {
  /** messages that consumers held at that moment: the broker may redeliver at most these */
  readonly held: number
  /** messages that were published twice, because the disturbance cut off the broker's answer to the producer */
  readonly storedTwice: number
  readonly duplicates: number
  /** duplicates that no consumer held at that moment, with each time that one was processed */
  readonly unexplained: readonly string[]
  /** cases in which an old and a new consumer processed messages of one key at the same time */
  readonly overlaps: number
  /** those of them in which no consumer held the earlier message at that moment */
  readonly unexplainedOverlaps: readonly string[]
}

interface Allowance {
  /** From when on an acknowledgement may be lost (default: the start of the disturbance). */
  readonly since?: ((row: Handling) => number) | undefined
  /** The payloads of messages that the broker stored twice. */
  readonly storedTwice: ReadonlySet<string>
  /** for how long messages and acknowledgements may be on the way, in ms */
  readonly onTheWayMs: number
}

/**
 * The WebSocket proxy groups acknowledgements and sends them up to 100 ms late. Messages also wait in sockets until this
 * process reads them, because it runs all consumers. So for the broker, consumers also held what was acknowledged or
 * received this shortly before or after. On a busy machine they take longer.
 */
const ON_THE_WAY_MS = 500
const FEW = 5

/**
 * An unload and a restart disconnect all clients, and the broker redelivers the messages that consumers hold at that moment.
 * Pulsar does so whether a migration runs or not. A consumer finishes its messages without a connection, so that such a
 * message can be at two consumers at the same time. All other duplicates count as caused by the migration.
 */
function costOf(tally: WorkloadCounts, {fromMs, toMs}: Disturbance, allowance: Allowance): Cost {
  const {onTheWayMs, since = () => fromMs, storedTwice} = allowance
  const isHeld = (row: Handling): boolean =>
    row.receivedAt <= toMs + onTheWayMs && row.endedAt >= since(row) - onTheWayMs
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
