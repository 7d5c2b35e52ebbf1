import assert from 'node:assert/strict'
import {randomBytes} from 'node:crypto'
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import type {TestContext} from 'node:test'
import {setTimeout as delay} from 'node:timers/promises'

import type {Redis} from 'ioredis'

import {type Addresses, defaultAddresses} from '../../../src/cli/connection/default-addresses.js'
import {PulsarAdmin} from '../../../src/clients/pulsar-admin/admin.js'
import {openTransport} from '../../../src/clients/pulsar-messages/open.js'
import type {
  ConsumeOptions,
  Message,
  MessageConsumer,
  MessageTransport,
} from '../../../src/clients/pulsar-messages/transport.js'
import {connectRedis} from '../../../src/clients/redis/connect.js'
import {Workload, type WorkloadOptions} from '../../../src/domain/lab/workload.js'
import type {WorkloadFigures} from '../../../src/domain/lab/workload-counts.js'
import {parseTopicName, type TopicName} from '../../../src/topic-name.js'
import {ROOT} from '../root.js'

/** A namespace and a key prefix for one test. When the test ends, both must be empty. */
export interface Place {
  readonly addresses: Addresses
  readonly admin: PulsarAdmin
  readonly transport: MessageTransport
  readonly redis: Redis
  /** `public/<name>` */
  readonly namespace: string
  readonly keyPrefix: string
  /** a folder that is deleted when the test ends */
  readonly folder: string
  readonly topic: (name: string) => TopicName
}

/** The stack that `npm test` started; otherwise the running stack of this checkout. */
const chosen = process.env['KEYSHIFT_TEST_CONTEXT']
export const addresses = chosen === undefined ? (await defaultAddresses(ROOT)).value : (JSON.parse(chosen) as Addresses)

/** Whether Key_Shared subscriptions use the dispatcher of 3.x, by the broker's version or its settings. */
export async function usesClassicDispatcher(): Promise<boolean> {
  if (Number(brokerVersion.split('.')[0]) < 4) return true
  const settings = (await ask(addresses, 'GET', '/brokers/configuration/runtime')) as Record<string, string>
  return settings['subscriptionKeySharedUseClassicPersistentImplementation'] === 'true'
}

export const brokerVersion = await (await fetch(`${addresses.adminUrl}/admin/v2/brokers/version`)).text()

/** Opens a place on the running stack. When the test ends, it fails if a consumer or a key is left. */
export async function openPlace(t: TestContext, on: Addresses = addresses): Promise<Place> {
  const name = `t-${randomBytes(6).toString('hex')}`
  const namespace = `public/${name}`
  // This is first because a connection that is open when a request fails would keep the process running.
  await ask(on, 'PUT', `/namespaces/${namespace}`, {})
  const admin = new PulsarAdmin({url: on.adminUrl})
  const transport = await openTransport({transport: 'websocket', ...on})
  const connection = await connectRedis(on.redisUrl)
  const redis = connection.primaries[0]
  assert.ok(redis)
  const folder = await mkdtemp(join(tmpdir(), 'keyshift-test-'))
  const keyPrefix = `${name}:`
  t.after(async () => {
    try {
      await requireEmpty(on, redis, namespace, keyPrefix)
      await ask(on, 'DELETE', `/namespaces/${namespace}?force=true`)
    } finally {
      await Promise.all([connection.close(), admin.close(), rm(folder, {recursive: true})])
    }
  })
  const topic = (local: string): TopicName => parseTopicName(`persistent://${namespace}/${local}`)
  return {addresses: on, admin, transport, redis, namespace, keyPrefix, folder, topic}
}

/** Creates a topic, with a subscription at its start if one is named. 0 partitions stand for a topic without partitions. */
export async function createTopic(
  place: Place,
  {name = 'orders', partitions = 0, subscription}: {name?: string; partitions?: number; subscription?: string} = {},
): Promise<TopicName> {
  const topic = place.topic(name)
  if (partitions === 0) await place.admin.createTopic(topic)
  else await place.admin.createPartitionedTopic(topic, partitions)
  if (subscription !== undefined) await place.admin.createSubscription(topic, subscription, 'earliest')
  return topic
}

/** Publishes a message with each key, one after another. */
export async function publishKeys(place: Place, topic: TopicName, keys: readonly string[]): Promise<void> {
  const producer = await place.transport.produce(topic)
  for (const key of keys) await producer.send({key, payload: Buffer.from('x')})
  await producer.close()
}

/** `user-0`, `user-1`, … */
export function userKeys(count: number): string[] {
  return Array.from({length: count}, (_, at) => `user-${String(at)}`)
}

/** Starts a workload on a new topic. It is closed before the place. */
export async function openWorkload(
  t: TestContext,
  place: Place,
  options: Partial<WorkloadOptions> = {},
): Promise<Workload> {
  const workload = await Workload.open(place, {
    topic: place.topic(`workload-${randomBytes(4).toString('hex')}`),
    partitions: 4,
    subscription: 'decision',
    ratePerSecond: 300,
    keys: 200,
    consumers: 4,
    lockPrefix: place.keyPrefix,
    lockTtlMs: 5000,
    work: {workMs: 5, slowEvery: 97, slowMs: 60},
    // Each attempt of a refused fleet costs the broker several requests, which other tests would wait for.
    retryMs: 300,
    ...options,
  })
  closeFirst(t, () => workload.close())
  return workload
}

