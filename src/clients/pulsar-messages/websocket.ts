import {once} from 'node:events'
import type {IncomingMessage} from 'node:http'

import {WebSocket} from 'ws'

import {failureText} from '../../connection-failure.js'
import {Unreachable} from '../../errors.js'
import type {TopicName} from '../../topic-name.js'
import {type Credentials, NO_CREDENTIALS} from '../login/credentials.js'
import {isAboutTls} from '../login/tls.js'
import {hideCredentials} from '../login/hide-credentials.js'
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

export interface WebSocketOptions {
  /** Such as ws://host:8080 */
  readonly url: string
  /** no login when omitted */
  readonly credentials?: Credentials
}

/** Confirms a frame to the proxy, which stops when the unconfirmed frames fill the receiver queue. */
const NEXT_FRAME = '{}'

// The broker closes a session without traffic after webSocketSessionIdleTimeoutMillis (5 minutes).
const PING_EVERY_MS = 30_000

/** The broker's WebSocket API. It needs no native code, but `webSocketServiceEnabled` on the broker or a proxy. */
export class WebSocketTransport implements MessageTransport {
  readonly name = 'websocket'
  private readonly url: string
  private readonly credentials: Credentials
  private readonly sockets = new Set<WebSocket>()

  constructor({credentials, url}: WebSocketOptions) {
    this.url = url.replace(/\/+$/, '')
    this.credentials = credentials ?? NO_CREDENTIALS
  }

  async produce(topic: TopicName): Promise<MessageProducer> {
    const socket = await this.open(`/ws/v2/producer/${topicSegments(topic)}`)
    return new WebSocketProducer(socket)
  }

  async consume(options: ConsumeOptions): Promise<MessageConsumer> {
    const query = new URLSearchParams({
      subscriptionType: options.type,
      consumerName: options.name,
      receiverQueueSize: String(options.receiverQueueSize),
      negativeAckRedeliveryDelay: String(NACK_REDELIVERY_DELAY_MS),
      subscriptionInitialPosition: 'Earliest',
    })
    const path = `/ws/v2/consumer/${topicSegments(options.topic)}/${encodeURIComponent(options.subscription)}`
    const receive = (frame: string): void => {
      options.onMessage(asMessage(JSON.parse(frame) as DeliveredFrame))
    }
    try {
      return new WebSocketConsumer(await this.open(`${path}?${query.toString()}`, receive))
    } catch (error) {
      if (error instanceof HandshakeRefused) throw new SubscribeRefused(options, error.message, error)
      throw error
    }
  }

  async reserveSubscription(topic: TopicName, subscription: string): Promise<ReservedSubscription> {
    const name = 'keyshift'
    const query = new URLSearchParams({
      subscriptionType: 'Exclusive',
      subscriptionMode: 'NonDurable',
      consumerName: name,
      receiverQueueSize: '1',
    })
    const path = `/ws/v2/consumer/${topicSegments(topic)}/${encodeURIComponent(subscription)}?${query.toString()}`
    try {
      const socket = await this.open(path)
      return {close: () => closeSocket(socket)}
    } catch (error) {
      if (!(error instanceof HandshakeRefused)) throw error
      throw new SubscribeRefused({topic, subscription, type: 'Exclusive', name}, error.message, error)
    }
  }

  async read({after, onMessage, receiverQueueSize, topic}: ReadOptions): Promise<MessageReader> {
    const query = new URLSearchParams({
      messageId: after === null ? 'earliest' : encodeMessageId(after).toString('base64'),
      receiverQueueSize: String(receiverQueueSize),
    })
    const socket = await this.open(`/ws/v2/reader/${topicSegments(topic)}?${query.toString()}`, (frame, from) => {
      const {key, messageId} = JSON.parse(frame) as DeliveredFrame
      from.send(NEXT_FRAME)
      onMessage({key: key ?? null, place: decodeMessageId(Buffer.from(messageId, 'base64'))})
    })
    return {closed: once(socket, 'close'), close: () => closeSocket(socket)}
  }

  async close(): Promise<void> {
    await Promise.all([...this.sockets].map((socket) => closeSocket(socket)))
  }

  /** @param receive is set before the socket opens, because frames can follow the handshake in the same packet. */
  private async open(path: string, receive?: (frame: string, from: WebSocket) => void): Promise<WebSocket> {
    try {
      return await this.connect(path, receive)
    } catch (error) {
      const isLoginRefused = error instanceof HandshakeRefused && error.data['status'] === 401
      if (!isLoginRefused || !this.credentials.login.renew()) throw error
      return this.connect(path, receive)
    }
  }

  private async connect(path: string, receive?: (frame: string, from: WebSocket) => void): Promise<WebSocket> {
    const {login, tls} = this.credentials
    const headers = await login.headers()
    const socket = new WebSocket(this.url + path, {
      ...tls,
      headers,
      handshakeTimeout: 30_000,
      perMessageDeflate: false,
    })
    this.sockets.add(socket)
    socket.once('close', () => this.sockets.delete(socket))
    socket.once('open', () => {
      keepAlive(socket)
    })
    if (receive)
      socket.on('message', (data: Buffer) => {
        receive(data.toString('utf8'), socket)
      })
    await opened(socket, this.url, {about: login.about, headers})
    return socket
  }
}

