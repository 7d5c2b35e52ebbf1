import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {Actor, JournalLine, JournalStore} from '../../src/clients/journal/journal.js'
import {MigrationLedger} from '../../src/domain/migration/ledger.js'
import type {MigrationPlan} from '../../src/domain/migration/plan.js'

const ME: Actor = {user: 'me', host: 'here', pid: 1}
const OTHER: Actor = {user: 'you', host: 'there', pid: 2}
const PLAN = {digest: 'd'} as MigrationPlan

/** A log in memory, of which only what a ledger needs is there. */
function storeOf(log: JournalLine[], copies: () => number): JournalStore {
  return {
    append: (_id: string, lines: readonly JournalLine[]) => {
      for (let copy = 0; copy < copies(); copy++) log.push(...lines)
      return Promise.resolve(log.length - lines.length)
    },
    read: (_id: string, from = 0) => Promise.resolve(log.slice(from)),
  } as unknown as JournalStore
}

test('a line that the store has twice is no takeover, and another writer is', async () => {
  const log: JournalLine[] = []
  let copies = 1
  const store = storeOf(log, () => copies)
  const ledger = MigrationLedger.begin(store, 'id', PLAN, ME)
  await ledger.append('run', 'intent')
  copies = 2
  await ledger.append('fence', 'captured')
  await ledger.refresh()
  copies = 1
  await ledger.append('fence', 'intent')
  assert.equal(log.length, 4)
  assert.equal(ledger.history.length, 3)

  const late = MigrationLedger.begin(store, 'id', PLAN, OTHER)
  await assert.rejects(late.append('run', 'intent'), {code: 'E_TAKEN_OVER'})
  await assert.rejects(ledger.refresh(), {code: 'E_TAKEN_OVER'})
})