/** Connects a Shared consumer that receives messages and acknowledges none. */
export async function connectIdle(place: Place, topic: TopicName, subscription: string, name = 'idle'): Promise<void> {
  await place.transport.consume({
    topic,
    subscription,
    type: 'Shared',
    name,
    receiverQueueSize: 5,
    onMessage: () => undefined,
  })
}

/**
 * Connects a consumer until the test ends. It acks the messages for which `onMessage` returns true. A message that arrives
 * while the test ends must not be acked through a closing connection.
 */
export async function connectAcking(
  t: TestContext,
  place: Place,
  options: Omit<ConsumeOptions, 'onMessage'>,
  onMessage: (message: Message) => boolean,
): Promise<void> {
  let isClosing = false
  const joining: Promise<MessageConsumer> = place.transport.consume({
    ...options,
    onMessage: (message) => {
      if (onMessage(message)) void joining.then((consumer) => (isClosing ? undefined : consumer.ack(message)))
    },
  })
  const consumer = await joining
  closeFirst(t, () => {
    isClosing = true
    return consumer.close()
  })
}

/** The time after which a wait fails. It is much longer than any wait takes, also on a machine with other load. */
export const DEADLINE_MS = 180_000

/** Polls until a condition holds. A slow condition is checked less often, because it competes with the work it waits for. */
export async function until(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS
  for (;;) {
    const checkedAt = Date.now()
    if (await condition()) return
    assert.ok(Date.now() < deadline, `${what} did not happen within ${String(DEADLINE_MS / 1000)} s`)
    await delay(Math.max(50, 3 * (Date.now() - checkedAt)))
  }
}

/** Waits until the producers of a workload have sent more messages. */
export async function untilSent(workload: Workload, more: number): Promise<void> {
  const sent = workload.counts.sentCount
  await until('more load', () => workload.counts.sentCount > sent + more)
}

/** Ends the load, and requires that no message was lost or duplicated. */
export async function settleWithoutLoss(workload: Workload): Promise<WorkloadFigures> {
  const figures = await workload.settle()
  assert.deepEqual([figures.lost, figures.duplicates], [0, 0])
  return figures
}

/** The same, and that no key was processed by two consumers at the same time after the switch. */
export async function settleExactlyOnce(workload: Workload): Promise<WorkloadFigures> {
  const figures = await settleWithoutLoss(workload)
  assert.equal(figures.overlapsAfter, 0)
  return figures
}

/** Asks the broker directly, without keyshift's client. @returns the answer. */
export async function ask(addresses: Addresses, method: string, path: string, body?: unknown): Promise<unknown> {
  const answer = await fetch(`${addresses.adminUrl}/admin/v2${path}`, {
    method,
    ...(body === undefined ? {} : {body: JSON.stringify(body), headers: {'content-type': 'application/json'}}),
  })
  const text = await answer.text()
  assert.ok(answer.ok, `${method} ${path} answered ${String(answer.status)} ${text}`)
  return text === '' ? null : (JSON.parse(text) as unknown)
}

const cleanups = new WeakMap<TestContext, Array<() => Promise<void>>>()

/** Registers a function that runs before the place of the test is checked. The last registered function runs first. */
export function closeFirst(t: TestContext, close: () => Promise<void>): void {
  const known = cleanups.get(t)
  if (known) known.unshift(close)
  else cleanups.set(t, [close])
}

/** Runs a test with a place on a running stack. First everything that the test opened is closed, then the place. */
export function live(
  body: (t: TestContext, place: Place) => Promise<void>,
  on: Addresses = addresses,
): (t: TestContext) => Promise<void> {
  return async (t) => {
    const place = await openPlace(t, on)
    try {
      await body(t, place)
    } finally {
      for (const close of cleanups.get(t) ?? []) await close()
      await place.transport.close()
    }
  }
}

async function requireEmpty(addresses: Addresses, redis: Redis, namespace: string, keyPrefix: string): Promise<void> {
  const keys = await redis.keys(`*${keyPrefix}*`)
  assert.deepEqual(keys, [], 'keys were left in Redis')
  await until(
    'the disconnect of every consumer',
    async () => (await connectedConsumers(addresses, namespace)).length === 0,
  )
}

async function connectedConsumers(addresses: Addresses, namespace: string): Promise<string[]> {
  const topics = (await ask(addresses, 'GET', `/persistent/${namespace}`)) as string[]
  const rows = await Promise.all(
    topics.map(async (topic) => {
      const {local, namespace: name, tenant} = parseTopicName(topic)
      const path = `/persistent/${tenant}/${name}/${encodeURIComponent(local)}`
      const stats = (await ask(addresses, 'GET', `${path}/stats`)) as {
        subscriptions: Record<string, {consumers: Array<{consumerName: string}>}>
      }
      return Object.values(stats.subscriptions).flatMap(({consumers}) =>
        consumers.map(({consumerName}) => consumerName),
      )
    }),
  )
  return rows.flat()
}
