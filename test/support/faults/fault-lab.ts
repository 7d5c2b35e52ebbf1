import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import type {TestContext} from 'node:test'

import {WebSocket} from 'ws'

import type {SubscriptionStats} from '../../../src/clients/pulsar-admin/types.js'
import type {Message, MessageConsumer} from '../../../src/clients/pulsar-messages/transport.js'
import {parseTopicName, type TopicName} from '../../../src/topic-name.js'
import {ask, closeFirst, type Place, until} from '../servers/live.js'
import {pythonProgram} from '../fleets/programs.js'

export const SUB = 'decision'

type Reaction = 'ack' | 'ignore' | 'nack'
/** What a consumer does with a message. */
export type Habit = Reaction | ((message: Message) => Reaction)

export interface LabConsumer {
  readonly name: string
  readonly type?: 'Failover' | 'Key_Shared' | 'Shared'
  readonly habit: Habit
  readonly queue?: number
  readonly topic?: TopicName
}

/** The slots that a STICKY consumer requests, and its topic. */
interface Sticky {
  readonly first?: number
  readonly last?: number
  readonly topic?: TopicName
}

interface StickyConsumer {
  /** Stops the process, which stays connected. */
  readonly freeze: () => void
}

/** A topic with a subscription on which a test causes faults. */
export class FaultLab {
  readonly topic: TopicName
  readonly subscription: string
  readonly place: Place

  private constructor(place: Place, name: string, subscription: string) {
    this.place = place
    this.topic = place.topic(name)
    this.subscription = subscription
  }

  /** @param partitions null for a topic without partitions. */
  static async open(place: Place, partitions: number | null, name = 'orders', subscription = SUB): Promise<FaultLab> {
    const lab = new FaultLab(place, name, subscription)
    if (partitions === null) await place.admin.createTopic(lab.topic)
    else await place.admin.createPartitionedTopic(lab.topic, partitions)
    await place.admin.createSubscription(lab.topic, subscription, 'earliest')
    return lab
  }

  /** The topic's path in the admin API and the WebSocket API. */
  get path(): string {
    const {local, namespace, tenant} = this.topic
    return `/persistent/${tenant}/${namespace}/${encodeURIComponent(local)}`
  }

  /** The statistics of the subscription, of all partitions together. */
  async stats(): Promise<SubscriptionStats> {
    const {admin} = this.place
    const query = {getPreciseBacklog: true}
    const isPartitioned = (await admin.partitionCount(this.topic)) > 0
    const stats = isPartitioned
      ? await admin.partitionedStats(this.topic, query)
      : await admin.topicStats(this.topic, query)
    return stats.subscriptions?.[this.subscription] ?? {}
  }

  partition(number: number): TopicName {
    return parseTopicName(`${this.topic.full}-partition-${String(number)}`)
  }

  /** Publishes `count` messages, with the keys in turn. */
  async publish(count: number, keys: ReadonlyArray<string | null>): Promise<void> {
    const producer = await this.place.transport.produce(this.topic)
    const payload = Buffer.from('x')
    for (let at = 0; at < count; at += AT_ONCE) {
      const some = Array.from({length: Math.min(AT_ONCE, count - at)}, (_, number) => {
        const key = keys[(at + number) % keys.length] ?? null
        return producer.send(key === null ? {payload} : {key, payload})
      })
      await Promise.all(some)
    }
    await producer.close()
  }

  async join({habit, name, queue = 1000, topic = this.topic, type = 'Shared'}: LabConsumer): Promise<MessageConsumer> {
    const joining: Promise<MessageConsumer> = this.place.transport.consume({
      ...{topic, type, name, subscription: this.subscription, receiverQueueSize: queue},
      onMessage: (message) => {
        const what = typeof habit === 'function' ? habit(message) : habit
        if (what === 'ack') void joining.then((consumer) => consumer.ack(message)).catch(() => undefined)
        if (what === 'nack') void joining.then((consumer) => consumer.nack(message)).catch(() => undefined)
      },
    })
    return joining
  }

