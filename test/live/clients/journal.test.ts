import assert from 'node:assert/strict'
import {join} from 'node:path'
import {test} from 'node:test'

import {ClusterJournal, JOURNAL_TOPICS} from '../../../src/clients/journal/cluster-journal.js'
import {FileJournal} from '../../../src/clients/journal/file-journal.js'
import type {JournalEntry, JournalStore} from '../../../src/clients/journal/journal-store.js'
import {PulsarAdmin} from '../../../src/clients/pulsar-admin/admin.js'
import type {MigrationList} from '../../../src/domain/migration/journal/status.js'
import {ANN, chain, claimOn, following, request} from '../../support/reports/journal-entries.js'
import {ask, live, type Place} from '../../support/servers/live.js'
import {cuttingProxy} from '../../support/servers/proxy.js'
import {askCli, parseDocument, runCli} from '../../support/shells/cli.js'

const STORES: ReadonlyArray<readonly [name: string, open: (place: Place) => JournalStore]> = [
  ['file', (place) => new FileJournal(join(place.folder, 'journal'))],
  ['cluster', (place) => new ClusterJournal(place.admin, place.namespace)],
]

for (const [name, open] of STORES) {
  test(
    `${name} journal: all readers get the lines in order, and a writer learns that others wrote`,
    live(async (_t, place) => {
      const subject = claimOn(place.topic('orders').full).subject
      const mine = open(place)
      const other = open(place)
      const entries = chain(12)
      await mine.create('m1', subject)
      assert.deepEqual(await mine.read('m1'), [])
      assert.equal(await mine.append('m1', entries.slice(0, 2)), 0)
      assert.equal(await other.append('m1', [request('postpone', 'r1')]), 2)
      assert.equal(await mine.append('m1', entries.slice(2, 3)), 3, 'one line of another lies before it')
      assert.equal(await mine.append('m1', entries.slice(3)), 4)
      const all = [...entries.slice(0, 2), request('postpone', 'r1'), ...entries.slice(2)]
      assert.deepEqual(await mine.read('m1'), all)
      assert.deepEqual(await other.read('m1', 11), all.slice(11))
      assert.deepEqual(await open(place).read('m1'), all)
      assert.deepEqual(await open(place).list(), ['m1'])
      await other.remove('m1')
      assert.deepEqual(await open(place).list(), [])
      await assert.rejects(open(place).read('m1'), {code: 'E_MIGRATION_NOT_FOUND'})
    }),
  )

  test(
    `${name} journal: of many that claim a topic at once one gets it, and only it can release it`,
    live(async (_t, place) => {
      const topic = place.topic('orders').full
      const ids = Array.from({length: 8}, (_, index) => `m${String(index)}`)
      await open(place).create('m0', claimOn(topic).subject)
      const holders = await Promise.all(ids.map((id) => open(place).claim(claimOn(topic, id))))
      const [holder] = holders
      assert.ok(holder)
      assert.equal(new Set(holders.map(({migrationId}) => migrationId)).size, 1)
      const other = claimOn(topic, ids.find((id) => id !== holder.migrationId) ?? '')
      await open(place).release(other)
      assert.equal((await open(place).claim(other)).migrationId, holder.migrationId)
      const beat = {at: '2026-01-01T00:00:02.000Z', who: ANN, step: 'drain', waitingFor: 'acks of "ä"'}
      await open(place).writeHeartbeat(holder, beat)
      assert.deepEqual(await open(place).holder(holder.subject), {claim: holder, heartbeat: beat})
      await open(place).release(holder)
      assert.equal(await open(place).holder(holder.subject), null)
      assert.equal((await open(place).claim(other)).migrationId, other.migrationId)
      await open(place).release(other)
    }),
  )
}

test(
  'cluster journal: no line is lost by topic unloads, or by connections that close before or after the broker has stored it',
  live(async (t, place) => {
    const subject = claimOn(place.topic('orders').full).subject
    const proxy = await cuttingProxy(t, place.addresses.adminUrl)
    const admin = new PulsarAdmin({url: proxy.url})
    t.after(() => admin.close())
    const journal = new ClusterJournal(admin, place.namespace)
    await journal.create('m1', subject)
    const entries: JournalEntry[] = []
    const path = `/persistent/${place.namespace}/__keyshift-journal-m1/unload`
    for (const fault of ['none', 'cut-request', 'unload', 'cut-answer', 'unload', 'cut-answer', 'cut-request']) {
      const two = [
        following(entries, 'restrict-types'),
        following([...entries, following(entries, 'restrict-types')], 'pause'),
      ]
      if (fault === 'unload') await ask(place.addresses, 'PUT', path)
      if (fault.startsWith('cut')) proxy.cutNext(/topics\/persistent/, fault === 'cut-answer' ? 'answer' : 'request')
      assert.equal(await journal.append('m1', two), entries.length, fault)
      entries.push(...two)
    }
    assert.equal(proxy.cuts, 4)
    assert.deepEqual(await journal.read('m1'), entries)
    assert.deepEqual(await new ClusterJournal(place.admin, place.namespace).read('m1'), entries)
  }),
)

test(
  'a journal that cannot be read does not hide the other migrations from the list',
  live(async (_t, place) => {
    const journal = new ClusterJournal(place.admin, place.namespace)
    await journal.create('m1', claimOn(place.topic('orders').full).subject)
    await journal.append('m1', chain(2))
    const flags = ['--journal', 'cluster', '--namespace', place.namespace]
    const all = await askCli<MigrationList>(['migrate', 'list', ...flags])
    assert.deepEqual([all.migrations.map(({id}) => id), all.unreadable], [['m1'], []])

    for (const [id, text] of [
      ['m2', 'not json'],
      ['m3', 'null'],
    ] as const) {
      await place.admin.createTopic(place.topic(JOURNAL_TOPICS + id))
      await place.admin.publish(place.topic(JOURNAL_TOPICS + id), [text])
    }
    const {stdout} = await runCli(['migrate', 'list', '--json', ...flags])
    const {result, warnings} = parseDocument<MigrationList>(stdout)
    assert.deepEqual([result.migrations, result.unreadable.map(({id}) => id)], [all.migrations, ['m2', 'm3']])
    const cause =
      /the journal of migration m2 could not be read: message 1 of persistent:.*-m2 is not a line of a journal/
    assert.match(warnings.join(), cause)

    // Without another migration, too.
    await journal.remove('m1')
    const only = await runCli(['migrate', 'list', ...flags])
    assert.equal(only.code, 0)
    assert.match(only.stdout, /^No readable migrations found\.$/m)
    assert.match(only.stderr, cause)
    const status = await runCli(['migrate', 'status', 'm2', '--json', ...flags])
    assert.deepEqual([status.code, parseDocument(status.stdout).error.code], [5, 'E_JOURNAL_BROKEN'])
  }),
)
