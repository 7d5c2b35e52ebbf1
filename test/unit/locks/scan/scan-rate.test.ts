// Runs alone: it measures rests of some milliseconds.
import assert from 'node:assert/strict'
import {test} from 'node:test'
import {setTimeout as delay} from 'node:timers/promises'

import {ScanRate} from '../../../../src/domain/locks/scan/scan-rate.js'

/** Node cuts the duration of a timer to whole milliseconds, and counts in whole milliseconds from a start that it rounds down. */
const EARLY_MS = 2
const NEVER = new AbortController().signal
const page = (): Promise<{keys: number}> => Promise.resolve({keys: 1})

test('with a latency guard pages are small, and the rest between pages follows the latency of other clients', async () => {
  let latencyMs = 20
  const measured: number[] = []
  const probe = async (): Promise<void> => {
    const startedAt = performance.now()
    await delay(latencyMs)
    measured.push(performance.now() - startedAt)
  }
  const rate = new ScanRate({maxOps: null, guardMs: 5}, probe, NEVER)
  const fast = new ScanRate({maxOps: null, guardMs: null}, () => Promise.reject(new Error('it has no guard')), NEVER)
  assert.ok(rate.size.read < fast.size.read && rate.size.walked < fast.size.walked)
  await fast.turn(page)
  const turns: number[] = []
  for (const ms of [20, 20, 20, 0, 0, 0, 0, 0, 0, 0]) {
    latencyMs = ms
    const startedAt = performance.now()
    await rate.turn(page)
    turns.push(performance.now() - startedAt)
  }
  const [, second = 0, third = 0] = turns
  const [one = 0, two = 0, three = 0] = measured
  // A turn is a rest and a probe. The rest is the latency, then twice as long.
  assert.ok(
    second >= one + two - EARLY_MS && third >= 2 * one + three - EARLY_MS,
    `the rest did not grow: ${turns.join(', ')}`,
  )
  assert.ok((turns.at(-1) ?? Infinity) < third / 2, `the rest did not shrink: ${turns.join(', ')}`)
})

test('a low limit of commands per second makes pages small', () => {
  const sizes = [10, 100, 1000, 1_000_000].map((maxOps) => new ScanRate({maxOps, guardMs: null}, page, NEVER).size)
  assert.deepEqual(sizes, [
    {walked: 100, read: 1},
    {walked: 1000, read: 2},
    {walked: 1000, read: 20},
    {walked: 1000, read: 250},
  ])
})

test('an abort ends the rest between pages', async () => {
  const control = new AbortController()
  const rate = new ScanRate({maxOps: 1, guardMs: null}, page, control.signal)
  await rate.turn(() => Promise.resolve({keys: 1000}))
  const resting = rate.turn(page)
  control.abort()
  await assert.rejects(resting, {name: 'AbortError'})
})
