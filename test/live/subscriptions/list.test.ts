import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {Diagnosis} from '../../../src/domain/doctor/diagnose.js'
import type {SubscriptionList} from '../../../src/domain/subscriptions/list/subscription-row.js'
import {askCli, parseDocument, runCli} from '../../support/shells/cli.js'
import {FaultLab, SUB} from '../../support/faults/fault-lab.js'
import {ask, createTopic, live, openWorkload, until} from '../../support/servers/live.js'
import {brokerBehind} from '../../support/servers/proxy.js'

/** The columns from the topic to the unacked messages. */
const STABLE_COLUMNS = 8

test(
  'list: broker stats and live stats give one row for a partitioned topic',
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
    await until('the broker to renew its stats', async () => {
      const list = await askCli<SubscriptionList>(['subscriptions', 'list', place.namespace])
      assert.equal(list.subscriptions.length, 1, 'while broker stats are empty, live stats are queried')
      const [listed] = list.subscriptions
      return list.source === 'broker-stats' && listed?.partitions === 4 && listed.consumers === 4
    })
    const text = await runCli(['subscriptions', 'list', place.namespace, '--fresh'])
    assert.match(text.stdout, /decision +Shared +4 +4 /)
    await workload.settle()
  }),
)

test(
  'list: filters, order, limit and output formats work, and a broker that does not answer is named',
  live(async (t, place) => {
    const lab = await FaultLab.open(place, 2)
    await lab.publish(40, ['a', 'b', 'c'])
    await lab.join({name: 'worker-0', habit: 'ignore', type: 'Key_Shared', topic: lab.partition(0)})
    await createTopic(place, {name: 'idle', subscription: SUB})
    const args = ['subscriptions', 'list', place.namespace, '--fresh']
    const names = async (...more: string[]): Promise<string[]> => {
      const {subscriptions} = await askCli<SubscriptionList>([...args, ...more])
      return subscriptions.map((row) => row.topic.replace(/.*\//, ''))
    }
    assert.deepEqual(await names(), ['idle', 'orders'])
    assert.deepEqual(await names('--sort', 'backlog', '--max', '1'), ['orders'])
    assert.deepEqual(await names('--type', 'Key_Shared'), ['orders'])
    assert.deepEqual(await names('--type', 'Failover', '--type', 'Shared'), [])
    assert.deepEqual(await names('--min-backlog', '40', '--no-consumers'), ['orders'])
    assert.deepEqual(await names('--blocked'), [])
    const {matched, subscriptions} = await askCli<SubscriptionList>([...args, '--max', '1'])
    assert.deepEqual([matched, subscriptions.length], [2, 1])
    const cut = await runCli([...args, '--max', '1', '--output', 'ndjson'])
    assert.match(cut.stderr, /listing 1 of 2 subscriptions; raise --max/)
    const none = await runCli([...args, '--blocked', '--output', 'ndjson'])
    assert.deepEqual([none.code, none.stdout], [0, ''])

    const lines = async (output: string, ...more: string[]): Promise<string[]> =>
      (await runCli([...args, '--output', output, ...more])).stdout.trimEnd().split('\n')
    const [head, , orders] = await lines('csv')
    assert.match(head ?? '', /^topic,subscription,type,partitions,consumers,/)
    assert.match(orders ?? '', /orders,decision,Key_Shared,2,1,1,40,/)
    const tsv = await lines('tsv')
    assert.equal(tsv[0], head?.replaceAll(',', '\t'))
    // The later columns are averages of the broker, which may be renewed between the two commands.
    const stable = (line = '', separator: string): string[] => line.split(separator).slice(0, STABLE_COLUMNS)
    assert.deepEqual(stable(tsv[2], '\t'), stable(orders, ','))
    const backlogs = async (...sort: string[]): Promise<Array<number | null>> =>
      (await lines('ndjson', ...sort)).map(
        (line) => (JSON.parse(line) as SubscriptionList['subscriptions'][number]).backlogEntries,
      )
    assert.deepEqual(await backlogs('--sort', 'name'), [0, 40])
    assert.deepEqual(await backlogs('--sort', 'backlog'), [40, 0])
    assert.deepEqual(new Set(await backlogs()), new Set([0, 40]), 'in order of arrival')
    assert.match((await lines('wide')).join('\n'), /orders +decision .* no consumer on 1 partition$/m)
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
    assert.deepEqual(
      [doctor.complete, doctor.failed.map((one) => one.topic)],
      [false, ['the topics of broker 127.0.0.1:1']],
    )

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
  'list: --since finds a subscription by its last acknowledgement, with and without --fresh',
  live(async (t, place) => {
    const lab = await FaultLab.open(place, 2)
    await createTopic(place, {name: 'idle', subscription: SUB})
    let acked = 0
    await lab.join({name: 'worker-0', habit: () => (acked++ < 5 ? 'ack' : 'ignore')})
    await lab.publish(20, ['a', 'b', 'c'])
    const args = ['subscriptions', 'list', place.namespace]
    const unacked = async (...more: string[]): Promise<SubscriptionList['subscriptions']> =>
      (await askCli<SubscriptionList>([...args, ...more])).subscriptions
    await until(
      'the acknowledgements',
      async () => (await unacked('--fresh', '--min-backlog', '15'))[0]?.backlogEntries === 15,
    )
    const parts = await Promise.all([0, 1].map((index) => place.admin.topicStats(lab.partition(index))))
    // A partition without an acknowledgement counts from the connection of its consumer; the earliest partition counts.
    const since = parts
      .map(({subscriptions}) => subscriptions?.[SUB])
      .map(
        (stats) =>
          Math.max(stats?.lastAckedTimestamp ?? 0, stats?.lastMarkDeleteAdvancedTimestamp ?? 0) ||
          Date.parse(stats?.consumers?.[0]?.connectedSince ?? ''),
      )
    const fresh = await unacked('--fresh')
    assert.deepEqual(
      fresh.map(({unackedSince}) => unackedSince),
      [null, new Date(Math.min(...since)).toISOString()],
    )
    await until(
      'a second without an acknowledgement',
      async () => (await unacked('--fresh', '--since', '1s')).length === 1,
    )
    assert.deepEqual(await unacked('--fresh', '--since', '1h'), [])
    await until('the broker stats to contain it', async () => {
      const list = await askCli<SubscriptionList>([...args, '--min-backlog', '15'])
      return (
        list.source === 'broker-stats' &&
        list.subscriptions.length === 1 &&
        list.subscriptions[0]?.unackedSince === null
      )
    })
    for (const duration of ['1s', '12s']) {
      await until(`${duration} without an acknowledgement`, async () => {
        const [row, ...more] = await unacked('--since', duration)
        assert.deepEqual(more, [])
        return row?.unackedSince === fresh[1]?.unackedSince
      })
    }
    assert.deepEqual(await unacked('--since', '1h'), [])
    assert.deepEqual(await unacked('--since', '1s', '--no-consumers'), [], 'other filters apply too')
    const wide = await runCli([...args, '--since', '1s', '--output', 'wide'])
    assert.match(wide.stdout, /NO ACK SINCE.*\n.* \d+ (?:s|min) ago(?: |$)/m, wide.stdout)
    const csv = await runCli([...args, '--since', '1s', '--output', 'csv'])
    assert.ok(csv.stdout.includes(String(fresh[1]?.unackedSince)), csv.stdout)
  }),
)

test(
  'list: a subscription that is newer than the broker stats of its topic is found',
  live(async (_t, place) => {
    const topic = await createTopic(place)
    await until('the topic in the broker stats', async () =>
      JSON.stringify(await ask(place.addresses, 'GET', '/broker-stats/topics')).includes(topic.full),
    )
    await place.admin.createSubscription(topic, SUB, 'earliest')
    const {subscriptions} = await askCli<SubscriptionList>(['subscriptions', 'list', place.namespace])
    assert.deepEqual(
      subscriptions.map(({subscription}) => subscription),
      [SUB],
    )
  }),
)

test(
  'list: a topic that has just been loaded is not stalled before a period without a delivery',
  live(async (_t, place) => {
    const lab = await FaultLab.open(place, null)
    await lab.join({name: 'worker-0', habit: 'ignore'})
    await lab.publish(20, ['a', 'b', 'c'])
    const row = async (): Promise<SubscriptionList['subscriptions'][number] | undefined> =>
      (await askCli<SubscriptionList>(['subscriptions', 'list', place.namespace, '--fresh'])).subscriptions[0]
    await until('the delivery', async () => (await row())?.unackedMessages === 20)
    await ask(place.addresses, 'PUT', `/persistent/${place.namespace}/${lab.topic.local}/unload`)
    await until('the consumer to reconnect', async () => {
      const current = await row()
      // The broker's rate is 0 at this time, even if messages are delivered.
      if (current?.rateOutPerSecond === 0) assert.notEqual(current.isStalled, true)
      return current?.consumers === 1 && current.unackedMessages === 20
    })
    await until('a period without a delivery', async () => (await row())?.isStalled === true)
  }),
)

test(
  'list: one broker gets three requests for any number of topics',
  live(async (t, place) => {
    await openWorkload(t, place, {consumers: 2}).then((workload) => workload.settle())
    const requested: string[] = []
    const proxy: {url?: string} = {}
    proxy.url = await brokerBehind(t, place.addresses.adminUrl, {
      refuse(path) {
        requested.push(path)
        return null
      },
      change: (path, body) => (path === '/admin/v2/brokers' ? JSON.stringify([new URL(proxy.url ?? '').host]) : body),
    })
    await until('the broker to renew its stats', async () => {
      requested.length = 0
      const {source} = await askCli<SubscriptionList>([
        'subscriptions',
        'list',
        place.namespace,
        '--admin-url',
        proxy.url ?? '',
      ])
      return source === 'broker-stats'
    })
    assert.deepEqual(requested.toSorted(), [
      '/admin/v2/broker-stats/topics',
      '/admin/v2/brokers',
      '/admin/v2/brokers/configuration/runtime',
    ])
  }),
)
