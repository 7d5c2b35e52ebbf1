import type {MessageProducer, MessageTransport} from '../../clients/pulsar-messages/transport.js'
import type {TopicName} from '../../topic-name.js'
import type {WorkloadCounts} from './workload-counts.js'

export interface LoadOptions {
  readonly transport: MessageTransport
  readonly topic: TopicName
  readonly ratePerSecond: number
  /** the key of a message, by its sequence number */
  readonly keyOf: (sequence: number) => string
  readonly counts: WorkloadCounts
}

const TICK_MS = 10
const HOT_KEY = 'user-hot'

/** Publishes numbered messages at a steady rate until it is stopped. */
export class Load {
  private readonly options: LoadOptions
  private readonly producer: MessageProducer
  private readonly timer: NodeJS.Timeout
  private readonly startedAt = Date.now()
  private readonly sending = new Set<Promise<void>>()
  private next = 0
  private hotShare = 0
  private stopped: Promise<void> | null = null

  private constructor(producer: MessageProducer, options: LoadOptions) {
    this.producer = producer
    this.options = options
    this.timer = setInterval(() => {
      this.catchUp()
    }, TICK_MS)
  }

  static async start(options: LoadOptions): Promise<Load> {
    return new Load(await options.transport.produce(options.topic), options)
  }

  /** From now on this share of the messages, from 0 to 1, has the key `user-hot`. */
  heat(share: number): void {
    this.hotShare = share
  }

  /** Stops and waits until the broker has stored all sent messages; may be called again. @throws the first failed send. */
  stop(): Promise<void> {
    clearInterval(this.timer)
    this.stopped ??= this.drain()
    return this.stopped
  }

  private async drain(): Promise<void> {
    try {
      await Promise.all(this.sending)
    } finally {
      await this.producer.close()
    }
  }

  /** Timers fire late under load, so each tick sends everything that is due by the clock. */
  private catchUp(): void {
    const due = Math.floor(((Date.now() - this.startedAt) * this.options.ratePerSecond) / 1000)
    while (this.next < due) this.send(this.next++)
  }

  private send(sequence: number): void {
    const isHot = sequence % 100 < this.hotShare * 100
    const key = isHot ? HOT_KEY : this.options.keyOf(sequence)
    const sent = this.producer.send({key, payload: Buffer.from(String(sequence))}).then(() => {
      this.options.counts.sent(sequence)
      this.sending.delete(sent)
    })
    sent.catch(() => undefined) // stop() throws the error
    this.sending.add(sent)
  }
}

/** Spreads sequence numbers evenly over `user-0` to `user-(keys - 1)`, in an order without a period that could match the consumers. */
export function evenKeys(keys: number): LoadOptions['keyOf'] {
  return (sequence) => `user-${String((Math.imul(sequence, 2_654_435_761) >>> 0) % keys)}`
}
