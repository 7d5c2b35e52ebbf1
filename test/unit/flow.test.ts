import assert from 'node:assert/strict'
import {test} from 'node:test'

import {FlowWatch} from '../../src/domain/migration/flow.js'

/** Feeds `[atMs, delivered]` with a backlog, and gives what each look said. */
function watch(looks: ReadonlyArray<readonly [number, number]>, backlogEntries = 9): Array<number | null> {
  const flow = new FlowWatch()
  return looks.map(([atMs, deliveredMessages]) => flow.observe({partition: 0, atMs, backlogEntries, deliveredMessages}))
}

test('two windows in a row that bring messages are flow, since the first began', () => {
  assert.deepEqual(
    watch([
      [0, 5],
      [60, 8],
      [120, 11],
    ]),
    [null, null, 0],
  )
})

test('a burst that stops is no flow: it counts from where messages come for good', () => {
  const looks = [
    [0, 5],
    [60, 30],
    [120, 30],
    [900, 30],
    [960, 40],
    [1020, 50],
  ] as const
  assert.deepEqual(watch(looks), [null, null, null, null, null, 900])
})

test('looks within one window change nothing', () => {
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

test('nothing waits: that is no silence', () => {
  assert.deepEqual(
    watch(
      [
        [0, 5],
        [20, 5],
      ],
      0,
    ),
    [0, 20],
  )
})
