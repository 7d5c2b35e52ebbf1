import {Unreachable} from '../../errors.js'
import type {SubscriptionType} from '../pulsar-admin/types.js'
import type {TopicName} from '../../topic-name.js'
import type {MessagePlace} from './message-id.js'

/** One message as delivered. `key` is null when the producer set none; an empty key is ''. */
export interface Message {
  readonly key: string | null
  readonly payload: Buffer
  readonly properties: Readonly<Record<string, string>>
  readonly redeliveryCount: number
  /** The transport's own handle for ack and nack; opaque. */
  readonly handle: unknown
}

export interface OutgoingMessage {
  readonly key?: string
  readonly payload: Buffer
  readonly properties?: Readonly<Record<string, string>>
}

export interface MessageProducer {
  /** Resolves when the broker has stored the message. */
  send(message: OutgoingMessage): Promise<void>
  close(): Promise<void>
}

export interface MessageConsumer {
  /** Resolves when the acknowledgement is sent; Pulsar's brokers do not confirm it. */
  ack(message: Message): Promise<void>
  /** Requests redelivery of the message after the consumer's redelivery delay. */
  nack(message: Message): Promise<void>
  /** Settles when the consumer has closed, by close() or because the connection was closed. */
  readonly closed: Promise<unknown>
  close(): Promise<void>
}

export interface ConsumeOptions {
  readonly topic: TopicName
  readonly subscription: string
  readonly type: Exclude<SubscriptionType, 'None'>
  readonly name: string
  readonly receiverQueueSize: number
  readonly onMessage: (message: Message) => void
}

/** A message as a reader sees it, reduced to key and position. */
export interface ReadMessage {
  /** null when the producer set none; base64 text when it was set as bytes */
  readonly key: string | null
  readonly place: MessagePlace
}

export interface ReadOptions {
  /** a plain topic or one partition */
  readonly topic: TopicName
  /** null starts at the oldest entry */
  readonly after: {readonly ledgerId: number; readonly entryId: number} | null
  readonly receiverQueueSize: number
  readonly onMessage: (message: ReadMessage) => void
}

export interface MessageReader {
  /** Settles when the reader has closed, by close() or because the connection was closed. */
  readonly closed: Promise<unknown>
  close(): Promise<void>
}

/** Reserves a subscription's name until its connection is closed. */
export interface ReservedSubscription {
  close(): Promise<void>
}

/** How messages are produced and consumed. One contract suite runs against each implementation. */
export interface MessageTransport {
  readonly name: 'native' | 'websocket'
  produce(topic: TopicName): Promise<MessageProducer>
  /**
   * @throws SubscribeRefused when the broker refuses this consumer, for example because one of another type is connected.
   */
  consume(options: ConsumeOptions): Promise<MessageConsumer>
  /**
   * Reserves the name of a subscription that does not exist, by a non-durable one. While it is open, every durable
   * consumer of that name is refused at once, with an error that clients do not retry on their own.
   *
   * @throws SubscribeRefused; Unreachable E_TRANSPORT where the transport cannot reserve.
   */
  reserveSubscription(topic: TopicName, subscription: string): Promise<ReservedSubscription>
  /** Reads without using any existing subscription; the reader's own one is deleted when it closes. */
  read(options: ReadOptions): Promise<MessageReader>
  close(): Promise<void>
}

/** The broker refused the consumer for now: another type is connected, or a policy forbids this type. */
export class SubscribeRefused extends Unreachable {
  constructor(
    options: Pick<ConsumeOptions, 'name' | 'subscription' | 'topic' | 'type'>,
    reason: string,
    cause?: unknown,
  ) {
    const {name, subscription, topic, type} = options
    super('E_SUBSCRIBE_REFUSED', `${type} consumer ${name} was refused at ${topic.full} ${subscription}: ${reason}`, {
      data: {topic: topic.full, subscription, type, reason},
      cause,
    })
  }
}

/** Delay before a nacked message is delivered again, in ms; the same for every transport. */
export const NACK_REDELIVERY_DELAY_MS = 200
