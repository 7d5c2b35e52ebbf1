import {Agent as HttpAgent, type IncomingMessage} from 'node:http'
import {Agent as HttpsAgent} from 'node:https'
import {createRequire} from 'node:module'
import {setTimeout as delay} from 'node:timers/promises'

import type {AxiosInstance, AxiosStatic} from 'axios'

import {failureText} from '../../connection-failure.js'
import {Unreachable} from '../../errors.js'
import {shellCommand} from '../../suggested-command.js'
import {counted} from '../../wording.js'
import {type Credentials, NO_CREDENTIALS} from '../login/credentials.js'
import type {Login} from '../login/login.js'
import {isAboutTls} from '../login/tls.js'
import {hideCredentials} from '../login/hide-credentials.js'
import {bodyOf, chunksOf, nodeGet} from './node-get.js'
import {AdminRefused, isLoginRefusal, parseBody} from './admin-refused.js'

export interface AdminHttpOptions {
  /** The broker's web address, such as http://host:8080. */
  readonly url: string
  /** no login when omitted */
  readonly credentials?: Credentials
  /** Time limit of one answer, in ms. */
  readonly timeoutMs?: number
  /** Time limit of all tries of a read, in ms. */
  readonly retryForMs?: number
}

export interface AdminRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Below /admin/v2, or below the root when it starts with `//`. */
  readonly path: string
  readonly query?: Readonly<Record<string, boolean | number | string>>
  readonly body?: unknown
  /** type of the body; default application/json */
  readonly contentType?: string
  /** One of thousands of reads: sent with as little work as possible, and answered uncompressed. */
  readonly isBulkRead?: boolean
  /** A refusal with this status is not retried. */
  readonly finalStatus?: number
  /** The address of the redirect is the answer. */
  readonly isNotFollowed?: boolean
}

// axios as one CommonJS file, because its 66 ES modules add 25 ms to the start of every command.
const axios = createRequire(import.meta.url)('axios') as AxiosStatic

const MAX_REDIRECTS = 8
const CONCURRENT_SOCKETS = 16
const RETRY_STATUS = new Set([429, 500, 502, 503, 504])

/**
 * The HTTP layer below PulsarAdmin: keep-alive, time limits, redirects and retries of reads.
 *
 * Any broker may redirect (307) to the topic's owner. The login must be sent to the owner as well, which HTTP libraries
 * rightly refuse across hosts. It is sent only when the scheme is the same.
 *
 * Reads are retried on 429, 5xx, and on a 412 that reports that the topic's owner is being determined. Writes are never
 * retried: the caller reads the state first and decides.
 */
export class AdminHttp {
  readonly url: string
  private readonly agents: {readonly httpAgent: HttpAgent; readonly httpsAgent: HttpsAgent}
  private readonly client: AxiosInstance
  private readonly retryForMs: number
  private readonly timeoutMs: number
  private readonly login: Login
  private isClosed = false

  constructor(options: AdminHttpOptions) {
    this.url = options.url.replace(/\/+$/, '')
    this.retryForMs = options.retryForMs ?? 10_000
    this.timeoutMs = options.timeoutMs ?? 15_000
    const {login, tls} = options.credentials ?? NO_CREDENTIALS
    this.login = login
    const pool = {keepAlive: true, maxSockets: CONCURRENT_SOCKETS}
    this.agents = {httpAgent: new HttpAgent(pool), httpsAgent: new HttpsAgent({...pool, ...tls})}
    this.client = axios.create({
      ...this.agents,
      timeout: this.timeoutMs,
      maxRedirects: 0,
      responseType: 'arraybuffer', // in Node that is a Buffer
      transformResponse: [(body: unknown) => body],
      validateStatus: () => true,
    })
  }

  /** Sends one request and returns its body: parsed when it is JSON, text otherwise, null when it is empty. */
  async send(request: AdminRequest): Promise<unknown> {
    return parseBody((await this.sendRaw(request)).body.toString('utf8'))
  }

  /** Sends one request and returns its headers, in lower case, and the bytes of its body. */
  sendRaw(request: AdminRequest): Promise<RawAnswer> {
    return this.persist(request, (url) => this.exchange(request, url))
  }

  /**
   * Sends one read and returns its body as a stream. Until the body starts, it is retried and redirected like any read.
   *
   * @returns chunks that throw Unreachable when the body is cut off, or when the next chunk exceeds the time limit of an
   *   answer.
   */
  async sendStreamed(request: AdminRequest): Promise<AsyncIterable<Buffer>> {
    const {response, url} = await this.persist(request, (hop) => this.exchangeHead(hop))
    return unlessBroken(url, chunksOf(response, this.timeoutMs))
  }

