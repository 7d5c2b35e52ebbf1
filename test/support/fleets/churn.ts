import {setTimeout as delay} from 'node:timers/promises'

import type {Message, MessageProducer} from '../../../src/clients/pulsar-messages/transport.js'
import type {TopicName} from '../../../src/topic-name.js'
import {KeyedFleet} from './keyed-fleet.js'
import {DEADLINE_MS, type Place} from '../servers/live.js'

/** A consumer that joined or left. The broker processed it between these two times, epoch ms. */
export interface Change {
  readonly action: 'join' | 'leave'
  readonly name: string
  readonly fromMs: number
  /** infinite until the change has ended */
  toMs: number
}

/** The consumer that received a probe first, and when, epoch ms. */
export interface Receipt {
  readonly consumer: string
  readonly atMs: number
}

export interface ChurnOptions {
  readonly place: Place
  /** an existing topic, partitioned or not */
  readonly topic: TopicName
  /** keys that are published in turn, in addition to the probes */
  readonly keys: readonly string[]
  readonly ratePerSecond: number
  /** the minimum and maximum number of consumers */
  readonly consumers: {readonly least: number; readonly most: number}
  /** random numbers from 0 to 1 that decide which consumer leaves and whether one joins */
  readonly random: () => number
}

const TICK_MS = 50
/** A probe has this property. The value is its number. */
const PROBE = 'probe'
const PAYLOAD = Buffer.from('x')

/**
 * A Key_Shared subscription under load whose consumers acknowledge at once, join and leave. A joining consumer has a new name,
 * so an answer that names a consumer which has left is wrong.
 */
export class Churn {
  readonly changes: Change[] = []
  private readonly options: ChurnOptions
  private readonly producer: MessageProducer
  private readonly fleet: KeyedFleet
  private readonly ending = new AbortController()
  private readonly waiting = new Map<string, (receipt: Receipt) => void>()
  private readonly running: Array<Promise<void>> = []
  private named = 0
  private probes = 0

  private constructor(options: ChurnOptions, producer: MessageProducer) {
    this.options = options
    this.producer = producer
    this.fleet = new KeyedFleet(options.place, options.topic, (message, consumer) => {
      this.note(message, consumer)
    })
  }

  static async start(options: ChurnOptions): Promise<Churn> {
    const {consumers, place, topic} = options
    const churn = new Churn(options, await place.transport.produce(topic))
    while (churn.fleet.names.length < consumers.most) await churn.join()
    churn.running.push(churn.load())
    return churn
  }

  get topic(): TopicName {
    return this.options.topic
  }

  /** Lets consumers join and leave one after another. @param pauseMs the time between two changes. */
  comeAndGo(pauseMs: () => number): void {
    this.running.push(this.change(pauseMs))
  }

  /** Publishes a message with a key. @returns the consumer that receives it first. */
  async probe(key: string): Promise<Receipt> {
    const id = String(this.probes++)
    const received = new Promise<Receipt>((resolve) => this.waiting.set(id, resolve))
    const late = AbortSignal.timeout(DEADLINE_MS)
    await this.producer.send({key, payload: PAYLOAD, properties: {[PROBE]: id}})
    return Promise.race([
      received,
      rejectOn(late, `no consumer received the probe of ${key} within ${String(DEADLINE_MS)} ms`),
    ])
  }

  async stop(): Promise<void> {
    this.ending.abort()
    await Promise.all(this.running)
    await this.producer.close()
  }

  /** The changes that may have happened in a period, epoch ms. */
  changesWithin(fromMs: number, toMs: number): Change[] {
    return this.changes.filter((change) => change.fromMs <= toMs && change.toMs >= fromMs)
  }

  private note({properties}: Message, consumer: string): void {
    const id = properties[PROBE] ?? ''
    this.waiting.get(id)?.({consumer, atMs: Date.now()})
    this.waiting.delete(id)
  }

  private async load(): Promise<void> {
    const {keys, ratePerSecond} = this.options
    const startedAt = Date.now()
    let sent = 0
    while (!this.ending.signal.aborted) {
      const due = Math.floor(((Date.now() - startedAt) * ratePerSecond) / 1000)
      const batch = Array.from({length: due - sent}, (_, at) => keys[(sent + at) % keys.length] ?? '')
      sent = due
      await Promise.all(batch.map((key) => this.producer.send({key, payload: PAYLOAD})))
      await this.pause(TICK_MS)
    }
  }

  private async change(pauseMs: () => number): Promise<void> {
    const {consumers, random} = this.options
    for (;;) {
      await this.pause(pauseMs())
      if (this.ending.signal.aborted) return
      const present = this.fleet.names.length
      const joins = present <= consumers.least || (present < consumers.most && random() < 0.5)
      await (joins ? this.join() : this.leave())
    }
  }

  private join(): Promise<void> {
    const name = `worker-${String(this.named++)}`
    return this.timed('join', name, this.fleet.join(name))
  }

  private leave(): Promise<void> {
    const {names} = this.fleet
    const name = names[Math.floor(this.options.random() * names.length)] ?? ''
    return this.timed('leave', name, this.fleet.leave(name))
  }

  private async timed(action: Change['action'], name: string, doing: Promise<void>): Promise<void> {
    const change = {action, name, fromMs: Date.now(), toMs: Infinity}
    this.changes.push(change)
    await doing
    // A WebSocket closes before its consumer: the broker has removed the consumer when its statistics show that.
    await this.fleet.statistics()
    change.toMs = Date.now()
  }

  private pause(ms: number): Promise<unknown> {
    return delay(ms, undefined, {signal: this.ending.signal}).catch(() => undefined)
  }
}

function rejectOn(signal: AbortSignal, why: string): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(new Error(why))
    })
  })
}