/** The proxy answered the handshake with an HTTP error; the message is its reason. */
class HandshakeRefused extends Unreachable {}

interface Sent {
  /** the login, for output */
  readonly about: string
  readonly headers: Readonly<Record<string, string>>
}

function opened(socket: WebSocket, url: string, sent: Sent): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      void readText(response).then((body) => {
        const {statusCode: status} = response
        const isNotAllowed = status === 401 || status === 403
        const reason = `${hideCredentials(reasonOf(body, response), sent.headers)}${isNotAllowed ? `; sent with ${sent.about}` : ''}`
        reject(new HandshakeRefused(isNotAllowed ? 'E_NOT_ALLOWED' : 'E_WEBSOCKET_REFUSED', reason, {data: {status}}))
        socket.terminate() // with a listener for the response, ws does not close the socket itself
      }, reject)
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      reject(noWebSocket(url, error.code ?? error.message))
    })
  })
}

function noWebSocket(url: string, cause: string): Unreachable {
  const isTls = isAboutTls(cause)
  return new Unreachable(
    isTls ? 'E_BROKER_TLS' : 'E_WEBSOCKET_UNREACHABLE',
    `cannot open WebSocket ${url}: ${failureText(cause)}`,
    {
      data: {url, cause},
      next: isTls
        ? ['pass the CA bundle of the broker certificate: --tls-ca-file ca.pem']
        : ['set webSocketServiceEnabled=true on the broker, or use a WebSocket proxy with --web-socket-url'],
    },
  )
}

/** Jetty answers with an HTML page; the reason is in its status line or its text. */
function reasonOf(body: string, response: IncomingMessage): string {
  const text = body
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 300)
  return `${String(response.statusCode)} ${text || (response.statusMessage ?? '')}`
}

async function readText(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

function keepAlive(socket: WebSocket): void {
  const timer = setInterval(() => {
    socket.ping()
  }, PING_EVERY_MS)
  timer.unref()
  socket.once('close', () => {
    clearInterval(timer)
  })
}

async function closeSocket(socket: WebSocket): Promise<void> {
  if (socket.readyState === WebSocket.CLOSED) return
  await new Promise((resolve) => {
    socket.once('close', resolve)
    if (socket.readyState === WebSocket.CONNECTING) socket.terminate()
    else socket.close()
  })
}

function write(socket: WebSocket, frame: object): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(JSON.stringify(frame), (error) => {
      if (error) reject(error)
      else resolve()
    })
  })
}

function topicSegments(topic: TopicName): string {
  return ['persistent', topic.tenant, topic.namespace, topic.local].map((part) => encodeURIComponent(part)).join('/')
}

interface DeliveredFrame {
  messageId: string
  payload: string
  key?: string
  properties?: Record<string, string>
  redeliveryCount?: number
}

function asMessage(frame: DeliveredFrame): Message {
  return {
    key: frame.key ?? null,
    payload: Buffer.from(frame.payload, 'base64'),
    properties: frame.properties ?? {},
    redeliveryCount: frame.redeliveryCount ?? 0,
    handle: frame.messageId,
  }
}

class WebSocketConsumer implements MessageConsumer {
  readonly closed: Promise<void>
  private readonly socket: WebSocket

  constructor(socket: WebSocket) {
    this.socket = socket
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        resolve()
      })
    })
  }

  ack(message: Message): Promise<void> {
    return write(this.socket, {messageId: message.handle})
  }

  nack(message: Message): Promise<void> {
    return write(this.socket, {type: 'negativeAcknowledge', messageId: message.handle})
  }

  close(): Promise<void> {
    return closeSocket(this.socket)
  }
}

interface ProduceAnswer {
  result: string
  context?: string
  errorMsg?: string
}

class WebSocketProducer implements MessageProducer {
  private readonly socket: WebSocket
  private readonly waiting = new Map<string, {resolve: () => void; reject: (error: Error) => void}>()
  private next = 0

  constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data: Buffer) => {
      this.settle(JSON.parse(data.toString('utf8')) as ProduceAnswer)
    })
    socket.once('close', () => {
      const error = new Unreachable('E_PRODUCER_CLOSED', 'the producer was closed before the broker answered')
      for (const {reject} of this.waiting.values()) reject(error)
      this.waiting.clear()
    })
  }

  async send(message: OutgoingMessage): Promise<void> {
    const context = String(this.next++)
    const stored = new Promise<void>((resolve, reject) => {
      this.waiting.set(context, {resolve, reject})
    })
    stored.catch(() => undefined) // when the socket closes, the write fails as well and its error is the one reported
    const {key, payload, properties} = message
    await write(this.socket, {context, payload: payload.toString('base64'), properties: properties ?? {}, key})
    await stored
  }

  close(): Promise<void> {
    return closeSocket(this.socket)
  }

  private settle(answer: ProduceAnswer): void {
    const waiter = this.waiting.get(answer.context ?? '')
    this.waiting.delete(answer.context ?? '')
    if (answer.result === 'ok') waiter?.resolve()
    else
      waiter?.reject(
        new Unreachable('E_PRODUCE_REFUSED', `the broker refused a message: ${answer.errorMsg ?? answer.result}`),
      )
  }
}
