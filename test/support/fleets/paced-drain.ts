import type {Message} from '../../../src/clients/pulsar-messages/transport.js'
import type {TopicName} from '../../../src/topic-name.js'
import type {Place} from '../servers/live.js'
import {loadOf, type Shape} from './load-shapes.js'
import {mulberry32} from './seed.js'

export interface DrainOptions {
  readonly shape: Shape
  /** the same seed gives the same load */
  readonly seed: number
  /** the minimum and maximum duration at a constant rate, in seconds */
  readonly lastsS: readonly [number, number]
  /** the length of the sampling window in seconds */
  readonly windowS: number
}

const RATE_PER_S = {least: 20, most: 60}
const TICK_MS = 50
const QUEUE = 200

/** A topic with a backlog, and one consumer that acknowledges at the rate of a load shape. */
export class PacedDrain {
  readonly topic: TopicName
  readonly subscription = 'decision'
  readonly shape: Shape
  private readonly place: Place
  private readonly options: DrainOptions
  private readonly next: () => number
  private readonly half = Promise.withResolvers<undefined>()
  private readonly end = Promise.withResolvers<number>()

  constructor(place: Place, options: DrainOptions) {
    this.place = place
    this.options = options
    this.shape = options.shape
    this.next = mulberry32(options.seed * 7919 + 13)
    this.topic = place.topic(`${options.shape}-${String(options.seed)}`)
  }

  /** Settles when half of the backlog is acknowledged. */
  get halfway(): Promise<undefined> {
    return this.half.promise
  }

  /** When the last message was acknowledged, epoch ms. Never settles if the drain stalls. */
  get drainedAtMs(): Promise<number> {
    return this.end.promise
  }

  /** Publishes the backlog and starts the consumer. */
  async start(): Promise<void> {
    const {lastsS, shape, windowS} = this.options
    const {admin} = this.place
    const drainS = lastsS[0] + (lastsS[1] - lastsS[0]) * this.next()
    const ratePerS = RATE_PER_S.least + (RATE_PER_S.most - RATE_PER_S.least) * this.next()
    const whole = Math.round(drainS * ratePerS)
    await admin.createTopic(this.topic)
    await admin.createSubscription(this.topic, this.subscription, 'earliest')
    await this.publish(whole)
    const pace = loadOf(shape, this.next, windowS)
    await this.work(whole, (atS, left) => ratePerS * pace({atS, drainS, left}))
  }

  private async publish(count: number): Promise<void> {
    const producer = await this.place.transport.produce(this.topic)
    await Promise.all(Array.from({length: count}, () => producer.send({payload: Buffer.from('x')})))
    await producer.close()
  }

  /** @param pace messages per second, given the seconds since the start and the remaining share. */
  private async work(whole: number, pace: (atS: number, left: number) => number): Promise<void> {
    const waiting: Message[] = []
    const consumer = await this.place.transport.consume({
      ...{topic: this.topic, subscription: this.subscription, type: 'Shared', name: 'worker-0'},
      receiverQueueSize: QUEUE,
      onMessage: (message) => waiting.push(message),
    })
    const startedAt = Date.now()
    let [acked, due, workedTo] = [0, 0, startedAt]
    const timer = setInterval(() => {
      // Timers fire late under load: each stretch of time gets its work.
      for (const now = Date.now(); workedTo < now; workedTo += TICK_MS) {
        due += (pace((workedTo - startedAt) / 1000, 1 - acked / whole) * TICK_MS) / 1000
        const some = waiting.splice(0, Math.floor(due))
        for (const message of some) void consumer.ack(message)
        acked += some.length
        due -= some.length
      }
      if (acked >= whole / 2) this.half.resolve(undefined)
      if (acked < whole) return
      clearInterval(timer)
      this.end.resolve(Date.now())
    }, TICK_MS)
    void consumer.closed.then(() => {
      clearInterval(timer)
    })
  }
}
