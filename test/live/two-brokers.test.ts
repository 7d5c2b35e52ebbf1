import assert from 'node:assert/strict'
import {after, before, test} from 'node:test'

import {WebSocketTransport} from '../../src/clients/pulsar-messages/websocket.js'
import type {KeyRanges} from '../../src/domain/keyshared/range-report.js'
import type {SubscriptionReport} from '../../src/domain/subscriptions/inspect.js'
import type {SubscriptionList} from '../../src/domain/subscriptions/list.js'
import type {TopicName} from '../../src/topic-name.js'
import {askCli, parseDocument, runCli} from '../support/cli.js'
import {until} from '../support/live.js'
import {tokenCredentials} from '../support/tokens.js'
import {statsPath, TwoBrokers} from '../support/two-brokers.js'

const PARTITIONS = 8
const SUB = 'decision'

const cluster = await TwoBrokers.up()
const transport = new WebSocketTransport({url: cluster.webSocketUrl, credentials: tokenCredentials(cluster.token)})
after(async () => {
  await transport.close()
  await cluster.down()
})
const {first, second} = cluster.urls
const BOTH = [first, second]

/** A partitioned topic, spread over both brokers, and a plain one of each: `SUB` is on all of them. */
let topics: {orders: TopicName; partitions: TopicName[]; ofFirst: TopicName; ofSecond: TopicName}

before(async () => {
  const {admin} = cluster
  const topic = await cluster.namespace()
  const orders = topic('orders')
  await admin.createPartitionedTopic(orders, PARTITIONS)
  const partitions = Array.from({length: PARTITIONS}, (_, index) => topic(`orders-partition-${String(index)}`))
  await cluster.spread(partitions)
  for (const name of ['a', 'b']) {
    const options = {topic: orders, subscription: SUB, type: 'Key_Shared', name, receiverQueueSize: 5} as const
    await transport.consume({...options, onMessage: () => undefined})
  }
  const plain = async (url: string): Promise<TopicName> => {
    for (let number = 0; number < 50; number++) {
      const name = topic(`${url === first ? 'first' : 'second'}-${String(number)}`)
      await admin.createTopic(name)
      if (await cluster.isServedBy(url, name)) return name
      await admin.deleteTopic(name)
    }
    throw new Error(`no topic went to ${url}`)
  }
  topics = {orders, partitions, ofFirst: await plain(first), ofSecond: await plain(second)}
  for (const name of [topics.ofFirst, topics.ofSecond]) await admin.createSubscription(name, SUB, 'earliest')
})

const listArgs = (): string[] => {
  const {namespace, tenant} = topics.orders
  return ['subscriptions', 'list', `${tenant}/${namespace}`]
}

/** Asks until the brokers' copies have every topic, whole, and tell of so many partitions that they have no consumer. */
async function listAll(url: string, without: number): Promise<SubscriptionList> {
  let list: SubscriptionList | null = null
  await until('every subscription being listed', async () => {
    list = await askCli<SubscriptionList>(listArgs(), cluster.asking(url))
    const rows = Object.fromEntries(list.subscriptions.map((row) => [row.topic, row]))
    const orders = rows[topics.orders.full]
    const isWhole = orders?.partitions === PARTITIONS && orders.partitionsWithoutConsumer === without
    return list.subscriptions.length === 3 && isWhole
  })
  assert.ok(list)
  return list
}

test('whichever broker is asked, the list has what both of them serve', async () => {
  for (const url of BOTH) {
    const {complete, failedBrokers, source, subscriptions} = await listAll(url, 0)
    assert.deepEqual([source, complete, failedBrokers], ['broker-stats', true, []])
    const {ofFirst, ofSecond, orders} = topics
    assert.deepEqual(
      subscriptions.map((row) => [row.topic, row.type, row.consumers]),
      [
        [ofFirst.full, 'None', 0],
        [orders.full, 'Key_Shared', 2],
        [ofSecond.full, 'None', 0],
      ],
    )
  }
})

test('a topic of the other broker is asked of that one, with the login', async () => {
  const {ofFirst, ofSecond, orders} = topics
  const redirect = await cluster.ask(second, statsPath(ofFirst))
  assert.equal(redirect.status, 307)
  assert.ok(redirect.headers.get('location')?.startsWith(first))
  for (const url of BOTH) {
    for (const topic of [ofFirst, ofSecond]) {
      const args = ['subscriptions', 'inspect', topic.full, SUB]
      assert.equal((await askCli<SubscriptionReport>(args, cluster.asking(url))).topic, topic.full)
    }
    const ranges = await askCli<KeyRanges>(['keys', 'ranges', orders.full, SUB], cluster.asking(url))
    assert.equal(ranges.partitions.length, PARTITIONS)
    for (const {consumers, coverage} of ranges.partitions) {
      assert.deepEqual(consumers.map(({name}) => name).toSorted(), ['a', 'b'])
      assert.deepEqual(coverage, {missing: [], overlapping: []})
    }
    const args = ['subscriptions', 'inspect', ofSecond.full, SUB, '--json']
    const without = await runCli(args, {...cluster.asking(url), KEYSHIFT_TOKEN: ''})
    assert.deepEqual([without.code, parseDocument(without.stdout).error.code], [4, 'E_LOGIN_REFUSED'])
  }
})

test('a killed broker is named for as long as it is in the list of brokers; then the other serves its topics', async () => {
  await cluster.killSecond()
  const [cut, strict] = await Promise.all(
    [[], ['--strict']].map((more) => runCli([...listArgs(), ...more, '--json'], cluster.asking(first))),
  )
  assert.ok(cut && strict)
  assert.equal(cut.code, 0, cut.stdout)
  const {result, warnings} = parseDocument<SubscriptionList>(cut.stdout)
  const {host} = new URL(second)
  assert.deepEqual([result.source, result.complete], ['broker-stats', false])
  assert.deepEqual(
    result.failedBrokers.map(({broker}) => broker),
    [host],
  )
  assert.match(warnings.join(), new RegExp(`not whole: ${host} did not answer`))
  const listed = result.subscriptions.map(({topic}) => topic)
  assert.ok(listed.includes(topics.ofFirst.full))
  assert.ok(!listed.includes(topics.ofSecond.full))
  assert.deepEqual([strict.code, parseDocument(strict.stdout).error.code], [4, 'E_INCOMPLETE'])

  // A topic is taken over when somebody asks for it. The consumers are gone with the broker that they came by.
  for (const topic of [topics.ofSecond, ...topics.partitions]) {
    await until(`${topic.local} being taken over`, () => cluster.isServedBy(first, topic), 60_000)
  }
  const {complete, failedBrokers, source} = await listAll(first, PARTITIONS)
  assert.deepEqual([source, complete, failedBrokers], ['broker-stats', true, []])
})
