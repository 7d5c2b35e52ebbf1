import assert from 'node:assert/strict'
import {test} from 'node:test'

import fc from 'fast-check'

import {countSlots, coverageOf, type SlotRange} from '../../../../src/domain/keys/selectors/slot-ranges.js'

const SPACE = {start: 1, end: 200}
const range = fc
  .tuple(fc.integer({min: 0, max: 220}), fc.integer({min: 0, max: 40}))
  .map(([start, length]): SlotRange => ({start, end: start + length}))

test('coverage of every slot equals the count of ranges that contain it', () => {
  fc.assert(
    fc.property(fc.array(range, {maxLength: 12}), (claimed) => {
      const coverage = coverageOf(claimed, SPACE)
      for (let slot = SPACE.start; slot <= SPACE.end; slot++) {
        const claims = claimed.filter((one) => includesSlot([one], slot)).length
        assert.equal(includesSlot(coverage.missing, slot), claims === 0, `slot ${String(slot)} missing`)
        assert.equal(includesSlot(coverage.overlapping, slot), claims > 1, `slot ${String(slot)} overlapping`)
      }
    }),
  )
})

test('a complete space in several ranges has no gap and no overlap', () => {
  const pieces = [
    {start: 101, end: 200},
    {start: 1, end: 100},
  ]
  assert.deepEqual(coverageOf(pieces, SPACE), {missing: [], overlapping: []})
  assert.equal(countSlots(pieces), 200)
})

test('without consumers the whole space is missing', () => {
  assert.deepEqual(coverageOf([], SPACE), {missing: [SPACE], overlapping: []})
})

function includesSlot(ranges: readonly SlotRange[], slot: number): boolean {
  return ranges.some(({end, start}) => slot >= start && slot <= end)
}
