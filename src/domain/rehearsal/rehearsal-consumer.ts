import {setTimeout as delay} from 'node:timers/promises'

import type {Message, MessageConsumer, MessageTransport} from '../../clients/pulsar-messages/transport.js'
import type {TopicName} from '../../topic-name.js'
import type {RehearsalTally} from './rehearsal-counts.js'

/** As the Java and C++ clients have it, and the most that the WebSocket API takes. */
const RECEIVER_QUEUE = 1000

export interface RehearsedConsumerOptions {
  readonly transport: MessageTransport
  readonly topic: TopicName
  readonly subscription: string
  readonly name: string
  /** how long work on one message takes; one message at a time */
  readonly processMs: number
  readonly tally: RehearsalTally
}

interface Waiting {
  readonly message: Message
  readonly arrivedAt: number
  /** what lies before it: only other keys, its own key, or nothing */
  readonly behind: 'nothing' | 'others' | 'own'
}

/** Takes messages one after the other, as long as work on them would take, and acknowledges them on its own subscription. */
export class RehearsalConsumer {
  private readonly options: RehearsedConsumerOptions
  private readonly queue: Waiting[] = []
  /** how many messages of each key wait or are worked on */
  private readonly atHand = new Map<string, number>()
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
        self.take(message)
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

  private take(message: Message): void {
    const key = message.key ?? ''
    const own = this.atHand.get(key) ?? 0
    const behind = own > 0 ? 'own' : this.queue.length > 0 || this.working ? 'others' : 'nothing'
    this.atHand.set(key, own + 1)
    this.queue.push({message, arrivedAt: Date.now(), behind})
    this.begin()
  }

  /** Messages can arrive before connect() has got hold of the consumer. */
  private begin(): void {
    if (this.working || !this.consumer || this.queue.length === 0) return
    this.working = this.work(this.consumer).finally(() => {
      this.working = null
      if (!this.isClosed) this.begin()
    })
  }

  private async work(consumer: MessageConsumer): Promise<void> {
    const {name, processMs, tally} = this.options
    for (let next = this.queue.shift(); next && !this.isClosed; next = this.queue.shift()) {
      const {arrivedAt, behind, message} = next
      const waitedMs = Date.now() - arrivedAt
      if (processMs > 0) await delay(processMs)
      // A socket that the end of the rehearsal has closed takes no acknowledgement, and needs none.
      await consumer.ack(message).catch(() => undefined)
      this.release(message.key ?? '')
      tally.add(name, message.key, waitedMs, processMs, behind === 'others' && waitedMs > 0)
    }
  }

  private release(key: string): void {
    const left = (this.atHand.get(key) ?? 1) - 1
    if (left === 0) this.atHand.delete(key)
    else this.atHand.set(key, left)
  }
}
