import {Unreachable} from '../../../src/errors.js'
import {
  type ConsumeOptions,
  type MessageConsumer,
  type MessageProducer,
  type MessageReader,
  type MessageTransport,
  type OutgoingMessage,
  type ReadOptions,
  type ReservedSubscription,
  SubscribeRefused,
} from '../../../src/clients/pulsar-messages/transport.js'
import type {TopicName} from '../../../src/topic-name.js'
import {until} from '../servers/live.js'

/**
 * A transport that survives a restart of the broker, like Pulsar's clients. A consumer that subscribes during the restart is
 * refused and tries again, and a message that could not be sent is sent again. The broker may store such a message twice. This
 * is independent of subscriptions, so these messages are identified by their message ids.
 */
export class HardyTransport implements MessageTransport {
  readonly name: MessageTransport['name']
  private readonly inner: MessageTransport
  private readonly idsOf = new Map<string, Set<unknown>>()

  constructor(inner: MessageTransport) {
    this.inner = inner
    this.name = inner.name
  }

  /** The texts of messages that were delivered with more than one id. */
  get storedTwice(): ReadonlySet<string> {
    return new Set([...this.idsOf].filter(([, ids]) => ids.size > 1).map(([text]) => text))
  }

  async produce(topic: TopicName): Promise<MessageProducer> {
    let producer = this.inner.produce(topic)
    await producer
    const again = async (broken: Promise<MessageProducer>): Promise<void> => {
      if (producer === broken) producer = this.produceSoon(topic)
      await producer
    }
    const send = async (message: OutgoingMessage): Promise<void> => {
      const mine = producer
      try {
        await (await mine).send(message)
      } catch {
        await again(mine)
        await send(message)
      }
    }
    return {send, close: async () => (await producer).close()}
  }

  async consume(options: ConsumeOptions): Promise<MessageConsumer> {
    const onMessage: ConsumeOptions['onMessage'] = (message) => {
      const text = message.payload.toString('utf8')
      this.idsOf.set(text, (this.idsOf.get(text) ?? new Set()).add(message.handle))
      options.onMessage(message)
    }
    try {
      return await this.inner.consume({...options, onMessage})
    } catch (error) {
      if (error instanceof SubscribeRefused || !(error instanceof Unreachable)) throw error
      throw new SubscribeRefused(options, error.message, error)
    }
  }

  reserveSubscription(topic: TopicName, subscription: string): Promise<ReservedSubscription> {
    return this.inner.reserveSubscription(topic, subscription)
  }

  read(options: ReadOptions): Promise<MessageReader> {
    return this.inner.read(options)
  }

  close(): Promise<void> {
    return this.inner.close()
  }

  private async produceSoon(topic: TopicName): Promise<MessageProducer> {
    let producer: MessageProducer | null = null
    const opened = async (): Promise<boolean> => {
      producer = await this.inner.produce(topic).catch(() => null)
      return producer !== null
    }
    await until('the broker taking messages again', opened)
    return producer as unknown as MessageProducer
  }
}
