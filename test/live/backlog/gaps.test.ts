import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {GapReport, GapRow} from '../../../src/domain/backlog/gap-report.js'
import {FaultLab, SUB} from '../../support/faults/fault-lab.js'
import {live, until} from '../../support/servers/live.js'
import {askCli, runCli} from '../../support/shells/cli.js'

const entriesOf = ({first, last}: GapRow): number[] => [first, last].map((position) => Number(position.split(':')[1]))

test(
  'gaps are the skipped messages before acknowledged ones, with key and age if they are read, and no cursor moves',
  live(async (_t, place) => {
    const lab = await FaultLab.open(place, null)
    const ask = ['backlog', 'gaps', lab.topic.full, SUB]
    const none = await runCli(ask)
    assert.match(none.stdout, /^No gaps: every acknowledged entry of persistent:/)

    await lab.join({
      name: 'worker-0',
      type: 'Shared',
      habit: ({key}) => (key?.startsWith('skip') === true ? 'ignore' : 'ack'),
    })
    const before = Date.now()
    for (const key of ['skip-1', 'a', 'skip-2', 'skip-3', 'b', 'c', 'skip-4']) await lab.publish(1, [key])
    await until('two gaps', async () => {
      const {cursors = {}} = await place.admin.internalStats(lab.topic)
      return cursors[SUB]?.individuallyDeletedMessages?.split('],').length === 2
    })
    const {cursors: cursorsBefore} = await place.admin.internalStats(lab.topic)

    const plain = await askCli<GapReport>(ask)
    assert.deepEqual(plain.gaps.map(entriesOf), [
      [0, 0],
      [2, 3],
    ])
    assert.deepEqual(plain.total, {gaps: 2, entries: 3})
    assert.deepEqual(
      plain.gaps.map(({ageMs, consumer, entries, key}) => [entries, key, ageMs, consumer]),
      [
        [1, null, null, 'worker-0'],
        [2, null, null, 'worker-0'],
      ],
    )

    const read = await askCli<GapReport>([...ask, '--read'])
    assert.deepEqual(
      read.gaps.map(({key}) => key),
      ['skip-1', 'skip-2'],
    )
    for (const {ageMs} of read.gaps) assert.ok((ageMs ?? -1) >= 0 && (ageMs ?? 0) <= Date.now() - before, String(ageMs))

    const one = await runCli([...ask, '--max', '1', '--output', 'ndjson'])
    assert.equal(one.stdout.trimEnd().split('\n').length, 1)
    assert.match(one.stderr, /listing 1 of 2 gaps/)
    const csv = await runCli([...ask, '--output', 'csv'])
    assert.match(csv.stdout, /^partition,first,last,entries,.*\n,\d+:0,\d+:0,1,/)

    const {cursors: cursorsAfter} = await place.admin.internalStats(lab.topic)
    assert.equal(cursorsAfter?.[SUB]?.markDeletePosition, cursorsBefore?.[SUB]?.markDeletePosition)
    assert.equal(cursorsAfter?.[SUB]?.readPosition, cursorsBefore?.[SUB]?.readPosition)
  }),
)
