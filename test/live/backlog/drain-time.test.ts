// Runs alone: it compares predicted drain times with the real ones.
import assert from 'node:assert/strict'
import {test} from 'node:test'

import pLimit, {type LimitFunction} from 'p-limit'

import type {BacklogReport} from '../../../src/domain/backlog/backlog-report.js'
import {askCli} from '../../support/shells/cli.js'
import {live, type Place} from '../../support/servers/live.js'
import {DRAINING, median, type Shape, SHAPES} from '../../support/fleets/load-shapes.js'
import {PacedDrain} from '../../support/fleets/paced-drain.js'

interface Scale {
  /** of each shape */
  readonly runs: number
  readonly windowS: number
  readonly lastsS: readonly [number, number]
}

/**
 * Of 16 drains more than three would be wrong by chance in one of 150 runs, of 8 more than one in one of 17.
 * The whole run asks as a person does, with the window that is the default. One that speeds up four times has less than a third of
 * its time left half-way, and the answer has to come before it is over.
 */
const SCALE: Scale =
  process.env['KEYSHIFT_TEST_CRASHES'] === 'all'
    ? {runs: 20, windowS: 10, lastsS: [40, 80]}
    : {runs: 4, windowS: 5, lastsS: [30, 36]}
/** More side by side would begin their windows late, for each question is a process of its own. */
const SIDE_BY_SIDE = 20
const STALLED_WITHIN = 3

interface Run {
  readonly shape: Shape
  readonly report: BacklogReport
  /** from the last look until it was drained; null for one that stalls */
  readonly trueMs: number | null
}

test(
  `${String(SCALE.runs)} drains of each of five shapes: half-way the true time lies in the interval in at least 80 %`,
  live(async (t, place) => {
    const limit = pLimit(SIDE_BY_SIDE)
    const wanted = Array.from({length: SCALE.runs}, (_, at) => SHAPES.map((shape) => ({shape, seed: at + 1}))).flat()
    // Drains that start one after another are half-way at different times, so their questions do not compete.
    const startLimit = pLimit(1)
    const runs = await Promise.all(wanted.map((one) => limit(() => runOnce(place, one, startLimit))))
    let [inside, all] = [0, 0]
    for (const shape of SHAPES) {
      const some = runs.filter((run) => run.shape === shape)
      const right = some.filter(isRight)
      t.diagnostic(
        `${shape}: ${shape === 'stalled' ? 'said' : 'inside'} ${String(right.length)} of ${String(some.length)}, ${widthsOf(some)}`,
      )
      if (shape === 'stalled') assert.equal(right.length, some.length, 'stalled is said of all that stall')
      else [inside, all] = [inside + right.length, all + some.length]
    }
    assert.equal(all, SCALE.runs * DRAINING.length)
    assert.ok(inside / all >= 0.8, `${String(inside)} of ${String(all)} are inside`)
  }),
)

async function runOnce(
  place: Place,
  {seed, shape}: {readonly shape: Shape; readonly seed: number},
  startLimit: LimitFunction,
): Promise<Run> {
  const drain = new PacedDrain(place, {shape, seed, lastsS: SCALE.lastsS, windowS: SCALE.windowS})
  await startLimit(() => drain.start())
  await drain.halfway
  let report = await askBacklog(drain)
  if (shape !== 'stalled') {
    return {shape, report, trueMs: (await drain.drainedAtMs) - Date.parse(report.sampledAt)}
  }
  for (let asked = 1; asked < STALLED_WITHIN && report.total.verdict !== 'stalled'; asked++) {
    report = await askBacklog(drain)
  }
  return {shape, report, trueMs: null}
}

function askBacklog({subscription, topic}: PacedDrain): Promise<BacklogReport> {
  return askCli<BacklogReport>(['backlog', 'show', topic.full, subscription, '--window', String(SCALE.windowS)])
}

function isRight({report: {partitions, total}, trueMs}: Run): boolean {
  const {high, low} = total.drainMs
  if (trueMs !== null) return low !== null && trueMs >= low && trueMs <= (high ?? Infinity)
  const worker = partitions[0]?.consumers[0]
  return (
    total.verdict === 'stalled' && total.drainReason === 'stalled' && low === null && worker?.verdict === 'not-acking'
  )
}

function widthsOf(runs: readonly Run[]): string {
  const widths = runs.flatMap(({report: {total}}) => {
    const {high, low} = total.drainMs
    return low === null || low === 0 ? [] : [(high ?? Infinity) / low]
  })
  if (widths.length === 0) return 'no interval'
  const unbounded = widths.filter((width) => width === Infinity).length
  return `high/low median ${median(widths).toFixed(2)}, without an end ${String(unbounded)}`
}
