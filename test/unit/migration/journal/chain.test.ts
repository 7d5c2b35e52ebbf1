import assert from 'node:assert/strict'
import {appendFile, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {test} from 'node:test'

import {FileJournal} from '../../../../src/clients/journal/file-journal.js'
import type {JournalEntry, JournalLine} from '../../../../src/clients/journal/journal-store.js'
import {viewLines} from '../../../../src/domain/migration/journal/chain.js'
import {temporaryFolder} from '../../../support/shells/folder.js'
import {chain, claimOn, following, request} from '../../../support/reports/journal-entries.js'

test('an intact chain with a request between the entries: every entry counts', () => {
  const [first, second, third] = chain(3) as [JournalEntry, JournalEntry, JournalEntry]
  const lines = [first, second, request('postpone', 'r1'), third]
  const view = viewLines(lines)
  assert.deepEqual(view.entries, [first, second, third])
  assert.deepEqual(
    view.requests.map(({requestId}) => requestId),
    ['r1'],
  )
  assert.deepEqual([view.voided, view.broken], [[], null])
})

const TAMPERED: ReadonlyArray<
  readonly [what: string, lines: (whole: JournalEntry[]) => JournalLine[], broken: number]
> = [
  ['a value was changed', (whole) => whole.with(1, {...whole[1], data: {at: 9}} as JournalEntry), 1],
  ['the first is missing', (whole) => whole.slice(1), 0],
  ['one in between is missing', (whole) => whole.toSpliced(2, 1), 2],
  ['two were exchanged', (whole) => [whole[0], whole[2], whole[1], whole[3]] as JournalEntry[], 1],
  ['a request was changed', (whole) => [...whole, {...request('abort', 'r'), verb: 'cutover'}], 4],
]

for (const [what, change, broken] of TAMPERED) {
  test(`altered, ${what}: the line number is reported`, () => {
    assert.equal(viewLines(change(chain(4))).broken, broken)
  })
}

test('of two processes that write at the same time the first wins, and all entries of the other are void', () => {
  const [first] = chain(1) as [JournalEntry]
  const mine = following([first], 'pause')
  const theirs = following([first], 'run', 'intent')
  const mineToo = following([first, mine], 'drain')
  const theirsToo = following([first, theirs], 'disconnect')
  const view = viewLines([first, theirs, mine, theirsToo, mineToo])
  assert.deepEqual(view.entries, [first, theirs, theirsToo])
  assert.deepEqual([view.voided, view.broken], [[2, 4], null])
})

test('a line cut off by a crash does not count, and the next one follows the last complete one', async (t) => {
  const folder = await temporaryFolder(t)
  const journal = new FileJournal(folder)
  const [first, second] = chain(2) as [JournalEntry, JournalEntry]
  await journal.create('m1')
  await journal.append('m1', [first])
  await appendFile(join(folder, 'm1.ndjson'), '{"step":"fen')
  assert.deepEqual(await journal.read('m1'), [first])
  assert.equal(await journal.append('m1', [second]), 1)
  assert.deepEqual(await journal.read('m1'), [first, second])
})

test('an id can only name a file in the folder', async (t) => {
  const folder = await temporaryFolder(t)
  const journal = new FileJournal(join(folder, 'journal'))
  await writeFile(join(folder, 'secret.ndjson'), 'secret')
  await assert.rejects(journal.read('../secret'), {code: 'E_MIGRATION_NOT_FOUND'})
  await journal.create('../escape')
  assert.deepEqual(await journal.list(), ['../escape'])
  await assert.rejects(readFile(join(folder, 'escape.ndjson')), {code: 'ENOENT'})
})

test('a folder that cannot be created: the error names it and the flag', async (t) => {
  const folder = await temporaryFolder(t)
  await writeFile(join(folder, 'file'), '')
  const journal = new FileJournal(join(folder, 'file', 'journal'))
  await assert.rejects(journal.create('m1'), {code: 'E_JOURNAL_UNUSABLE'})
  assert.deepEqual(await new FileJournal(join(folder, 'absent')).list(), [])
  assert.equal(await new FileJournal(join(folder, 'absent')).holder(claimOn('t').subject), null)
})
