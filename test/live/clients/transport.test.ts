import assert from 'node:assert/strict'
import {test, type TestContext} from 'node:test'

import {loadNative, NativeTransport} from '../../../src/clients/pulsar-messages/native.js'
import type {
  Message,
  MessageConsumer,
  MessageProducer,
  MessageTransport,
  ReadMessage,
} from '../../../src/clients/pulsar-messages/transport.js'
import {WebSocketTransport} from '../../../src/clients/pulsar-messages/websocket.js'
import {parseTopicName, type TopicName} from '../../../src/topic-name.js'
import {closeFirst, createTopic, live, type Place, until} from '../../support/servers/live.js'

/** A refusal comes at once; a client that retried on its own would take its operation timeout of 30 s. */
const REFUSED_WITHIN_MS = 5000

const native = await loadNative()

/** Each implementation, opened for one test; native is skipped, visibly, where its addon is missing. */
const TRANSPORTS: ReadonlyArray<{
  name: string
  skip: string | false
  open: (place: Place) => MessageTransport | Promise<MessageTransport>
}> = [
  {name: 'websocket', skip: false, open: ({transport}) => transport},
  {
    name: 'native',
    skip: native ? false : 'the optional package pulsar-client is not installed here',
    open: ({addresses}) => {
      assert.ok(native)
      return NativeTransport.open(native, addresses)
    },
  },
]

for (const {name, open, skip} of TRANSPORTS) {
  const contract = (what: string, body: (transport: MessageTransport, place: Place) => Promise<void>): void => {
    const run = live(async (t: TestContext, place) => {
      const transport = await open(place)
      closeFirst(t, () => transport.close())
      await body(transport, place)
    })
    test(`${name}: ${what}`, {skip}, run)
  }

  contract(
    'a reader gets keys and positions without using a subscription, from the given position',
    async (transport, place) => {
      const topic = await createTopic(place, {name: 'read', subscription: 's'})
      const producer = await transport.produce(topic)
      for (const key of ['a', 'b', 'c']) await producer.send({key, payload: Buffer.from('x')})
      await producer.send({payload: Buffer.from('x')})
      const seen: ReadMessage[] = []
      const options = {topic, receiverQueueSize: 10, onMessage: (message: ReadMessage) => seen.push(message)}
      const all = await transport.read({...options, after: null})
      await until('everything being read', () => seen.length === 4)
      await all.close()
      assert.deepEqual(
        seen.map(({key}) => key),
        ['a', 'b', 'c', null],
      )
      const [first] = seen.splice(0)
      assert.ok(first?.place.batchIndex === -1)
      assert.equal(first.place.isChunked, false)
      const rest = await transport.read({...options, after: first.place})
      await until('the rest being read', () => seen.length === 3)
      await rest.close()
      assert.deepEqual(
        seen.map(({place: {entryId}}) => entryId),
        [1, 2, 3],
      )
      await until('the disconnect of the readers', async () => {
        const {subscriptions = {}} = await place.admin.topicStats(topic)
        return Object.keys(subscriptions).join() === 's' && subscriptions['s']?.msgBacklog === 4
      })
    },
  )

  contract('key, payload and properties arrive as they were sent', async (transport, place) => {
    const {consumer, producer, received, topic} = await openPair(transport, place)
    const payload = Buffer.from([0, 255, 10])
    await producer.send({key: 'user é', payload, properties: {a: '1'}})
    await producer.send({payload})
    await until('both messages', () => received.length === 2)
    const [keyed, bare] = received
    assert.equal(keyed?.key, 'user é')
    assert.deepEqual(keyed.payload, payload)
    assert.deepEqual({...keyed.properties}, {a: '1'})
    assert.equal(bare?.key, null)
    await Promise.all(received.map((message) => consumer.ack(message)))
    await until('the broker counting the acks', async () => {
      const stats = (await place.admin.topicStats(topic, {getPreciseBacklog: true})).subscriptions?.['s']
      return stats?.msgBacklog === 0 && stats.unackedMessages === 0
    })
  })

  contract('a nacked message is redelivered, with its redelivery count', async (transport, place) => {
    const {consumer, producer, received} = await openPair(transport, place)
    await producer.send({key: 'k', payload: Buffer.from('x')})
    await until('the message', () => received.length === 1)
    assert.ok(received[0])
    await consumer.nack(received[0])
    await until('the message again', () => received.length === 2)
    assert.equal(received[1]?.redeliveryCount, 1)
    await consumer.ack(received[1])
  })

  contract(
    'a consumer of another type is refused, and can subscribe after the other one has disconnected',
    async (transport, {admin, topic: topicOf}) => {
      const topic = topicOf('orders')
      await admin.createPartitionedTopic(topic, 2)
      const options = {topic, subscription: 's', receiverQueueSize: 10, onMessage: () => undefined}
      const shared = await transport.consume({...options, type: 'Shared', name: 'a'})
      const refused = transport.consume({...options, type: 'Key_Shared', name: 'b'})
      await assert.rejects(refused, {code: 'E_SUBSCRIBE_REFUSED'})
      await shared.close()
      await shared.closed
      await until('the subscription to be free', async () => {
        try {
          await transport.consume({...options, type: 'Key_Shared', name: 'b'})
          return true
        } catch {
          return false
        }
      })
      const stats = await admin.partitionedStats(topic)
      const types = Object.values(stats.partitions ?? {}).map(({subscriptions}) => subscriptions?.['s']?.type)
      assert.deepEqual(types, ['Key_Shared', 'Key_Shared'])
    },
  )

  contract('a type that a policy forbids is refused', async (transport, {admin, topic: topicOf}) => {
    const topic = topicOf('orders')
    await admin.createTopic(topic)
    await admin.setSubscriptionTypes(topic, ['Exclusive', 'Failover', 'Key_Shared'])
    const options = {
      topic,
      subscription: 's',
      type: 'Shared',
      name: 'a',
      receiverQueueSize: 10,
      onMessage: () => undefined,
    } as const
    await until('the policy taking effect', async () => {
      try {
        await (await transport.consume(options)).close()
        return false
      } catch (error) {
        assert.equal((error as {code?: string}).code, 'E_SUBSCRIBE_REFUSED')
        return true
      }
    })
  })
}

