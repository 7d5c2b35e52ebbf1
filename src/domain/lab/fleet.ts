import {setTimeout as delay} from 'node:timers/promises'

import {
  type Message,
  type MessageConsumer,
  type MessageTransport,
  SubscribeRefused,
} from '../../clients/pulsar-messages/transport.js'
import type {TopicName} from '../../topic-name.js'
import type {MigratableType} from '../migration/strategy.js'
import type {Handling, WorkloadCounts} from './workload-counts.js'
import type {Worker} from './worker.js'

export interface FleetOptions {
  readonly transport: MessageTransport
  readonly topic: TopicName
  readonly subscription: string
  readonly fleet: Handling['fleet']
  readonly type: MigratableType
  readonly names: readonly string[]
  /** delay before a rejected consumer retries */
  readonly retryMs: number
  readonly counts: WorkloadCounts
  readonly workerOf: (consumer: string) => Worker
}

const RECEIVER_QUEUE = 50

/** Consumers of one subscription. While the broker rejects them, they retry. */
export class Fleet {
  private readonly options: FleetOptions
  private readonly stopping = new AbortController()
  private readonly members: ReadonlyArray<Promise<void>>
  private readonly consumers = new Map<string, MessageConsumer>()
  private readonly processors: MessageProcessor[] = []

  constructor(options: FleetOptions) {
    this.options = options
    this.members = options.names.map((name) => this.keepSubscribed(name))
  }

  /** The number of consumers that are subscribed now. */
  get connected(): number {
    return this.consumers.size
  }

  /** Closes every consumer, aborts its work, and waits until all of it has ended. */
  async close(): Promise<void> {
    this.stopping.abort()
    await Promise.all([...this.consumers.values()].map((consumer) => consumer.close()))
    await Promise.all([...this.members, ...this.processors.map((processor) => processor.idle())])
  }

  /** Stops gracefully: accepts no new messages, processes and acks those it has, then closes. */
  async retire(): Promise<void> {
    await Promise.all(this.processors.map((processor) => processor.retire()))
    await this.close()
  }

  private async keepSubscribed(name: string): Promise<void> {
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
    const processor = new MessageProcessor(name, workerOf(name), this.options, this.stopping.signal)
    try {
      const consumer = await transport.consume({
        topic,
        subscription,
        type,
        name,
        receiverQueueSize: RECEIVER_QUEUE,
        onMessage: (message) => {
          processor.accept(message)
        },
      })
      processor.start(consumer)
      this.processors.push(processor)
      return consumer
    } catch (error) {
      if (error instanceof SubscribeRefused) return null
      throw error
    }
  }
}

/** The work of one consumer: messages of one key in order, different keys in parallel. */
class MessageProcessor {
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

  start(consumer: MessageConsumer): void {
    this.consumer.resolve(consumer)
  }

  accept(message: Message): void {
    if (this.isRetired) return
    const receivedAt = Date.now()
    const key = message.key ?? ''
    const before = this.queues.get(key) ?? Promise.resolve()
    this.queues.set(
      key,
      before.then(() => (this.closing.aborted ? undefined : this.handle(message, key, receivedAt))),
    )
  }

  /** Accepts no more messages, and settles when the accepted ones are processed and acked. */
  async retire(): Promise<void> {
    this.isRetired = true
    await this.idle()
  }

  /** Settles when no work is left; aborted work counts as ended. */
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
    const {counts, fleet} = this.options
    counts.handled({sequence, key, consumer: this.name, fleet, receivedAt, startedAt, endedAt})
    // The ack fails when the socket has closed in the meantime. The broker then delivers the message again, and the tally
    // counts it as a duplicate.
    await (await this.consumer.promise).ack(message).catch(() => undefined)
  }
}
