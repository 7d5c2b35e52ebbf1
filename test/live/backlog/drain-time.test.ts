import assert from 'node:assert/strict'
import {test} from 'node:test'

import pLimit, {type LimitFunction} from 'p-limit'

import type {BacklogReport} from '../../../src/domain/backlog/backlog-report.js'
import {askCli} from '../../support/shells/cli.js'
import {live, type Place} from '../../support/servers/live.js'
import {DRAINING, median, type Shape, SHAPES} from '../../support/fleets/load-shapes.js'
import {PacedDrain} from '../../support/fleets/paced-drain.js'

interface Scale {
  /** number of drains of each shape */
  readonly runs: number
  readonly windowS: number
  readonly lastsS: readonly [number, number]
}

/**
 * By chance more than 3 of 16 drains would be wrong in 1 of 150 runs, and more than 1 of 8 in 1 of 17 runs.
 * The full run uses the default window. A drain whose rate grows fourfold has less than a third of its time left halfway, and
 * the command must end before the drain does.
 */
const SCALE: Scale =
  process.env['KEYSHIFT_TEST_CRASHES'] === 'all'
    ? {runs: 20, windowS: 10, lastsS: [40, 80]}
    : {runs: 4, windowS: 5, lastsS: [30, 36]}
/** With more concurrent commands the windows would start late, because each command is a process. */
const CONCURRENT = 20
const STALLED_WITHIN = 3

interface Run {
  readonly shape: Shape
  readonly report: BacklogReport
  /** from the last sample until it was drained; null for one that stalls */
  readonly trueMs: number | null
}

test(
  `${String(SCALE.runs)} drains of each of five shapes: halfway the interval contains the true time in at least 80 %`,
  live(async (t, place) => {
    const limit = pLimit(CONCURRENT)
    const wanted = Array.from({length: SCALE.runs}, (_, at) => SHAPES.map((shape) => ({shape, seed: at + 1}))).flat()
    // Drains that start one after another are halfway at different times, so their commands do not compete.
    const startLimit = pLimit(1)
    const runs = await Promise.all(wanted.map((one) => limit(() => runOnce(place, one, startLimit))))
    let [inside, all] = [0, 0]
    for (const shape of SHAPES) {
      const some = runs.filter((run) => run.shape === shape)
      const right = some.filter(isRight)
      t.diagnostic(
        `${shape}: ${shape === 'stalled' ? 'reported' : 'inside'} ${String(right.length)} of ${String(some.length)}, ${widthsOf(some)}`,
      )
      if (shape === 'stalled') assert.equal(right.length, some.length, 'every stalled drain is reported as stalled')
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
  let report = await showBacklog(drain)
  if (shape !== 'stalled') {
    return {shape, report, trueMs: (await drain.drainedAtMs) - Date.parse(report.sampledAt)}
  }
  for (let windows = 1; windows < STALLED_WITHIN && report.total.verdict !== 'stalled'; windows++) {
    report = await showBacklog(drain)
  }
  return {shape, report, trueMs: null}
}

function showBacklog({subscription, topic}: PacedDrain): Promise<BacklogReport> {
  const window = `${String(SCALE.windowS)}s`
  return askCli<BacklogReport>([
    ...['backlog', 'show', topic.full, subscription],
    ...['--window', window, '--stuck-after', window],
  ])
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
  return `high/low median ${median(widths).toFixed(2)}, without an upper bound ${String(unbounded)}`
}
