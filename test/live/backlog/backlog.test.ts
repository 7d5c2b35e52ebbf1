import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {BacklogReport} from '../../../src/domain/backlog/backlog-report.js'
import {askCli, parseDocument, runCli, startCli} from '../../support/shells/cli.js'
import {KEYS} from '../../support/faults/fault-load.js'
import {FaultLab, SUB} from '../../support/faults/fault-lab.js'
import {createTopic, live, openWorkload, publishKeys, until, userKeys} from '../../support/servers/live.js'

/** The messages are younger than the default. */
const STUCK = ['--window', '1s', '--stuck-after', '500ms']

test(
  'a backlog without consumers is stalled and has a known age',
  live(async (_t, place) => {
    const topic = await createTopic(place, {partitions: 2, subscription: 'decision'})
    const before = Date.now()
    await publishKeys(place, topic, userKeys(50))
    const report = await askCli<BacklogReport>(['backlog', 'show', topic.full, 'decision', ...STUCK])
    assert.equal(report.total.backlogEntries, 50)
    assert.equal(report.total.verdict, 'stalled')
    assert.deepEqual(report.total.drainMs, {low: null, high: null})
    assert.equal(report.total.oldestAgeBy, 'message')
    assert.ok((report.total.oldestAgeMs ?? 0) > 0 && (report.total.oldestAgeMs ?? 0) <= Date.now() - before)
    assert.equal(
      report.partitions.reduce((sum, {backlogEntries}) => sum + (backlogEntries ?? 0), 0),
      50,
    )
    const text = await runCli(['backlog', 'show', topic.full, 'decision', ...STUCK])
    assert.match(text.stdout, /^all +50 .* stalled$/m)
  }),
)

test(
  'the age is that of the oldest unacked message, after acknowledged ones',
  live(async (_t, place) => {
    const lab = await FaultLab.open(place, null)
    await lab.join({name: 'worker-0', habit: ({key}) => (key === 'late' ? 'ignore' : 'ack')})
    await lab.publish(20, KEYS)
    await until('all acknowledged', async () => {
      const {subscriptions = {}} = await place.admin.topicStats(lab.topic, {getPreciseBacklog: true})
      return subscriptions[SUB]?.msgBacklog === 0
    })
    const before = Date.now()
    await lab.publish(1, ['late'])
    const {total} = await askCli<BacklogReport>(['backlog', 'show', lab.topic.full, SUB, '--window', '2s'])
    const age = total.oldestAgeMs ?? 0
    assert.deepEqual([total.backlogEntries, total.oldestAgeBy], [1, 'message'])
    assert.ok(age >= 2000 && age <= Date.now() - before, `${String(age)} ms`)
    assert.deepEqual([total.unackedMessages, total.delayedMessages, total.backlogMessages], [1, 0, 1])
  }),
)

test(
  'rates come from live counters',
  live(async (t, place) => {
    const workload = await openWorkload(t, place, {ratePerSecond: 200})
    const [topic] = (await place.admin.topics('public', place.namespace.replace('public/', ''))) as [string]
    const report = await askCli<BacklogReport>(['backlog', 'show', topic.replace(/-partition-\d+$/, ''), 'decision'])
    const {rateAckedPerSecond, rateInPerSecond, rateOutPerSecond} = report.total
    assert.ok(Math.abs((rateInPerSecond ?? 0) - 200) < 40, `in ${String(rateInPerSecond)}/s`)
    assert.ok(Math.abs((rateOutPerSecond ?? 0) - 200) < 40, `out ${String(rateOutPerSecond)}/s`)
    assert.ok(Math.abs((rateAckedPerSecond ?? 0) - 200) < 40, `acknowledged ${String(rateAckedPerSecond)}/s`)
    await workload.settle()
  }),
)

test(
  'an empty backlog has no age and nothing to drain',
  live(async (_t, place) => {
    const topic = await createTopic(place, {subscription: 'decision'})
    const {total} = await askCli<BacklogReport>(['backlog', 'show', topic.full, 'decision', '--window', '1s'])
    assert.equal(total.verdict, 'empty')
    assert.equal(total.oldestAgeMs, null)
    assert.deepEqual(total.drainMs, {low: 0, high: 0})
  }),
)

test(
  'watch prints JSON lines until the backlog is drained; an unmet condition exits 8 with the next command',
  live(async (_t, place) => {
    const lab = await FaultLab.open(place, 2)
    await lab.publish(100, KEYS)
    const args = ['backlog', 'watch', lab.topic.full, SUB, '--every', '200ms']
    const late = await runCli([...args, '--until', 'drained', '--timeout', '2s', '--json'])
    assert.equal(late.code, 8)
    const {error} = parseDocument(late.stdout)
    assert.equal(error.code, 'E_NOT_REACHED')
    assert.match(error.message, /timed out: backlog not drained, 100 entries left/)
    assert.match(error.next[0] ?? '', /^keyshift doctor persistent:/)

    const {finished} = startCli([...args, '--until', 'drained', '--timeout', '30s'])
    await lab.join({name: 'worker-0', habit: 'ack'})
    const run = await finished
    assert.equal(run.code, 0, run.stderr)
    const samples = run.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as BacklogReport)
    assert.deepEqual(
      samples.at(-1)?.partitions.map(({verdict}) => verdict),
      ['empty', 'empty'],
    )
    const document = await askCli<BacklogReport>([...args, '--until', 'age<1s', '--timeout', '10s'])
    assert.equal(document.total.backlogEntries, 0)
    const wrong = await runCli([...args, '--until', 'never', '--json'])
    assert.deepEqual([wrong.code, parseDocument(wrong.stdout).error.code], [2, 'E_UNTIL'])
  }),
)
