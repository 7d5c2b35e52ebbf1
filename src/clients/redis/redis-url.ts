import {Usage} from '../../errors.js'
import type {RedisSettings} from './wait-ready.js'

/** Where to connect. */
export interface RedisTarget {
  /** The address without user and password, for output. */
  readonly address: string
  readonly options: RedisSettings
}

const FORMS =
  'use redis://HOST:PORT, rediss://HOST:PORT, redis+sentinel://HOST:PORT/NAME or rediss+sentinel://HOST:PORT/NAME'
const SENTINEL =
  /^(?<scheme>rediss?)\+sentinel:\/\/(?:(?<login>[^@/]*)@)?(?<hosts>[^/@]+)\/(?<name>[^/?]+)(?<path>\/[^?]*)?(?:\?(?<query>.*))?$/

/**
 * Parses the address of a server or of its Sentinels: `redis://USER:PASSWORD@HOST:PORT/DB`, `rediss://…` with TLS, or
 * `redis+sentinel://HOST:PORT,HOST:PORT/NAME/DB`, with TLS `rediss+sentinel://…`. The database may also be `?db=N`, as in the
 * URLs of redis-py; it is 0 if not given.
 *
 * @throws Usage E_REDIS_URL with what is wrong, but without the URL, because it may contain a password.
 */
export function parseRedisUrl(text: string): RedisTarget {
  const sentinel = SENTINEL.exec(text)?.groups
  if (sentinel) return sentinelTarget(sentinel)
  if (!URL.canParse(text) || !/^rediss?:$/.test(new URL(text).protocol)) throw invalid(FORMS)
  const url = new URL(text)
  const db = databaseOf(url.pathname, url.search)
  return {
    address: `${url.protocol}//${url.host}${suffix(db)}`,
    options: {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: Number(url.port || 6379),
      ...credentials(url.username, url.password),
      ...(url.protocol === 'rediss:' ? {tls: {}} : {}),
      ...(db === null ? {} : {db}),
    },
  }
}

function sentinelTarget(groups: Record<string, string | undefined>): RedisTarget {
  const {hosts = '', login = '', name = '', path = '', query = '', scheme = ''} = groups
  const [username = '', password = ''] = login.split(':')
  const db = databaseOf(path, query)
  const sentinels = hosts.split(',').map((pair) => {
    const [host = 'localhost', port = '26379'] = pair.split(':')
    return {host, port: Number(port)}
  })
  return {
    address: `${scheme}+sentinel://${hosts}/${name}${suffix(db)}`,
    options: {
      sentinels,
      name,
      ...credentials(username, password),
      ...(scheme === 'rediss' ? {tls: {}, enableTLSForSentinelMode: true} : {}),
      ...(db === null ? {} : {db}),
    },
  }
}

/** The address of another database of the same server. @param address as `parseRedisUrl` returns it for the database `from`. */
export function withDatabase(address: string, from: number, to: number): string {
  const own = suffix(from)
  return `${address.endsWith(own) ? address.slice(0, -own.length) : address}${suffix(to)}`
}

function suffix(db: number | null): string {
  return db === null ? '' : `/${String(db)}`
}

/** The number of the database; null if none is given. A part that is ignored would read another database than the one meant. */
function databaseOf(path: string, query: string): number | null {
  const parameters = [...new URLSearchParams(query)]
  const [unknown] = parameters.filter(([name]) => name !== 'db')
  if (unknown) throw invalid(`the parameter ${JSON.stringify(unknown[0])} is not supported; only ?db=N is`)
  const given = [path.replace(/^\/|\/$/g, ''), ...parameters.map(([, value]) => value)].filter((one) => one !== '')
  const [first = null, ...others] = [...new Set(given)]
  if (others.length > 0) throw invalid('it names more than one database')
  if (first === null) return null
  if (!/^\d{1,5}$/.test(first)) throw invalid('the database after the port must be a number, such as /0')
  return Number(first)
}

function credentials(username: string, password: string): RedisSettings {
  return {
    ...(username === '' ? {} : {username: decoded(username)}),
    ...(password === '' ? {} : {password: decoded(password)}),
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalid('a % in the user or password must be written as %25')
  }
}

function invalid(why: string): Usage {
  return new Usage('E_REDIS_URL', `invalid Redis address: ${why}`)
}
