import {Unreachable} from '../../errors.js'
import {globalPackage} from './optional-package.js'
import type {TopicName} from '../../topic-name.js'
import {type Credentials, NO_CREDENTIALS} from '../login/credentials.js'
import {decodeMessageId, encodeMessageId} from './message-id.js'
import {
  type ConsumeOptions,
  type Message,
  type MessageConsumer,
  type MessageProducer,
  type MessageReader,
  type MessageTransport,
  NACK_REDELIVERY_DELAY_MS,
  type OutgoingMessage,
  type ReadOptions,
  type ReservedSubscription,
  SubscribeRefused,
} from './transport.js'
import {messageOf} from '../../wording.js'

/**
 * The part of the package `pulsar-client` that keyshift uses. Declared here because the package is optional: where its
 * addon cannot be installed, its types are missing as well. Source: index.d.ts of pulsar-client 1.18.0.
 */
interface NativeMessage {
  getData(): Buffer
  getPartitionKey(): string
  getProperties(): Record<string, string>
  getRedeliveryCount(): number
  getMessageId(): {serialize(): Buffer}
}
interface NativeProducer {
  send(message: {data: Buffer; partitionKey?: string; properties?: Record<string, string>}): Promise<unknown>
  close(): Promise<unknown>
}
interface NativeConsumer {
  acknowledge(message: NativeMessage): Promise<unknown>
  negativeAcknowledge(message: NativeMessage): void
  close(): Promise<unknown>
}
interface NativeReader {
  close(): Promise<unknown>
}
interface NativeClient {
  createReader(config: object): Promise<NativeReader>
  createProducer(config: object): Promise<NativeProducer>
  subscribe(config: object): Promise<NativeConsumer>
  close(): Promise<unknown>
}
interface NativeModule {
  MessageId: {earliest(): unknown; deserialize(bytes: Buffer): unknown}
  AuthenticationToken: new (config: {token: () => Promise<string>}) => object
  AuthenticationBasic: new (config: {username: string; password: string}) => object
  AuthenticationTls: new (config: {certificatePath: string; privateKeyPath: string}) => object
  Client: (new (config: object) => NativeClient) & {setLogHandler(handler: () => void): void}
}

const TYPE_NAMES = {Exclusive: 'Exclusive', Failover: 'Failover', Key_Shared: 'KeyShared', Shared: 'Shared'} as const
// Not a literal, because the compiler would require the types of a package that may be missing.
const PACKAGE = ['pulsar', 'client'].join('-')

/** Loads the addon; null when it is not installed or does not run on this machine. */
export async function loadNative(): Promise<NativeModule | null> {
  for (const place of [PACKAGE, globalPackage(PACKAGE)]) {
    try {
      if (place === null) continue
      const loaded = (await import(place)) as NativeModule & {default?: NativeModule}
      return loaded.default ?? loaded
    } catch {
      // The next place may have it.
    }
  }
  return null
}

export interface NativeOptions {
  /** Such as pulsar://host:6650, pulsar+ssl://host:6651 */
  readonly serviceUrl: string
  /** no login when omitted */
  readonly credentials?: Credentials | undefined
}

/** The binary protocol, with the package `pulsar-client` (Apache's C++ client). */
export class NativeTransport implements MessageTransport {
  readonly name = 'native'
  private readonly client: NativeClient
  private readonly native: NativeModule

  private constructor(native: NativeModule, client: NativeClient) {
    this.native = native
    this.client = client
  }

  /** Creates the client; it connects at first use. @throws as the login does when no credentials are available. */
  static async open(native: NativeModule, {credentials, serviceUrl}: NativeOptions): Promise<NativeTransport> {
    native.Client.setLogHandler(() => undefined) // its log lines would go to stdout
    const {tlsFiles: tls} = credentials ?? NO_CREDENTIALS
    const authentication = await authenticationOf(native, credentials ?? NO_CREDENTIALS)
    const client = new native.Client({
      serviceUrl,
      operationTimeoutSeconds: 30,
      ...(authentication === null ? {} : {authentication}),
      ...(tls.caFile === null ? {} : {tlsTrustCertsFilePath: tls.caFile}),
      tlsValidateHostname: tls.checksHostname && !tls.isInsecure, // the addon's default is false
      tlsAllowInsecureConnection: tls.isInsecure,
    })
    return new NativeTransport(native, client)
  }

