import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {randomUUID} from 'node:crypto'
import {once} from 'node:events'
import {text} from 'node:stream/consumers'

import {WebSocket} from 'ws'

import type {MessageConsumer} from '../../../src/clients/pulsar-messages/transport.js'
import {type HashingScheme, partitionOfKey} from '../../../src/domain/keys/hashing/partition-routing.js'
import {partitionName, type TopicName} from '../../../src/topic-name.js'
import {type Place, publishKeys, until} from '../servers/live.js'
import {brokerClasspath, goProgram, javaProgram, type Program, pythonProgram} from './programs.js'

const PYTHON = 'produce_keys.py'

/** The client libraries whose default hash chooses the partition. */
export const PRODUCERS = ['go', 'java', 'python', 'websocket'] as const
export type ProducerClient = (typeof PRODUCERS)[number]

/** Why the Python client is not available; false if it is. */
export const WITHOUT_PYTHON = pythonProgram(PYTHON) === null ? 'pip cannot install the Python packages' : false

/** A message to publish. `bytes` is a key in base64; only Java can set it. */
export interface KeyedMessage {
  readonly key?: string
  readonly bytes?: string
  readonly orderingKey?: string
}

/** By key, the partition that stores its message. */
export type StoredKeys = ReadonlyMap<string, number>

/** Why a client library is not available; false if it is. */
export function withoutProducer(client: ProducerClient): string | false {
  if (client === 'python') return WITHOUT_PYTHON
  return client === 'go' && goProgram('produce') === null ? 'Go or the modules are not available' : false
}

/**
 * Publishes messages through a client library with its default routing.
 *
 * @returns the partition that stores each message, as a consumer of each partition receives them.
 */
export async function publishBy(
  client: ProducerClient,
  place: Place,
  topic: TopicName,
  messages: readonly KeyedMessage[],
  {batching = false, partitions}: {readonly batching?: boolean; readonly partitions: number},
): Promise<number[]> {
  const run = randomUUID()
  const sent = messages.map((message, index) => ({...message, payload: `${run}/${String(index)}`}))
  if (client === 'websocket') await publishByWebSocket(place, topic, sent, batching)
  else await runProducer(client, {serviceUrl: place.addresses.serviceUrl, topic: topic.full, batching, messages: sent})
  const stored = await receivedPartitions(place, topic, partitions, new Set(sent.map(({payload}) => payload)))
  return sent.map(({payload}) => stored.get(payload) ?? NaN)
}

/** Publishes a message with each key through the Python client with its default hash. */
export async function publishByPython(
  place: Place,
  topic: TopicName,
  keys: readonly string[],
  partitions: number,
): Promise<StoredKeys> {
  const messages = keys.map((key) => ({key}))
  const stored = await publishBy('python', place, topic, messages, {partitions})
  return new Map(keys.map((key, at) => [key, stored[at] ?? NaN]))
}

/** The broker's WebSocket API routes as the Java client does. */
async function publishByWebSocket(
  {addresses}: Place,
  topic: TopicName,
  messages: ReadonlyArray<KeyedMessage & {payload: string}>,
  batching: boolean,
): Promise<void> {
  const path = `/ws/v2/producer/persistent/${topic.tenant}/${topic.namespace}/${topic.local}`
  // A batch of one message would be stored as a single message, whose key the admin API may not return.
  const query = `?batchingEnabled=${String(batching)}&batchingMaxPublishDelay=500`
  const socket = new WebSocket(`${addresses.webSocketUrl}${path}${query}`)
  await once(socket, 'open')
  const answers: string[] = []
  socket.on('message', (data: Buffer) => answers.push((JSON.parse(data.toString('utf8')) as {result: string}).result))
  for (const {key, payload} of messages) {
    socket.send(JSON.stringify({key, payload: Buffer.from(payload).toString('base64')}))
  }
  await until('an answer for each message', () => answers.length === messages.length)
  assert.deepEqual([...new Set(answers)], ['ok'])
  socket.close()
  await once(socket, 'close')
}

async function runProducer(client: Exclude<ProducerClient, 'websocket'>, wanted: object): Promise<void> {
  const program = await programOf(client)
  const child = spawn(program.command, program.args, {stdio: 'pipe', env: {...process.env, ...program.env}})
  child.stdin.end(JSON.stringify(wanted))
  child.stdout.resume() // the Java client logs on it
  const [errors, closed] = await Promise.all([text(child.stderr), once(child, 'close')])
  assert.equal(closed[0], 0, errors)
}

async function programOf(client: Exclude<ProducerClient, 'websocket'>): Promise<Program> {
  const program =
    client === 'java'
      ? javaProgram('ProduceKeys.java', await brokerClasspath())
      : client === 'go'
        ? goProgram('produce')
        : pythonProgram(PYTHON)
  assert.ok(program, String(withoutProducer(client)))
  return program
}

/** By payload, the partition that delivers it. */
async function receivedPartitions(
  place: Place,
  topic: TopicName,
  partitions: number,
  payloads: ReadonlySet<string>,
): Promise<Map<string, number>> {
  const received = new Map<string, number>()
  const consumers = await Promise.all(
    Array.from({length: partitions}, async (_, partition) => {
      const joining: Promise<MessageConsumer> = place.transport.consume({
        ...{topic: partitionName(topic, partition), subscription: 'received', type: 'Exclusive', name: 'received'},
        receiverQueueSize: 1000,
        onMessage: (message) => {
          void joining.then((consumer) => consumer.ack(message))
          const payload = message.payload.toString('utf8')
          if (payloads.has(payload)) received.set(payload, partition)
        },
      })
      return joining
    }),
  )
  await until('all messages', () => received.size === payloads.size)
  await Promise.all(consumers.map((consumer) => consumer.close()))
  return received
}

/** Publishes a message with each key to the partition that a function chooses. */
export async function publishTo(
  place: Place,
  topic: TopicName,
  keys: readonly string[],
  partitionOf: (key: string) => number,
): Promise<StoredKeys> {
  const stored = new Map(keys.map((key) => [key, partitionOf(key)]))
  const byPartition = Map.groupBy(keys, (key) => stored.get(key) ?? 0)
  await Promise.all([...byPartition].map(([at, some]) => publishKeys(place, partitionName(topic, at), some)))
  return stored
}

/** The same as producers with a hashing scheme do. */
export function publishWith(
  place: Place,
  topic: TopicName,
  keys: readonly string[],
  {partitions, scheme}: {readonly partitions: number; readonly scheme: HashingScheme},
): Promise<StoredKeys> {
  return publishTo(place, topic, keys, (key) => partitionOfKey(key, partitions, scheme))
}
