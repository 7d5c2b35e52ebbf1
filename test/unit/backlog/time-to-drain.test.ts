import assert from 'node:assert/strict'
import {test} from 'node:test'

import {drainRatesOf, type Point, slopeOf, studentT} from '../../../src/domain/backlog/backlog-rates.js'
import {assessBacklog, type BacklogAssessment} from '../../../src/domain/backlog/backlog-verdict.js'
import {DRAINING, loadOf, median, type Shape, standardNormal} from '../../support/fleets/load-shapes.js'
import {mulberry32} from '../../support/fleets/seed.js'

const SEEDS = 500
const STEP_S = 0.1
const WINDOW_S = 10
const READINGS = 11

/** The maximum median of `high / low`, and the maximum share of intervals without an upper bound. */
const USEFUL: Readonly<Record<string, {readonly width: number; readonly unboundedShare: number}>> = {
  steady: {width: 3.2, unboundedShare: 0},
  bursty: {width: 5.5, unboundedShare: 0.02},
  slowing: {width: 3.5, unboundedShare: 0},
  'speeding-up': {width: 3.5, unboundedShare: 0},
}

interface Drain {
  readonly backlogs: readonly number[]
  /** the step at which half of the backlog is left */
  readonly halfAt: number
}

/** The backlog every 0.1 s until it is empty, for up to five minutes. */
function drain(shape: Shape, seed: number): Drain {
  const next = mulberry32(seed * 7919 + 13)
  const drainS = 25 * (150 / 25) ** next()
  const ratePerS = 20 * (1000 / 20) ** next()
  // Half of the drains have active producers: the drain rate is the net of both.
  const inflow = next() < 0.5 ? 0 : next() * ratePerS
  const load = loadOf(shape, next, WINDOW_S)
  const whole = ratePerS * drainS
  const backlogs: number[] = []
  let left = whole
  for (let at = 0; left > 0 && at < 3000; at++) {
    backlogs.push(Math.floor(left))
    const net = ratePerS * load({atS: at * STEP_S, drainS, left: left / whole}) * STEP_S
    const moved = net + 2 * inflow * STEP_S
    left -= net === 0 ? 0 : net + standardNormal(next) * Math.sqrt(moved)
  }
  if (left <= 0) backlogs.push(0)
  return {backlogs, halfAt: backlogs.findIndex((left) => left <= whole / 2)}
}

function judgeFrom({backlogs}: Drain, from: number): BacklogAssessment & {readonly endsAt: number} {
  const stride = WINDOW_S / (READINGS - 1) / STEP_S
  const steps = Array.from({length: READINGS}, (_, at) => Math.min(backlogs.length - 1, from + at * stride))
  const points = steps.map((at): Point => ({atMs: at * STEP_S * 1000, entries: backlogs[at] ?? 0}))
  const last = points.at(-1)
  assert.ok(last)
  const isMoving = points.some(({entries}, at) => entries < (points[at - 1]?.entries ?? 0))
  const state = last.entries === 0 ? 'empty' : isMoving ? 'moving' : 'stalled'
  const window = {points, samples: READINGS, backlogEntries: last.entries, state} as const
  return {...assessBacklog(window), endsAt: steps.at(-1) ?? 0}
}

for (const shape of DRAINING) {
  test(`${shape}: halfway through ${String(SEEDS)} drains the interval contains the true time in at least 80 %`, (t) => {
    let [inside, unbounded, judged] = [0, 0, 0]
    const widths: number[] = []
    for (let seed = 1; seed <= SEEDS; seed++) {
      const one = drain(shape, seed)
      // The window ends halfway through the drain, or starts there.
      const stride = (WINDOW_S / STEP_S) * (seed % 2)
      const {drainMs, endsAt} = judgeFrom(one, Math.max(0, one.halfAt - stride))
      const trueMs = (one.backlogs.length - 1 - endsAt) * STEP_S * 1000
      if (trueMs === 0) continue // drained before the end of the window
      judged++
      const {high, low} = drainMs
      if (low === null) continue // not recognized as draining, which counts as wrong
      const end = high ?? Infinity
      if (high === null) unbounded++
      if (trueMs >= low && trueMs <= end) inside++
      widths.push(end / low)
    }
    t.diagnostic(
      `inside ${String(inside)} of ${String(judged)}, high/low median ${median(widths).toFixed(2)}, without an upper bound ${String(unbounded)}`,
    )
    const {unboundedShare, width} = USEFUL[shape] ?? {}
    assert.ok(judged > 0.9 * SEEDS)
    assert.ok(inside / judged >= 0.8)
    assert.ok(width !== undefined && median(widths) <= width)
    assert.ok(unboundedShare !== undefined && unbounded / judged <= unboundedShare)
  })
}