  /**
   * Creates a Redis lock of a key that never expires, until the test ends.
   *
   * @param holder a consumer; by default one that is not connected.
   * @returns the lock and the flags that find it.
   */
  async leaveLock(
    t: TestContext,
    key: string,
    holder = 'worker-9',
  ): Promise<{readonly lock: string; readonly pattern: string[]}> {
    const {keyPrefix, redis} = this.place
    const lock = `${keyPrefix}user:${key}`
    await redis.set(lock, `${holder}/8f14e45fceea467fa8f53b2b7c1d9a01`)
    closeFirst(t, async () => {
      await redis.del(lock)
    })
    return {lock, pattern: ['--key-pattern', `${keyPrefix}user:{key}`, '--holder-pattern', '{consumer}/*']}
  }

  /** A connected consumer that never requests a message. */
  async joinSilent(name: string): Promise<() => Promise<void>> {
    const query = `subscriptionType=Shared&consumerName=${name}&receiverQueueSize=0&pullMode=true`
    const path = `/ws/v2/consumer${this.path}/${encodeURIComponent(this.subscription)}?${query}`
    const socket = new WebSocket(this.place.addresses.webSocketUrl + path)
    await once(socket, 'open')
    return async () => {
      socket.close()
      await once(socket, 'close')
    }
  }

  /** Publishes one message that is due after this many ms. */
  publishDelayed(afterMs: number): Promise<void> {
    return this.send('', [{key: 'a', deliverAfterMs: afterMs}])
  }

  /** Publishes one batch from a producer that batches without regard to keys. */
  publishBatch(keys: readonly string[]): Promise<void> {
    const query = `?batchingEnabled=true&batchingMaxMessages=${String(keys.length)}&batchingMaxPublishDelay=1000`
    return this.send(
      query,
      keys.map((key) => ({key})),
    )
  }

  private async send(query: string, messages: readonly object[]): Promise<void> {
    const path = `/ws/v2/producer${this.path}${query}`
    const socket = new WebSocket(this.place.addresses.webSocketUrl + path)
    await once(socket, 'open')
    let stored = 0
    const all = new Promise<void>((resolve) => {
      socket.on('message', () => {
        if (++stored === messages.length) resolve()
      })
    })
    const payload = Buffer.from('x').toString('base64')
    for (const message of messages) socket.send(JSON.stringify({payload, ...message}))
    await all
    socket.close()
    await once(socket, 'close')
  }

  /** Starts a Key_Shared consumer in its own process that requests only these slots, until the test ends. */
  async joinSticky(t: TestContext, name: string, where: Sticky = {}): Promise<StickyConsumer> {
    const {first = 0, last = 65_535, topic = this.topic} = where
    const program = pythonProgram('sticky.py')
    assert.ok(program)
    const args = [this.place.addresses.serviceUrl, topic.full, this.subscription, name, String(first), String(last)]
    const child = spawn(program.command, [...program.args, ...args], {
      env: {...process.env, ...program.env},
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    closeFirst(t, async () => {
      child.kill('SIGCONT')
      child.stdin.end()
      await once(child, 'close')
    })
    await once(child.stdout, 'data')
    return {freeze: () => void child.kill('SIGSTOP')}
  }

  /** Sets a topic policy by its name in the admin API and waits until the broker applies it. */
  async policy(name: string, body: unknown): Promise<void> {
    const path = `${this.path}/${name}`
    await ask(this.place.addresses, 'POST', path, body)
    await until(`the policy ${name}`, async () => (await ask(this.place.addresses, 'GET', path)) === body)
  }

  async namespacePolicy(name: string, body: unknown): Promise<void> {
    await ask(this.place.addresses, 'POST', `/namespaces/${this.place.namespace}/${name}`, body)
  }
}

const AT_ONCE = 500
