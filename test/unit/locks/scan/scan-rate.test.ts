// Runs alone: it measures rests of some milliseconds.
import assert from 'node:assert/strict'
import {test} from 'node:test'
import {setTimeout as delay} from 'node:timers/promises'

import {ScanRate} from '../../../../src/domain/locks/scan/scan-rate.js'

const NEVER = new AbortController().signal
const page = (): Promise<{keys: number}> => Promise.resolve({keys: 1})

test('with a guard pages are small; it rests the longer, the longer others wait, and less when they do not', async () => {
  let latencyMs = 20
  const pace = new ScanRate({maxOps: null, guardMs: 5}, () => delay(latencyMs), NEVER)
  const fast = new ScanRate({maxOps: null, guardMs: null}, () => Promise.reject(new Error('it has no guard')), NEVER)
  assert.ok(pace.size.read < fast.size.read && pace.size.walked < fast.size.walked)
  await fast.turn(page)
  const turns: number[] = []
  for (const ms of [20, 20, 20, 0, 0, 0, 0, 0, 0, 0]) {
    latencyMs = ms
    const startedAt = performance.now()
    await pace.turn(page)
    turns.push(performance.now() - startedAt)
  }
  const [, second = 0, third = 0] = turns
  assert.ok(second >= 39 && third >= 59, `it did not rest longer: ${turns.join(', ')}`)
  assert.ok((turns.at(-1) ?? Infinity) < third / 2, `it did not go faster again: ${turns.join(', ')}`)
})

test('few commands a second make small pages', () => {
  const sizes = [10, 100, 1000, 1_000_000].map((maxOps) => new ScanRate({maxOps, guardMs: null}, page, NEVER).size)
  assert.deepEqual(sizes, [
    {walked: 100, read: 1},
    {walked: 1000, read: 2},
    {walked: 1000, read: 20},
    {walked: 1000, read: 250},
  ])
})

test('it is ended while it rests', async () => {
  const control = new AbortController()
  const pace = new ScanRate({maxOps: 1, guardMs: null}, page, control.signal)
  await pace.turn(() => Promise.resolve({keys: 1000}))
  const resting = pace.turn(page)
  control.abort()
  await assert.rejects(resting, {name: 'AbortError'})
})
