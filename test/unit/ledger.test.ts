import assert from 'node:assert/strict'
import {appendFile, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {test} from 'node:test'

import {FileJournal} from '../../src/clients/journal/file-journal.js'
import type {Actor} from '../../src/clients/journal/journal-store.js'
import {MigrationLedger} from '../../src/domain/migration/journal/migration-journal.js'
import type {MigrationPlan} from '../../src/domain/migration/plan/plan.js'
import {temporaryFolder} from '../support/folder.js'

const ME: Actor = {user: 'me', host: 'here', pid: 1}
const OTHER: Actor = {user: 'you', host: 'there', pid: 2}
const PLAN = {digest: 'd'} as MigrationPlan

test('a line that the store has twice is no takeover, and another writer is', async (t) => {
  const folder = await temporaryFolder(t)
  const store = new FileJournal(folder)
  await store.create('id')
  const ledger = MigrationLedger.begin(store, 'id', PLAN, ME)
  await ledger.append('run', 'intent')
  await ledger.append('fence', 'captured')
  const file = join(folder, 'id.ndjson')
  const last = (await readFile(file, 'utf8')).trim().split('\n').at(-1) ?? ''
  await appendFile(file, `${last}\n`)
  await ledger.refresh()
  await ledger.append('fence', 'intent')
  assert.deepEqual(
    ledger.history.map(({phase, step}) => `${step} ${phase}`),
    ['run intent', 'fence captured', 'fence intent'],
  )

  const late = MigrationLedger.begin(store, 'id', PLAN, OTHER)
  await assert.rejects(late.append('run', 'intent'), {code: 'E_TAKEN_OVER'})
  await assert.rejects(ledger.refresh(), {code: 'E_TAKEN_OVER'})
})