  async produce(topic: TopicName): Promise<MessageProducer> {
    // The C++ client's default hashing scheme sends keys to other partitions than the Java client's, which the
    // WebSocket proxy uses. The scheme is set so that both transports route a key to the same partition.
    const producer = await this.client.createProducer({
      topic: topic.full,
      hashingScheme: 'JavaStringHash',
      batchingEnabled: false,
    })
    return {
      async send(message: OutgoingMessage): Promise<void> {
        const {key, payload, properties} = message
        await producer.send({
          data: payload,
          ...(key === undefined ? {} : {partitionKey: key}),
          ...(properties === undefined ? {} : {properties: {...properties}}),
        })
      },
      async close(): Promise<void> {
        await producer.close()
      },
    }
  }

  async consume(options: ConsumeOptions): Promise<MessageConsumer> {
    try {
      const consumer = await this.client.subscribe({
        topic: options.topic.full,
        subscription: options.subscription,
        subscriptionType: TYPE_NAMES[options.type],
        subscriptionInitialPosition: 'Earliest',
        consumerName: options.name,
        receiverQueueSize: options.receiverQueueSize,
        nAckRedeliverTimeoutMs: NACK_REDELIVERY_DELAY_MS,
        listener: (message: NativeMessage) => {
          options.onMessage(asMessage(message))
        },
      })
      return asConsumer(consumer)
    } catch (error) {
      const reason = messageOf(error)
      if (/ConsumerBusy|NotAllowed|ConsumerAssign/.test(reason)) throw new SubscribeRefused(options, reason, error)
      throw new Unreachable('E_BROKER_UNREACHABLE', `consumer ${options.name} could not subscribe: ${reason}`, {
        cause: error,
      })
    }
  }

  reserveSubscription(): Promise<ReservedSubscription> {
    const message = 'pulsar-client cannot create non-durable subscriptions'
    return Promise.reject(new Unreachable('E_TRANSPORT', message))
  }

  async read({after, onMessage, receiverQueueSize, topic}: ReadOptions): Promise<MessageReader> {
    const {MessageId} = this.native
    const reader = await this.client.createReader({
      topic: topic.full,
      startMessageId: after === null ? MessageId.earliest() : MessageId.deserialize(encodeMessageId(after)),
      receiverQueueSize,
      listener: (message: NativeMessage) => {
        onMessage({
          key: message.getPartitionKey() || null,
          place: decodeMessageId(message.getMessageId().serialize()),
        })
      },
    })
    const gone = Promise.withResolvers<undefined>()
    return {
      closed: gone.promise,
      async close(): Promise<void> {
        await reader.close()
        gone.resolve(undefined)
      },
    }
  }

  async close(): Promise<void> {
    await this.client.close()
  }
}

async function authenticationOf(
  native: NativeModule,
  {login, tlsFiles: {certFile, keyFile}}: Credentials,
): Promise<object | null> {
  const binary = await login.forBinary()
  if (binary?.kind === 'token') return new native.AuthenticationToken({token: binary.token})
  if (binary?.kind === 'basic') {
    const {password, username} = binary
    return new native.AuthenticationBasic({username, password})
  }
  if (certFile === null || keyFile === null) return null
  return new native.AuthenticationTls({certificatePath: certFile, privateKeyPath: keyFile})
}

function asMessage(message: NativeMessage): Message {
  // The addon returns '' for a message without a key, so an empty key and a missing key cannot be distinguished here.
  return {
    key: message.getPartitionKey() || null,
    payload: message.getData(),
    properties: message.getProperties(),
    redeliveryCount: message.getRedeliveryCount(),
    handle: message,
  }
}

function asConsumer(consumer: NativeConsumer): MessageConsumer {
  const gone = Promise.withResolvers<undefined>()
  return {
    closed: gone.promise,
    async ack(message: Message): Promise<void> {
      await consumer.acknowledge(message.handle as NativeMessage)
    },
    nack(message: Message): Promise<void> {
      consumer.negativeAcknowledge(message.handle as NativeMessage)
      return Promise.resolve()
    },
    async close(): Promise<void> {
      await consumer.close()
      gone.resolve(undefined)
    },
  }
}
