import assert from 'node:assert/strict'
import {test} from 'node:test'

import {DeliveryProof} from '../../../../src/domain/migration/proofs/delivery-proof.js'

/** Observes samples of `[atMs, delivered]`, by default with waiting messages, and returns each result. */
function watch(samples: ReadonlyArray<readonly [number, number, waits?: boolean]>): Array<number | null> {
  const flow = new DeliveryProof()
  return samples.map(([atMs, deliveredMessages, hasWaiting = true]) =>
    flow.observe({partition: 0, atMs, hasWaiting, deliveredMessages}),
  )
}

test('messages in each window: it delivers since the first window began', () => {
  assert.deepEqual(
    watch([
      [0, 5],
      [60, 8],
      [120, 11],
    ]),
    [null, 0, 0],
  )
})

test('a burst that stops does not count: delivery counts from the first window without a later break', () => {
  assert.deepEqual(
    watch([
      [0, 5],
      [60, 30],
      [120, 30],
      [900, 30],
      [960, 40],
      [1020, 50],
    ]),
    [null, 0, null, null, 900, 900],
  )
})

test('samples within one window change nothing', () => {
  assert.deepEqual(
    watch([
      [0, 5],
      [20, 6],
      [40, 7],
      [59, 8],
    ]),
    [null, null, null, null],
  )
})

test('a window without waiting messages does not break delivery', () => {
  assert.deepEqual(
    watch([
      [0, 5, false],
      [60, 5, false],
      [120, 9],
      [180, 9, false],
    ]),
    [0, 0, 0, 0],
  )
  assert.deepEqual(
    watch([
      [0, 5, false],
      [60, 5],
      [120, 9],
    ]),
    [0, null, 60],
  )
})