test('stalled: reported within three windows, without a time to drain', (t) => {
  const windows = [0, 0, 0]
  for (let seed = 1; seed <= SEEDS; seed++) {
    const one = drain('stalled', seed)
    const into = mulberry32(seed)()
    const from = Math.max(0, one.halfAt - Math.round((into * WINDOW_S) / STEP_S))
    const verdicts = windows.map((_, number) => judgeFrom(one, from + (number * WINDOW_S) / STEP_S))
    const at = verdicts.findIndex(({verdict}) => verdict === 'stalled')
    assert.ok(at !== -1, `seed ${String(seed)}: ${verdicts.map(({verdict}) => verdict).join(', ')}`)
    assert.deepEqual([verdicts[at]?.drainMs, verdicts[at]?.drainReason], [{low: null, high: null}, 'stalled'])
    windows[at] = (windows[at] ?? 0) + 1
  }
  t.diagnostic(`reported in the first, second, third window: ${windows.join(', ')}`)
})

test('a constant backlog with cumulative noise is reported as draining or growing in fewer than 1 of 8 cases', (t) => {
  let wrong = 0
  for (let seed = 1; seed <= SEEDS; seed++) {
    const next = mulberry32(seed)
    let entries = 10_000
    const points = Array.from({length: READINGS}, (_, at) => {
      entries += Math.round(50 * standardNormal(next))
      return {atMs: at * 1000, entries}
    })
    const {verdict} = assessBacklog({points, samples: READINGS, backlogEntries: entries, state: 'moving'})
    if (verdict !== 'steady') wrong++
  }
  t.diagnostic(`${String(wrong)} of ${String(SEEDS)}`)
  assert.ok(wrong / SEEDS < 1 / 8)
})

test('a constant rate gives an interval around the quotient, which widens with the remaining backlog', () => {
  const points = (from: number): Point[] =>
    Array.from({length: READINGS}, (_, at) => ({atMs: at * 1000, entries: from - 100 * at}))
  const judge = (from: number): BacklogAssessment => {
    const last = from - 1000
    return assessBacklog({points: points(from), samples: READINGS, backlogEntries: last, state: 'moving'})
  }
  const [near, far] = [judge(2000).drainMs, judge(101_000).drainMs]
  assert.ok((near.low ?? 0) < 10_000 && (near.high ?? 0) > 10_000, JSON.stringify(near))
  assert.ok((near.high ?? 0) / (near.low ?? 0) < (far.high ?? 0) / (far.low ?? 0), JSON.stringify(far))
  assert.equal(judge(2000).slopePerSecond, -100)
})

test('Student t, the deviation of counted messages and the slope are correct', () => {
  assert.ok(Math.abs(studentT('oneSided90', 9) - 1.383) < 0.005)
  assert.ok(Math.abs(studentT('oneSided95', 9) - 1.833) < 0.005)
  const points = [50, 40, 30, 20].map((entries, at) => ({atMs: at * 1000, entries}))
  const rates = drainRatesOf(points)
  assert.deepEqual([rates.mean, rates.count, rates.rise], [0.01, 3, 0])
  assert.equal(Math.round(rates.deviation * 1000 * 100), 316, 'a Poisson count of 10 has the deviation √10')
  assert.ok(Math.abs(slopeOf(points, rates).perMs + 0.01) < 1e-12)
})
