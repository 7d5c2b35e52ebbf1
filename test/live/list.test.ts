import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {Diagnosis} from '../../src/domain/diagnosis/diagnose.js'
import type {SubscriptionList} from '../../src/domain/subscriptions/list.js'
import {askCli, parseDocument, runCli} from '../support/cli.js'
import {FaultLab, SUB} from '../support/fault-lab.js'
import {live, openScene, until} from '../support/live.js'
import {brokerBehind} from '../support/proxy.js'

test(
  "list: one row for a partitioned topic, by the brokers' copies and by each topic",
  live(async (t, place) => {
    const scene = await openScene(t, place)
    const fresh = await askCli<SubscriptionList>(['subscriptions', 'list', place.namespace, '--fresh'])
    assert.equal(fresh.source, 'topic-stats')
    assert.equal(fresh.maxAgeMs, 0)
    assert.equal(fresh.complete, true)
    assert.equal(fresh.subscriptions.length, 1)
    const [row] = fresh.subscriptions
    assert.equal(row?.partitions, 4)
    assert.equal(row.type, 'Shared')
    assert.equal(row.consumers, 4)
    await until('the broker renewing its copy', async () => {
      const list = await askCli<SubscriptionList>(['subscriptions', 'list', place.namespace])
      assert.equal(list.subscriptions.length, 1, 'while the copy is empty, the topics are asked')
      const [copy] = list.subscriptions
      return list.source === 'broker-stats' && copy?.partitions === 4 && copy.consumers === 4
    })
    const text = await runCli(['subscriptions', 'list', place.namespace, '--fresh'])
    assert.match(text.stdout, /decision +Shared +4 +4 /)
    await scene.settle()
  }),
)

test(
  'list: filters, order, limit and forms of output; a broker that does not answer is named',
  live(async (t, place) => {
    const lab = await FaultLab.open(place, 2)
    await lab.publish(40, ['a', 'b', 'c'])
    await lab.join({name: 'worker-0', habit: 'ignore', type: 'Key_Shared', topic: lab.partition(0)})
    const idle = place.topic('idle')
    await place.admin.createTopic(idle)
    await place.admin.createSubscription(idle, SUB, 'earliest')
    const args = ['subscriptions', 'list', place.namespace, '--fresh']
    const names = async (...more: string[]): Promise<string[]> => {
      const {subscriptions} = await askCli<SubscriptionList>([...args, ...more])
      return subscriptions.map((row) => row.topic.replace(/.*\//, ''))
    }
    assert.deepEqual(await names(), ['idle', 'orders'])
    assert.deepEqual(await names('--sort', 'backlog', '--limit', '1'), ['orders'])
    assert.deepEqual(await names('--type', 'Key_Shared'), ['orders'])
    assert.deepEqual(await names('--type', 'Failover', '--type', 'Shared'), [])
    assert.deepEqual(await names('--min-backlog', '40', '--no-consumers'), ['orders'])
    assert.deepEqual(await names('--blocked'), [])
    const {matched, subscriptions} = await askCli<SubscriptionList>([...args, '--limit', '1'])
    assert.deepEqual([matched, subscriptions.length], [2, 1])
    const cut = await runCli([...args, '--limit', '1', '--output', 'ndjson'])
    assert.match(cut.stderr, /only 1 of 2 are listed; raise --limit/)
    const none = await runCli([...args, '--blocked', '--output', 'ndjson'])
    assert.deepEqual([none.code, none.stdout], [0, ''])

    const lines = async (output: string): Promise<string[]> =>
      (await runCli([...args, '--output', output])).stdout.trimEnd().split('\n')
    const [head, , orders] = await lines('csv')
    assert.match(head ?? '', /^topic,subscription,type,partitions,consumers,/)
    assert.match(orders ?? '', /orders,decision,Key_Shared,2,1,1,40,/)
    assert.equal((await lines('tsv'))[2], orders?.replaceAll(',', '\t'))
    const rows = (await lines('ndjson')).map((line) => JSON.parse(line) as SubscriptionList['subscriptions'][number])
    assert.deepEqual(
      rows.map(({backlogEntries}) => backlogEntries),
      [0, 40],
    )
    assert.match((await lines('wide')).join('\n'), /orders +decision .* no consumer on 1 partitions/)
    assert.deepEqual(parseDocument<SubscriptionList>((await lines('json')).join('\n')).result.matched, 2)
    const both = await runCli([...args, '--output', 'csv', '--json'])
    assert.deepEqual([both.code, parseDocument(both.stdout).error.code], [2, 'E_OUTPUT_JSON'])

    const missing = await brokerBehind(t, place.addresses.adminUrl, {
      change: (path, body) => (path === '/admin/v2/brokers' ? body.replace(']', ',"127.0.0.1:1"]') : body),
    })
    const some = await askCli<SubscriptionList>(['subscriptions', 'list', '--admin-url', missing])
    assert.deepEqual([some.complete, some.failedBrokers.map(({broker}) => broker)], [false, ['127.0.0.1:1']])
    const strict = await runCli(['subscriptions', 'list', '--admin-url', missing, '--strict', '--json'])
    assert.deepEqual([strict.code, parseDocument(strict.stdout).error.code], [4, 'E_INCOMPLETE'])
    const doctor = await askCli<Diagnosis>(['doctor', place.namespace, '--window', '1s', '--admin-url', missing])
    assert.deepEqual([doctor.complete, doctor.failed.map((one) => one.topic)], [false, ['what 127.0.0.1:1 serves']])
  }),
)
