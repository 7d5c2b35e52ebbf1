import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {BacklogReport} from '../../src/domain/backlog/report.js'
import {askCli, runCli} from '../support/cli.js'
import {live, openScene} from '../support/live.js'

test(
  'a backlog that nobody takes is stalled, and of known age',
  live(async (_t, place) => {
    const topic = place.topic('orders')
    await place.admin.createPartitionedTopic(topic, 2)
    await place.admin.createSubscription(topic, 'decision', 'earliest')
    const producer = await place.transport.produce(topic)
    const before = Date.now()
    for (let at = 0; at < 50; at++) await producer.send({key: `user-${String(at)}`, payload: Buffer.from('x')})
    await producer.close()
    const report = await askCli<BacklogReport>(['backlog', 'show', topic.full, 'decision', '--window', '1'])
    assert.equal(report.total.backlogEntries, 50)
    assert.equal(report.total.verdict, 'stalled')
    assert.deepEqual(report.total.drainMs, {low: null, high: null})
    assert.ok((report.total.oldestAgeMs ?? 0) > 0 && (report.total.oldestAgeMs ?? 0) <= Date.now() - before)
    assert.equal(
      report.partitions.reduce((sum, {backlogEntries}) => sum + (backlogEntries ?? 0), 0),
      50,
    )
    const text = await runCli(['backlog', 'show', topic.full, 'decision', '--window', '1'])
    assert.match(text.stdout, /^all +50 .* stalled$/m)
  }),
)

test(
  'rates come from live counters',
  live(async (t, place) => {
    const scene = await openScene(t, place, {ratePerSecond: 200})
    const [topic] = (await place.admin.topics('public', place.namespace.replace('public/', ''))) as [string]
    const report = await askCli<BacklogReport>(['backlog', 'show', topic.replace(/-partition-\d+$/, ''), 'decision'])
    const {rateInPerSecond, rateOutPerSecond} = report.total
    assert.ok(Math.abs((rateInPerSecond ?? 0) - 200) < 40, `in ${String(rateInPerSecond)}/s`)
    assert.ok(Math.abs((rateOutPerSecond ?? 0) - 200) < 40, `out ${String(rateOutPerSecond)}/s`)
    await scene.settle()
  }),
)

test(
  'an empty backlog has no age and nothing to drain',
  live(async (_t, place) => {
    const topic = place.topic('orders')
    await place.admin.createTopic(topic)
    await place.admin.createSubscription(topic, 'decision', 'earliest')
    const {total} = await askCli<BacklogReport>(['backlog', 'show', topic.full, 'decision', '--window', '1'])
    assert.equal(total.verdict, 'empty')
    assert.equal(total.oldestAgeMs, null)
    assert.deepEqual(total.drainMs, {low: 0, high: 0})
  }),
)
