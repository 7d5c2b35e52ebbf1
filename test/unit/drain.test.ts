import assert from 'node:assert/strict'
import {test} from 'node:test'

import {type CursorLook, drainProof, isDrained} from '../../src/domain/migration/drain.js'

function look(changes: Partial<CursorLook> & {markDelete?: string; read?: string; holes?: string} = {}): CursorLook {
  const {holes = '[]', markDelete = '5:9', read = '5:10', ...rest} = changes
  return {
    partition: 0,
    cursor: {markDeletePosition: markDelete, readPosition: read, individuallyDeletedMessages: holes},
    ledgers: [{ledgerId: 5, entries: 0}],
    backlogEntries: 3,
    throttledReads: 1,
    deliveredMessages: 10,
    holders: [],
    ...rest,
  }
}

const thrice = (one: CursorLook): CursorLook[] => [one, one, one]

test('drained: the read position stands directly behind the mark-delete position', () => {
  assert.equal(isDrained(look()), true)
  assert.equal(isDrained(look({markDelete: '5:-1', read: '5:0'})), true)
  assert.equal(isDrained(look({read: '5:11'})), false)
  assert.equal(isDrained(look({holes: '[(5:3..5:7]]', read: '5:10'})), false)
  assert.equal(isDrained(look({markDelete: 'nonsense'})), false)
})

test('drained across ledgers: only when nothing lies between', () => {
  const ledgers = [
    {ledgerId: 5, entries: 10},
    {ledgerId: 7, entries: 0},
    {ledgerId: 9, entries: 4},
  ]
  assert.equal(isDrained(look({ledgers, markDelete: '5:9', read: '9:0'})), true)
  assert.equal(isDrained(look({ledgers, markDelete: '5:8', read: '9:0'})), false)
  assert.equal(isDrained(look({ledgers, markDelete: '5:9', read: '9:1'})), false)
  const between = [
    {ledgerId: 5, entries: 10},
    {ledgerId: 7, entries: 2},
    {ledgerId: 9, entries: 4},
  ]
  assert.equal(isDrained(look({ledgers: between, markDelete: '5:9', read: '9:0'})), false)
  // A ledger whose entries are all consumed may be trimmed away.
  assert.equal(isDrained(look({ledgers: [{ledgerId: 9, entries: 4}], markDelete: '5:9', read: '9:0'})), true)
})

test('the proof needs three looks that stand still, and a read that was held back', () => {
  assert.equal(drainProof(thrice(look()), 0), 'throttled')
  assert.equal(drainProof([look(), look()], 0), null)
  assert.equal(drainProof([look({markDelete: '5:8', read: '5:9'}), look(), look()], 0), null)
  assert.equal(drainProof([look({read: '5:12'}), look(), look()], 0), null)
  assert.equal(drainProof(thrice(look()), 1), null, 'the count has not risen since the pause')
})

test('a count that went back belongs to a topic loaded since the pause', () => {
  assert.equal(drainProof(thrice(look({throttledReads: 2})), 40), 'throttled')
  assert.equal(drainProof(thrice(look({throttledReads: 0})), 40), null)
})

test('brokers that do not count: a backlog that stays untouched, or none at all', () => {
  assert.equal(drainProof(thrice(look({throttledReads: null})), null), 'untouched')
  assert.equal(drainProof(thrice(look({throttledReads: null, backlogEntries: 0})), null), 'idle')
  const fresh = look({throttledReads: null, backlogEntries: 0})
  assert.equal(drainProof([fresh, fresh, look({throttledReads: null})], null), null)
})

test('a partition without traffic is drained although nothing could be held back', () => {
  assert.equal(drainProof(thrice(look({backlogEntries: 0, throttledReads: 0})), 0), 'idle')
})
