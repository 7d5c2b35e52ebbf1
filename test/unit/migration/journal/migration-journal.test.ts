import assert from 'node:assert/strict'
import {appendFile, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {test} from 'node:test'

import {FileJournal} from '../../../../src/clients/journal/file-journal.js'
import type {Actor} from '../../../../src/clients/journal/journal-store.js'
import {MigrationJournal} from '../../../../src/domain/migration/journal/migration-journal.js'
import type {MigrationPlan} from '../../../../src/domain/migration/plan/plan.js'
import {temporaryFolder} from '../../../support/shells/folder.js'

const ME: Actor = {user: 'me', host: 'here', pid: 1}
const OTHER: Actor = {user: 'you', host: 'there', pid: 2}
const PLAN = {digest: 'd'} as MigrationPlan

test('a line that the store has twice is not a takeover, and another writer is one', async (t) => {
  const folder = await temporaryFolder(t)
  const store = new FileJournal(folder)
  await store.create('id')
  const journal = MigrationJournal.begin(store, 'id', PLAN, ME)
  await journal.addDurably('run', 'intent')
  await journal.addDurably('restrict-types', 'captured')
  const file = join(folder, 'id.ndjson')
  const last = (await readFile(file, 'utf8')).trim().split('\n').at(-1) ?? ''
  await appendFile(file, `${last}\n`)
  await journal.refresh()
  await journal.addDurably('restrict-types', 'intent')
  assert.deepEqual(
    journal.history.map(({phase, step}) => `${step} ${phase}`),
    ['run intent', 'restrict-types captured', 'restrict-types intent'],
  )

  const late = MigrationJournal.begin(store, 'id', PLAN, OTHER)
  await assert.rejects(late.addDurably('run', 'intent'), {code: 'E_TAKEN_OVER'})
  await assert.rejects(journal.refresh(), {code: 'E_TAKEN_OVER'})
})
