import assert from 'node:assert/strict'
import {appendFile, mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {test, type TestContext} from 'node:test'

import {FileJournal} from '../../src/clients/journal/file-journal.js'
import {type Claim, type JournalEntry, nextEntry} from '../../src/clients/journal/journal.js'

const WHO = {user: 'ann', host: 'elsewhere', pid: 1}
const CLAIM: Claim = {migrationId: 'm1', who: WHO, since: '2026-01-01T00:00:00.000Z'}

async function openJournal(t: TestContext): Promise<FileJournal> {
  const folder = await mkdtemp(join(tmpdir(), 'keyshift-journal-'))
  t.after(() => rm(folder, {recursive: true}))
  return new FileJournal(folder)
}

function chain(length: number): JournalEntry[] {
  const entries: JournalEntry[] = []
  for (let at = 0; at < length; at++) {
    const record = {
      step: 'fence',
      phase: 'applied',
      data: {at},
      migrationId: 'm1',
      at: 'now',
      who: WHO,
      planDigest: 'd',
    } as const
    entries.push(nextEntry(entries.at(-1), record))
  }
  return entries
}

test('what was appended is read back in order', async (t) => {
  const journal = await openJournal(t)
  const entries = chain(3)
  for (const entry of entries) await journal.append('m1', entry)
  assert.deepEqual(await journal.read('m1'), entries)
  assert.deepEqual(await journal.list(), ['m1'])
})

test('a line cut off by a crash never counted, and the next entry follows the last whole one', async (t) => {
  const journal = await openJournal(t)
  const [first, second] = chain(2) as [JournalEntry, JournalEntry]
  await journal.append('m1', first)
  await appendFile(join(journal.place, 'm1.ndjson'), '{"step":"fen')
  assert.deepEqual(await journal.read('m1'), [first])
  await journal.append('m1', second)
  assert.deepEqual(await journal.read('m1'), [first, second])
})

test('a journal that was altered is refused, and says where', async (t) => {
  const journal = await openJournal(t)
  for (const entry of chain(3)) await journal.append('m1', entry)
  const file = join(journal.place, 'm1.ndjson')
  const text = await readFile(file, 'utf8')
  await writeFile(file, text.replace('{"at":1}', '{"at":9}'))
  await assert.rejects(journal.read('m1'), {code: 'E_JOURNAL_BROKEN', data: {migrationId: 'm1', entry: 1}})
  await writeFile(file, text.split('\n').slice(1).join('\n'))
  await assert.rejects(journal.read('m1'), {code: 'E_JOURNAL_BROKEN', data: {migrationId: 'm1', entry: 0}})
})

test('a migration that is not there', async (t) => {
  const journal = await openJournal(t)
  await assert.rejects(journal.read('nope'), {code: 'E_MIGRATION_NOT_FOUND'})
  await assert.rejects(journal.read('../../etc/passwd'), {code: 'E_MIGRATION_NOT_FOUND'})
})

test('a second operator is refused and told who is at work', async (t) => {
  const journal = await openJournal(t)
  await journal.claim('s', CLAIM, false)
  await assert.rejects(journal.claim('s', {...CLAIM, migrationId: 'm2'}, false), (error: Error) => {
    assert.equal('code' in error && error.code, 'E_CLAIMED')
    assert.match(error.message, /m1, run by ann@elsewhere pid 1 since 2026-01-01/)
    return true
  })
  await journal.release('s', 'm2')
  await assert.rejects(journal.claim('s', {...CLAIM, migrationId: 'm2'}, true), {code: 'E_CLAIMED'})
  await journal.release('s', 'm1')
  await journal.claim('s', {...CLAIM, migrationId: 'm2'}, false)
})

test('the same migration claims again only when its process is known to be gone, or on demand', async (t) => {
  const journal = await openJournal(t)
  await journal.claim('s', CLAIM, false)
  await assert.rejects(journal.claim('s', CLAIM, false), {code: 'E_CLAIMED'})
  await journal.claim('s', CLAIM, true)
  assert.equal((await readdir(journal.place)).filter((file) => file.endsWith('.claim')).length, 1)
})

test('a folder that can not be made: the error names it and the flag', async (t) => {
  const {place} = await openJournal(t)
  await writeFile(join(place, 'file'), '')
  const journal = new FileJournal(join(place, 'file', 'journal'))
  await assert.rejects(journal.claim('s', CLAIM, false), {code: 'E_JOURNAL_UNUSABLE'})
  assert.deepEqual(await new FileJournal(join(place, 'absent')).list(), [])
})