test(
  'websocket: a reserved name refuses every durable consumer at once, and is free after its release',
  live(async (_t, {admin, topic: topicOf, transport}) => {
    const topic = topicOf('placeholder')
    await admin.createPartitionedTopic(topic, 2)
    const seat = await transport.reserveSubscription(topic, 's')
    const consume = (): Promise<MessageConsumer> =>
      transport.consume({
        topic,
        subscription: 's',
        type: 'Shared',
        name: 'a',
        receiverQueueSize: 1,
        onMessage: () => undefined,
      })
    const askedAt = Date.now()
    await assert.rejects(consume(), {code: 'E_SUBSCRIBE_REFUSED'})
    assert.ok(Date.now() - askedAt < REFUSED_WITHIN_MS, 'the broker refuses the consumer, and no client tries again')
    await seat.close()
    await until('the name being free', async () => {
      const {subscriptions} = await admin.partitionedStats(topic)
      return Object.keys(subscriptions ?? {}).length === 0
    })
    await (await consume()).close()
  }),
)

test('no WebSocket service at the address: the error names it and the setting', async () => {
  const transport = new WebSocketTransport({url: 'ws://127.0.0.1:1'})
  await assert.rejects(transport.produce(parseTopicName('a')), {code: 'E_WEBSOCKET_UNREACHABLE'})
})

interface Pair {
  readonly topic: TopicName
  readonly producer: MessageProducer
  readonly consumer: MessageConsumer
  readonly received: Message[]
}

/** A producer and a Shared consumer of subscription `s` on a new plain topic. */
async function openPair(transport: MessageTransport, place: Place): Promise<Pair> {
  const topic = await createTopic(place)
  const received: Message[] = []
  const consumer = await transport.consume({
    topic,
    subscription: 's',
    type: 'Shared',
    name: 'a',
    receiverQueueSize: 10,
    onMessage: (message) => void received.push(message),
  })
  return {topic, consumer, received, producer: await transport.produce(topic)}
}
