import assert from 'node:assert/strict'
import {after, before, test} from 'node:test'

import {WebSocketTransport} from '../../../src/clients/pulsar-messages/websocket.js'
import type {KeyRanges} from '../../../src/domain/keys/ranges/range-report.js'
import type {SubscriptionReport} from '../../../src/domain/subscriptions/inspect/subscription-report.js'
import type {SubscriptionList} from '../../../src/domain/subscriptions/list/subscription-row.js'
import type {TopicName} from '../../../src/topic-name.js'
import {balancer, followingProxy} from '../../support/servers/load-balancer.js'
import {askCli, parseDocument, runCli} from '../../support/shells/cli.js'
import {until} from '../../support/servers/live.js'
import {tokenCredentials} from '../../support/servers/tokens.js'
import {statsPath, TwoBrokers} from '../../support/servers/two-brokers.js'

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
const BY_TLS = [cluster.tlsUrls.first, cluster.tlsUrls.second]

/** A partitioned topic spread over both brokers, and a plain topic on each broker. All have the subscription `SUB`. */
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

/** Lists until broker stats contain every topic completely. @param without number of partitions without a consumer */
async function listAll(url: string, without: number): Promise<SubscriptionList> {
  let list: SubscriptionList | null = null
  await until('every subscription to be listed', async () => {
    list = await askCli<SubscriptionList>(listArgs(), cluster.asking(url))
    const rows = Object.fromEntries(list.subscriptions.map((row) => [row.topic, row]))
    const orders = rows[topics.orders.full]
    const isComplete = orders?.partitions === PARTITIONS && orders.partitionsWithoutConsumer === without
    // Until the brokers have computed their first stats, live stats are queried.
    return list.source === 'broker-stats' && list.subscriptions.length === 3 && isComplete
  })
  assert.ok(list)
  return list
}

test('the list contains the topics of both brokers, whichever broker gets the request', async () => {
  for (const url of [...BOTH, ...BY_TLS]) {
    const {complete, failedBrokers, subscriptions} = await listAll(url, 0)
    assert.deepEqual([complete, failedBrokers], [true, []])
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

test('behind a load balancer each broker is queried at its own address', async (t) => {
  const expected = (await listAll(first, 0)).subscriptions.map(stable)
  const balanced = await balancer(t, cluster.loginsDir, BY_TLS)
  for (let times = 0; times < 8; times++) {
    const list = await askCli<SubscriptionList>(listArgs(), cluster.asking(balanced))
    const {complete, sourceReason, subscriptions} = list
    assert.deepEqual([sourceReason, complete, subscriptions.map(stable)], [null, true, expected])
  }
})

/** The fields of a row that do not change over time. */
function stable({consumers, partitions, topic}: SubscriptionList['subscriptions'][number]): unknown[] {
  return [topic, partitions, consumers]
}

test('behind a proxy that follows redirects no broker has an address, so live stats are queried', async (t) => {
  const proxy = await followingProxy(t, cluster.loginsDir, first)
  const list = await askCli<SubscriptionList>(listArgs(), cluster.asking(proxy))
  const {complete, source, sourceReason, subscriptions} = list
  assert.deepEqual([source, sourceReason, complete], ['topic-stats', 'brokers-unreachable', true])
  assert.equal(subscriptions.length, 3)
  const {stdout} = await runCli(listArgs(), cluster.asking(proxy))
  assert.match(
    stdout.replaceAll(/\s+/g, ' '),
    /live topic stats at \S+, because no broker can be reached at its own address/,
  )
})

test('a topic of the other broker is queried there, with the login', async () => {
  const {ofFirst, ofSecond, orders} = topics
  const redirect = await cluster.ask(second, statsPath(ofFirst))
  assert.equal(redirect.status, 307)
  assert.ok(redirect.headers.get('location')?.startsWith(first))
  for (const url of [...BOTH, ...BY_TLS]) {
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

test('a killed broker is named while it is in the list of brokers; then the other broker serves its topics', async () => {
  await cluster.killSecond()
  const [cut, strict, byTls] = await Promise.all([
    runCli([...listArgs(), '--json'], cluster.asking(first)),
    runCli([...listArgs(), '--strict', '--json'], cluster.asking(first)),
    askCli<SubscriptionList>(listArgs(), cluster.asking(cluster.tlsUrls.first)),
  ])
  assert.equal(cut.code, 0, cut.stdout)
  const {result, warnings} = parseDocument<SubscriptionList>(cut.stdout)
  const {host} = new URL(second)
  assert.deepEqual([result.source, result.complete], ['broker-stats', false])
  assert.deepEqual(
    result.failedBrokers.map(({broker}) => broker),
    [host],
  )
  assert.deepEqual(
    byTls.failedBrokers.map(({broker}) => broker),
    [host],
  )
  assert.match(warnings.join(), new RegExp(`the list is incomplete: broker ${host} did not answer`))
  const listed = result.subscriptions.map(({topic}) => topic)
  assert.ok(listed.includes(topics.ofFirst.full))
  assert.ok(!listed.includes(topics.ofSecond.full))
  assert.deepEqual([strict.code, parseDocument(strict.stdout).error.code], [4, 'E_INCOMPLETE'])

  // The other broker loads a topic on the first request. The consumers were connected through the killed broker.
  for (const topic of [topics.ofSecond, ...topics.partitions]) {
    await until(`${topic.local} to be loaded`, () => cluster.isServedBy(first, topic))
  }
  const {complete, failedBrokers} = await listAll(first, PARTITIONS)
  assert.deepEqual([complete, failedBrokers], [true, []])
})
