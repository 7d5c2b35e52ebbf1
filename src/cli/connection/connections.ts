import type {Credentials} from '../../clients/login/credentials.js'
import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import type {AdminHttpOptions} from '../../clients/pulsar-admin/http.js'
import type {MessageTransport} from '../../clients/pulsar-messages/transport.js'
import type {RedisConnection} from '../../clients/redis/connect.js'
import {Unreachable, Usage} from '../../errors.js'
import {isDefaultAddress, type Sourced} from './default-addresses.js'
import {hiddenSecrets} from './hidden-secrets.js'
import type {Settings} from './settings.js'
import {displayedUrl} from './displayed-url.js'
import {suggestedCommand} from '../../suggested-command.js'

export interface Closeable {
  close(): Promise<void>
}

/** Registers a client that the command closes when it ends, and returns it. */
export type CloseAtEnd = <C extends Closeable>(client: C) => C

/** Time limits of the admin API; its defaults apply where none is set. */
export type AdminTimeouts = Pick<AdminHttpOptions, 'retryForMs' | 'timeoutMs'>

/**
 * The connections of a command to a cluster and its Redis, opened on demand with the login of the settings. Client
 * modules are loaded when they are opened, because loading all of them takes longer than a command that needs none.
 */
export class Connections {
  readonly settings: Settings
  private readonly closeAtEnd: CloseAtEnd
  private known: Promise<Credentials> | null = null

  constructor(settings: Settings, closeAtEnd: CloseAtEnd) {
    this.settings = settings
    this.closeAtEnd = closeAtEnd
  }

  /** Opens the admin API without sending a request. @throws Usage E_URL, E_TLS_FILE */
  async admin(timeouts: AdminTimeouts = {}): Promise<PulsarAdmin> {
    return this.adminAt(this.url('adminUrl', ['http', 'https'], '--admin-url'), timeouts)
  }

  /** Opens the admin API of another broker of the cluster with the same login. @param url as the cluster reports it */
  async adminAt(url: string, timeouts: AdminTimeouts = {}): Promise<PulsarAdmin> {
    const {PulsarAdmin} = await import('../../clients/pulsar-admin/admin.js')
    return this.closeAtEnd(new PulsarAdmin({url, credentials: await this.credentials(), ...timeouts}))
  }

  /** @throws Usage E_URL, E_TLS_FILE; Unreachable E_NATIVE_MISSING */
  async transport(transport: 'auto' | 'native' | 'websocket'): Promise<MessageTransport> {
    const urls = {
      serviceUrl: this.url('serviceUrl', ['pulsar', 'pulsar+ssl'], '--service-url'),
      webSocketUrl: this.url('webSocketUrl', ['ws', 'wss'], '--web-socket-url'),
    }
    const {openTransport} = await import('../../clients/pulsar-messages/open.js')
    return this.closeAtEnd(await openTransport({transport, ...urls, credentials: await this.credentials()}))
  }

  /** @throws Unreachable E_REDIS_UNREACHABLE, E_REDIS_AUTH and the other errors of connectRedis. */
  async redis(): Promise<RedisConnection> {
    const {context, redisUrl} = this.settings
    if (redisUrl === null) throw noAddress('--redis-url', context?.value ?? '')
    try {
      return await this.redisAt(redisUrl.value)
    } catch (error) {
      throw error instanceof Unreachable && isDefaultAddress(redisUrl) ? atDefaultRedis(error) : error
    }
  }

  /** Connects to another Redis, with the same password where its URL has none. */
  async redisAt(url: string): Promise<RedisConnection> {
    const {redisPassword, redisTls} = this.settings
    hiddenSecrets.addUrls(url)
    const [{connectRedis}, {readTls}, {openSecret, tlsFilesOf}] = await Promise.all([
      import('../../clients/redis/connect.js'),
      import('../../clients/login/tls.js'),
      import('./open-login.js'),
    ])
    const secret = redisPassword && openSecret(redisPassword.value)
    try {
      const login = {password: secret && (await secret.read()), tls: await readTls(tlsFilesOf(redisTls))}
      return this.closeAtEnd(await connectRedis(url, login))
    } catch (error) {
      if (!(error instanceof Unreachable) || error.code !== 'E_REDIS_AUTH' || secret === null) throw error
      throw new Unreachable(error.code, `${error.message}; sent with the password from ${secret.source}`, error)
    }
  }

  private url(name: 'adminUrl' | 'serviceUrl' | 'webSocketUrl', schemes: readonly string[], flag: string): string {
    const {[name]: url, context} = this.settings
    if (url === null) throw noAddress(flag, context?.value ?? '')
    return requireUrl(url, schemes, flag)
  }

  private credentials(): Promise<Credentials> {
    this.known ??= credentialsOf(this.settings)
    return this.known
  }
}

async function credentialsOf(settings: Settings): Promise<Credentials> {
  const [{readCredentials}, {loginOf, tlsFilesOf}] = await Promise.all([
    import('../../clients/login/credentials.js'),
    import('./open-login.js'),
  ])
  return readCredentials(loginOf(settings), tlsFilesOf(settings.tls))
}

/** Completes the error of a command that used the default address of Redis. */
function atDefaultRedis(error: Unreachable): Unreachable {
  const {cause, code, data, message, next} = error
  return code === 'E_REDIS_UNREACHABLE'
    ? new Unreachable(code, `${message}; this is the default address, because no context, flag or variable sets one`, {
        cause,
        data,
        next: [...next, suggestedCommand('context', 'add', 'NAME', '--redis-url', 'redis://HOST:6379')],
      })
    : error
}

function noAddress(flag: string, context: string): Usage {
  return new Usage(
    'E_NO_ADDRESS',
    `context ${context} has no address for ${flag}; pass the flag, or add the address to the context`,
    {
      data: {context},
      next: [suggestedCommand('context', 'show', context)],
    },
  )
}

/** Refuses a user and password in an address, because the address is shown in output. */
function requireUrl({source, value: url}: Sourced<string>, schemes: readonly string[], flag: string): string {
  const wanted = schemes.map((scheme) => `${scheme}://`).join(' or ')
  if (!URL.canParse(url) || !schemes.includes(new URL(url).protocol.slice(0, -1))) {
    const given = source.startsWith('--') ? '' : ` (${source})`
    throw new Usage('E_URL', `${flag} ${displayedUrl(url)}${given} must start with ${wanted}`)
  }
  const {password, search, username} = new URL(url)
  if (password !== '' || username !== '' || search !== '') {
    throw new Usage('E_URL', `${flag} must not contain a user, a password or a query`, {
      next: [
        'set KEYSHIFT_TOKEN, or KEYSHIFT_BASIC_USERNAME and KEYSHIFT_BASIC_PASSWORD',
        suggestedCommand('context', 'add', '--help'),
      ],
    })
  }
  return url
}
