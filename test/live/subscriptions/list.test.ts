import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {Diagnosis} from '../../../src/domain/doctor/diagnose.js'
import type {SubscriptionList} from '../../../src/domain/subscriptions/list/subscription-row.js'
import {askCli, parseDocument, runCli} from '../../support/shells/cli.js'
import {FaultLab, SUB} from '../../support/faults/fault-lab.js'
import {ask, live, openWorkload, until} from '../../support/servers/live.js'
import {brokerBehind} from '../../support/servers/proxy.js'

/** From the topic's name to the unacknowledged messages. */
const UNMOVED_COLUMNS = 8

test(
  "list: one row for a partitioned topic, by the brokers' copies and by each topic",
  live(async (t, place) => {
    const workload = await openWorkload(t, place)
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
    await workload.settle()
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

    const lines = async (output: string, ...more: string[]): Promise<string[]> =>
      (await runCli([...args, '--output', output, ...more])).stdout.trimEnd().split('\n')
    const [head, , orders] = await lines('csv')
    assert.match(head ?? '', /^topic,subscription,type,partitions,consumers,/)
    assert.match(orders ?? '', /orders,decision,Key_Shared,2,1,1,40,/)
    const tsv = await lines('tsv')
    assert.equal(tsv[0], head?.replaceAll(',', '\t'))
    // What stands behind these changes with the broker's averages, which may be renewed between the two.
    const unmoved = (line = '', separator: string): string[] => line.split(separator).slice(0, UNMOVED_COLUMNS)
    assert.deepEqual(unmoved(tsv[2], '\t'), unmoved(orders, ','))
    const backlogs = async (...sort: string[]): Promise<Array<number | null>> =>
      (await lines('ndjson', ...sort)).map(
        (line) => (JSON.parse(line) as SubscriptionList['subscriptions'][number]).backlogEntries,
      )
    assert.deepEqual(await backlogs('--sort', 'name'), [0, 40])
    assert.deepEqual(await backlogs('--sort', 'backlog'), [40, 0])
    assert.deepEqual(new Set(await backlogs()), new Set([0, 40]), 'as they come')
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

    const outside = await brokerBehind(t, place.addresses.adminUrl, {
      change: (path, body) => (path === '/admin/v2/brokers' ? '["127.0.0.1:1","127.0.0.1:2"]' : body),
    })
    const live = await askCli<SubscriptionList>(['subscriptions', 'list', place.namespace, '--admin-url', outside])
    assert.deepEqual(
      [live.source, live.sourceReason, live.complete, live.matched],
      ['topic-stats', 'brokers-unreachable', true, 2],
    )
  }),
)

test(
  'list: a subscription is silent since its last acknowledgement, and found by it in live statistics and by way of copies',
  live(async (t, place) => {
    const lab = await FaultLab.open(place, 2)
    const idle = place.topic('idle')
    await place.admin.createTopic(idle)
    await place.admin.createSubscription(idle, SUB, 'earliest')
    let settled = 0
    await lab.join({name: 'worker-0', habit: () => (settled++ < 5 ? 'ack' : 'ignore')})
    await lab.publish(20, ['a', 'b', 'c'])
    const args = ['subscriptions', 'list', place.namespace]
    const silent = async (...more: string[]): Promise<SubscriptionList['subscriptions']> =>
      (await askCli<SubscriptionList>([...args, ...more])).subscriptions
    await until(
      'the acknowledgements',
      async () => (await silent('--fresh', '--min-backlog', '15'))[0]?.backlogEntries === 15,
    )
    const parts = await Promise.all([0, 1].map((index) => place.admin.topicStats(lab.partition(index))))
    // A partition on which nothing was acknowledged is silent since somebody came; the one that is silent for longest counts.
    const since = parts
      .map(({subscriptions}) => subscriptions?.[SUB])
      .map(
        (stats) =>
          Math.max(stats?.lastAckedTimestamp ?? 0, stats?.lastMarkDeleteAdvancedTimestamp ?? 0) ||
          Date.parse(stats?.consumers?.[0]?.connectedSince ?? ''),
      )
    const fresh = await silent('--fresh')
    assert.deepEqual(
      fresh.map(({unackedSince}) => unackedSince),
      [null, new Date(Math.min(...since)).toISOString()],
    )
    await until('a second of silence', async () => (await silent('--fresh', '--since', '1s')).length === 1)
    assert.deepEqual(await silent('--fresh', '--since', '1h'), [])
    await until('the copy of it', async () => {
      const list = await askCli<SubscriptionList>([...args, '--min-backlog', '15'])
      return (
        list.source === 'broker-stats' &&
        list.subscriptions.length === 1 &&
        list.subscriptions[0]?.unackedSince === null
      )
    })
    for (const duration of ['1s', '12s']) {
      await until(`${duration} of silence`, async () => {
        const [row, ...more] = await silent('--since', duration)
        assert.deepEqual(more, [])
        return row?.unackedSince === fresh[1]?.unackedSince
      })
    }
    assert.deepEqual(await silent('--since', '1h'), [])
    assert.deepEqual(await silent('--since', '1s', '--no-consumers'), [], 'other filters hold as well')
    const wide = await runCli([...args, '--since', '1s', '--output', 'wide'])
    assert.match(wide.stdout, /LAST ACK.*\n.* \d+ (?:s|min) ago /, wide.stdout)
    const csv = await runCli([...args, '--since', '1s', '--output', 'csv'])
    assert.ok(csv.stdout.includes(String(fresh[1]?.unackedSince)), csv.stdout)
  }),
)

test(
  'list: a topic that was loaded a moment ago is not called stalled, until it has had the time to be',
  live(async (_t, place) => {
    const lab = await FaultLab.open(place, null)
    await lab.join({name: 'worker-0', habit: 'ignore'})
    await lab.publish(20, ['a', 'b', 'c'])
    const row = async (): Promise<SubscriptionList['subscriptions'][number] | undefined> =>
      (await askCli<SubscriptionList>(['subscriptions', 'list', place.namespace, '--fresh'])).subscriptions[0]
    await until('the delivery', async () => (await row())?.unackedMessages === 20)
    await ask(place.addresses, 'PUT', `/persistent/${place.namespace}/${lab.topic.local}/unload`)
    await until('the consumer coming back', async () => {
      const seen = await row()
      // The broker's rate is 0 by now, whatever is delivered.
      if (seen?.rateOutPerSecond === 0) assert.notEqual(seen.isStalled, true)
      return seen?.consumers === 1 && seen.unackedMessages === 20
    })
    await until('a period without a delivery', async () => (await row())?.isStalled === true)
  }),
)

test(
  'list: one broker is asked three times, whatever it has',
  live(async (t, place) => {
    await openWorkload(t, place, {consumers: 2}).then((workload) => workload.settle())
    const asked: string[] = []
    const proxy: {url?: string} = {}
    proxy.url = await brokerBehind(t, place.addresses.adminUrl, {
      refuse(path) {
        asked.push(path)
        return null
      },
      change: (path, body) => (path === '/admin/v2/brokers' ? JSON.stringify([new URL(proxy.url ?? '').host]) : body),
    })
    await until('the broker renewing its copy', async () => {
      asked.length = 0
      const {source} = await askCli<SubscriptionList>([
        'subscriptions',
        'list',
        place.namespace,
        '--admin-url',
        proxy.url ?? '',
      ])
      return source === 'broker-stats'
    })
    assert.deepEqual(asked.toSorted(), [
      '/admin/v2/broker-stats/topics',
      '/admin/v2/brokers',
      '/admin/v2/brokers/configuration/runtime',
    ])
  }),
)
