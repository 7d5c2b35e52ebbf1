import {setTimeout as delay} from 'node:timers/promises'

import type {Message, MessageConsumer, MessageTransport} from '../../clients/pulsar-messages/transport.js'
import type {TopicName} from '../../topic-name.js'
import type {RehearsalCounts} from './rehearsal-counts.js'

/** The default of the Java and C++ clients, and the maximum of the WebSocket API. */
const RECEIVER_QUEUE = 1000

export interface RehearsedConsumerOptions {
  readonly transport: MessageTransport
  readonly topic: TopicName
  readonly subscription: string
  readonly name: string
  /** processing time per message; one message at a time */
  readonly processMs: number
  readonly counts: RehearsalCounts
}

interface Waiting {
  readonly message: Message
  readonly arrivedAt: number
  /** what is queued before it: only other keys, also its own key, or nothing */
  readonly behind: 'nothing' | 'others' | 'own'
}

/** Simulates a consumer: processes one message at a time and acks it on the temporary subscription. */
export class RehearsalConsumer {
  private readonly options: RehearsedConsumerOptions
  private readonly queue: Waiting[] = []
  /** number of messages of each key that are queued or in process */
  private readonly unprocessed = new Map<string, number>()
  private consumer: MessageConsumer | null = null
  private working: Promise<void> | null = null
  private isClosed = false

  private constructor(options: RehearsedConsumerOptions) {
    this.options = options
  }

  static async connect(options: RehearsedConsumerOptions): Promise<RehearsalConsumer> {
    const {name, subscription, topic, transport} = options
    const self = new RehearsalConsumer(options)
    self.consumer = await transport.consume({
      topic,
      subscription,
      type: 'Key_Shared',
      name,
      receiverQueueSize: RECEIVER_QUEUE,
      onMessage: (message) => {
        self.receive(message)
      },
    })
    self.begin()
    return self
  }

  async close(): Promise<void> {
    this.isClosed = true
    await this.working
    await this.consumer?.close()
  }

  private receive(message: Message): void {
    const key = message.key ?? ''
    const sameKey = this.unprocessed.get(key) ?? 0
    const behind = sameKey > 0 ? 'own' : this.queue.length > 0 || this.working ? 'others' : 'nothing'
    this.unprocessed.set(key, sameKey + 1)
    this.queue.push({message, arrivedAt: Date.now(), behind})
    this.begin()
  }

  /** Does nothing before connect() has stored the consumer, because messages can arrive earlier. */
  private begin(): void {
    if (this.working || !this.consumer || this.queue.length === 0) return
    this.working = this.work(this.consumer).finally(() => {
      this.working = null
      if (!this.isClosed) this.begin()
    })
  }

  private async work(consumer: MessageConsumer): Promise<void> {
    const {counts, name, processMs} = this.options
    for (let next = this.queue.shift(); next && !this.isClosed; next = this.queue.shift()) {
      const {arrivedAt, behind, message} = next
      const waitedMs = Date.now() - arrivedAt
      if (processMs > 0) await delay(processMs)
      // Fails only after close() has closed the socket; the subscription is then deleted anyway.
      await consumer.ack(message).catch(() => undefined)
      this.forget(message.key ?? '')
      counts.add(name, message.key, waitedMs, processMs, behind === 'others' && waitedMs > 0)
    }
  }

  private forget(key: string): void {
    const left = (this.unprocessed.get(key) ?? 1) - 1
    if (left === 0) this.unprocessed.delete(key)
    else this.unprocessed.set(key, left)
  }
}