  /** Sends a request until it is answered; retries a read while that may help. */
  private async persist<A extends Answer>(request: AdminRequest, exchange: Exchange<A>): Promise<A> {
    const giveUpAt = Date.now() + (request.method === 'GET' ? this.retryForMs : 0)
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.follow(request, exchange)
      } catch (error) {
        const pauseMs = 100 * 2 ** Math.min(attempt, 4) * (0.5 + Math.random())
        const isFinal = this.isClosed || !isPassing(error, request.finalStatus)
        if (isFinal || Date.now() + pauseMs > giveUpAt) throw error
        await delay(pauseMs)
      }
    }
  }

  /** Requests that are not answered yet fail, and are not retried. */
  close(): Promise<void> {
    this.isClosed = true
    this.agents.httpAgent.destroy()
    this.agents.httpsAgent.destroy()
    return Promise.resolve()
  }

  private async follow<A extends Answer>(request: AdminRequest, exchange: Exchange<A>): Promise<A> {
    let url = this.firstUrl(request)
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      let answer = await exchange(url)
      // The authentication filter rejected the request before the broker processed it, so repeating it with a renewed
      // login cannot apply a write twice.
      if (isLoginRefusal(answer.status, answer.body.toString('utf8')) && this.login.renew())
        answer = await exchange(url)
      const {body, headers, sent, status} = answer
      const location = status >= 300 && status < 400 ? headers['location'] : undefined
      if (isSuccess(status) || (location !== undefined && request.isNotFollowed)) return answer
      if (location === undefined) {
        const said = hideCredentials(body.toString('utf8'), sent)
        throw new AdminRefused(request, url, {status, said, login: this.login.about})
      }
      url = redirectTarget(url, location)
    }
    throw new Unreachable(
      'E_REDIRECTS',
      `${this.firstUrl(request)} was redirected more than ${counted(MAX_REDIRECTS, 'time')}`,
    )
  }

  private firstUrl(request: AdminRequest): string {
    const base = request.path.startsWith('//')
      ? this.url + request.path.slice(1)
      : `${this.url}/admin/v2${request.path}`
    const query = new URLSearchParams()
    for (const [key, value] of Object.entries(request.query ?? {})) query.set(key, String(value))
    return query.size === 0 ? base : `${base}?${query.toString()}`
  }

  private async exchange(request: AdminRequest, url: string): Promise<Answer> {
    const sent = await this.requestHeaders()
    try {
      if (request.isBulkRead) {
        const response = await this.nodeGet(url, {...sent, 'Accept-Encoding': 'identity'})
        return asAnswer(sent, response, await bodyOf(response))
      }
      const answer = await this.client.request<Buffer>({
        method: request.method,
        url,
        ...(request.body === undefined
          ? {headers: sent}
          : {
              data: JSON.stringify(request.body),
              headers: {...sent, 'Content-Type': request.contentType ?? 'application/json'},
            }),
      })
      return asAnswer(sent, {statusCode: answer.status, headers: answer.headers}, answer.data)
    } catch (error) {
      throw noAnswer(request.method, url, error)
    }
  }

  /** Leaves the body of a successful answer to the caller. */
  private async exchangeHead(url: string): Promise<StreamedAnswer> {
    const sent = await this.requestHeaders()
    try {
      const response = await this.nodeGet(url, {...sent, 'Accept-Encoding': 'gzip'})
      const head = asAnswer(sent, response, Buffer.alloc(0))
      return {...head, body: isSuccess(head.status) ? head.body : await bodyOf(response), response, url}
    } catch (error) {
      throw noAnswer('GET', url, error)
    }
  }

  private async requestHeaders(): Promise<Answer['sent']> {
    return {Accept: 'application/json, */*', ...(await this.login.headers())}
  }

  private nodeGet(url: string, headers: Answer['sent']): Promise<IncomingMessage> {
    const agent = url.startsWith('https:') ? this.agents.httpsAgent : this.agents.httpAgent
    return nodeGet(url, {agent, headers, timeoutMs: this.timeoutMs})
  }
}

export interface RawAnswer {
  /** Names in lower case; bytes are Latin-1 characters. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Buffer
}

interface Answer extends RawAnswer {
  readonly status: number
  /** the headers of the request */
  readonly sent: Readonly<Record<string, string>>
}

interface StreamedAnswer extends Answer {
  readonly response: IncomingMessage
  readonly url: string
}

type Exchange<A extends Answer> = (url: string) => Promise<A>

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300
}

function asAnswer(
  sent: Answer['sent'],
  {headers, statusCode = 0}: {readonly headers: unknown; readonly statusCode?: number | undefined},
  body: Buffer,
): Answer {
  return {status: statusCode, sent, body, headers: headers as RawAnswer['headers']}
}

async function* unlessBroken(url: string, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* chunks
  } catch (error) {
    throw noAnswer('GET', url, error)
  }
}

function noAnswer(method: string, url: string, error: unknown): Unreachable {
  const {code, message} = error as NodeJS.ErrnoException
  const cause = code ?? message
  const {origin} = new URL(url)
  if (isAboutTls(cause)) {
    return new Unreachable(
      'E_BROKER_TLS',
      `TLS connection to broker at ${origin} failed: ${failureText(cause)} (${method} ${url})`,
      {
        data: {url, cause},
        next: [
          'pass the CA bundle of the broker certificate: --tls-ca-file ca.pem',
          'if the broker requires a client certificate, pass it: --tls-cert-file cert.pem --tls-key-file key.pem',
        ],
      },
    )
  }
  return new Unreachable(
    'E_BROKER_UNREACHABLE',
    `cannot reach broker at ${origin}: ${failureText(cause)} (${method} ${url})`,
    {
      data: {url, cause},
      next: [
        shellCommand('curl', `${origin}/admin/v2/brokers/health`),
        'set the address with --admin-url or KEYSHIFT_ADMIN_URL',
      ],
    },
  )
}

/** Whether a retry may help: the connection was closed, or the broker reports that it is not ready. */
function isPassing(error: unknown, finalStatus: number | undefined): boolean {
  if (error instanceof AdminRefused) {
    if (error.status === finalStatus) return false
    return RETRY_STATUS.has(error.status) || (error.status === 412 && /owner/i.test(error.reason))
  }
  return error instanceof Unreachable && error.data['cause'] === 'ECONNRESET'
}

function redirectTarget(from: string, location: string): string {
  const target = new URL(location, from)
  if (target.protocol !== new URL(from).protocol) {
    throw new Unreachable(
      'E_REDIRECT_REFUSED',
      `${from} redirects to another scheme (${target.origin}), which keyshift does not follow`,
      {
        data: {from, to: target.origin},
      },
    )
  }
  return target.href
}
