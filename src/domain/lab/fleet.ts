import {setTimeout as delay} from 'node:timers/promises'

import {
  type Message,
  type MessageConsumer,
  type MessageTransport,
  SubscribeRefused,
} from '../../clients/pulsar-messages/transport.js'
import type {TopicName} from '../../topic-name.js'
import type {MigratableType} from '../migration/strategy.js'
import type {Handling, Tally} from './workload-counts.js'
import type {Worker} from './worker.js'

export interface FleetOptions {
  readonly transport: MessageTransport
  readonly topic: TopicName
  readonly subscription: string
  readonly fleet: Handling['fleet']
  readonly type: MigratableType
  readonly names: readonly string[]
  /** how long a consumer that is refused waits before it tries again */
  readonly retryMs: number
  readonly tally: Tally
  readonly workerOf: (consumer: string) => Worker
}

const RECEIVER_QUEUE = 50

/** Consumers of one subscription that subscribe until they are let in: refused at first, they are a standby. */
export class Fleet {
  private readonly options: FleetOptions
  private readonly stopping = new AbortController()
  private readonly members: ReadonlyArray<Promise<void>>
  private readonly consumers = new Map<string, MessageConsumer>()
  private readonly desks: Desk[] = []

  constructor(options: FleetOptions) {
    this.options = options
    this.members = options.names.map((name) => this.live(name))
  }

  /** How many are subscribed now. */
  get connected(): number {
    return this.consumers.size
  }

  /** Closes every consumer, breaks off their work, and waits until all is gone. */
  async close(): Promise<void> {
    this.stopping.abort()
    await Promise.all([...this.consumers.values()].map((consumer) => consumer.close()))
    await Promise.all([...this.members, ...this.desks.map((desk) => desk.idle())])
  }

  /** Ends as a worker should: what is in its hands is handled and acknowledged first, and it takes no more. */
  async retire(): Promise<void> {
    await Promise.all(this.desks.map((desk) => desk.retire()))
    await this.close()
  }

  private async live(name: string): Promise<void> {
    while (!this.isStopping()) {
      const consumer = await this.subscribe(name)
      if (!consumer) await delay(this.options.retryMs)
      else if (this.isStopping()) await consumer.close()
      else {
        this.consumers.set(name, consumer)
        await consumer.closed
        this.consumers.delete(name)
      }
    }
  }

  private isStopping(): boolean {
    return this.stopping.signal.aborted
  }

  private async subscribe(name: string): Promise<MessageConsumer | null> {
    const {subscription, topic, transport, type, workerOf} = this.options
    const desk = new Desk(name, workerOf(name), this.options, this.stopping.signal)
    try {
      const consumer = await transport.consume({
        topic,
        subscription,
        type,
        name,
        receiverQueueSize: RECEIVER_QUEUE,
        onMessage: (message) => {
          desk.take(message)
        },
      })
      desk.open(consumer)
      this.desks.push(desk)
      return consumer
    } catch (error) {
      if (error instanceof SubscribeRefused) return null
      throw error
    }
  }
}

/** One consumer's work: messages of a key one after the other, those of different keys side by side. */
class Desk {
  private readonly name: string
  private readonly worker: Worker
  private readonly options: FleetOptions
  private readonly closing: AbortSignal
  private readonly queues = new Map<string, Promise<void>>()
  private readonly consumer = Promise.withResolvers<MessageConsumer>()
  private isRetired = false

  constructor(name: string, worker: Worker, options: FleetOptions, closing: AbortSignal) {
    this.name = name
    this.worker = worker
    this.options = options
    this.closing = closing
  }

  open(consumer: MessageConsumer): void {
    this.consumer.resolve(consumer)
  }

  take(message: Message): void {
    if (this.isRetired) return
    const receivedAt = Date.now()
    const key = message.key ?? ''
    const before = this.queues.get(key) ?? Promise.resolve()
    this.queues.set(
      key,
      before.then(() => (this.closing.aborted ? undefined : this.handle(message, key, receivedAt))),
    )
  }

  /** Takes no more, and settles when all that it has is handled and acknowledged. */
  async retire(): Promise<void> {
    this.isRetired = true
    await this.idle()
  }

  /** Settles when no work is left; work that the closing broke off counts as done. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.queues.values())
  }

  private async handle(message: Message, key: string, receivedAt: number): Promise<void> {
    const sequence = Number(message.payload.toString('utf8'))
    const times = await this.worker.work(key, sequence, this.closing).catch((error: unknown) => {
      if (this.closing.aborted) return null
      throw error
    })
    if (!times) return
    const {endedAt, startedAt} = times
    const {fleet, tally} = this.options
    tally.handled({sequence, key, consumer: this.name, fleet, receivedAt, startedAt, endedAt})
    // A socket that closed meanwhile takes no acknowledgement: the broker delivers the message again, and the tally
    // counts it as the duplicate it is.
    await (await this.consumer.promise).ack(message).catch(() => undefined)
  }
}
