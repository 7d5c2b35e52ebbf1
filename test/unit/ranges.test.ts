import assert from 'node:assert/strict'
import {test} from 'node:test'

import fc from 'fast-check'

import {countSlots, coverageOf, includesSlot, type SlotRange} from '../../src/domain/keyshared/ranges.js'
import {reportedRanges, selectorOf} from '../../src/domain/keyshared/selector.js'

const SPACE = {start: 1, end: 200}
const range = fc
  .tuple(fc.integer({min: 0, max: 220}), fc.integer({min: 0, max: 40}))
  .map(([start, length]): SlotRange => ({start, end: start + length}))

test('coverage says of every slot what counting the claims says', () => {
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

test('a whole space, cut in pieces, has neither gap nor overlap', () => {
  const pieces = [
    {start: 101, end: 200},
    {start: 1, end: 100},
  ]
  assert.deepEqual(coverageOf(pieces, SPACE), {missing: [], overlapping: []})
  assert.equal(countSlots(pieces), 200)
})

test('nobody connected: the whole space is missing', () => {
  assert.deepEqual(coverageOf([], SPACE), {missing: [SPACE], overlapping: []})
})

test('the selector is told from the ranges that consumers report', () => {
  const withRanges = (...arrays: Array<[number, number]>): Parameters<typeof selectorOf>[0] => ({
    keySharedMode: 'AUTO_SPLIT',
    consumers: [{keyHashRangeArrays: arrays}],
  })
  assert.equal(selectorOf(withRanges([1, 65_535]))?.name, 'consistent-hashing')
  assert.equal(selectorOf(withRanges([0, 65_536]))?.name, 'auto-split')
  assert.equal(selectorOf(withRanges([1, 2_147_483_646]))?.name, 'classic')
  assert.equal(selectorOf({consumers: [{keyHashRanges: ['[0, 65536]']}]})?.name, 'classic')
  assert.equal(selectorOf({keySharedMode: 'STICKY', consumers: []})?.name, 'sticky')
  assert.equal(selectorOf({keySharedMode: 'AUTO_SPLIT', consumers: []}), null)
})

test('ranges are read in both spellings and sorted', () => {
  const expected = [
    {start: 1, end: 5},
    {start: 9, end: 12},
  ]
  assert.deepEqual(
    reportedRanges({
      keyHashRangeArrays: [
        [9, 12],
        [1, 5],
      ],
    }),
    expected,
  )
  assert.deepEqual(reportedRanges({keyHashRanges: ['[9, 12]', '[1, 5]']}), expected)
})
