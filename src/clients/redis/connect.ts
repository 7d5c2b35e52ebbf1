import {promisify} from 'node:util'

import {Cluster, Redis} from 'ioredis'

import {Unreachable, Usage} from '../../errors.js'
import type {TlsOptions} from '../login/tls.js'
import {SideConnections} from './side-connections.js'
import {FAIL_FAST, ready, type RedisSettings, refused} from './wait-ready.js'
import {sentinelSettings} from './sentinels.js'
import {type SlotOwners, slotOwnersBy} from './slots.js'

/** An open Redis, whatever its shape: a standalone or Sentinel primary, or every primary of a cluster. */
export interface RedisConnection {
  /** The address without user and password, fit to be shown. */
  readonly address: string
  /** as they were when it was opened */
  readonly primaries: readonly Redis[]
  /** The primaries of now. */
  refresh(): Promise<readonly Redis[]>
  /** The primary that Sentinel names now; null without Sentinel. */
  readonly successor: (() => Promise<Redis>) | null
  /** Who owns which slot now; null outside a cluster. */
  readonly slotOwners: (() => Promise<SlotOwners>) | null
  /** Other connections beside those to the primaries. */
  readonly sideConnections: SideConnections
  close(): Promise<void>
}

/** What a URL does not say of a login. */
export interface RedisLogin {
  /** where the URL has none */
  readonly password: string | null
  /** where the URL asks for TLS */
  readonly tls: Partial<TlsOptions>
}

/**
 * Connects to Redis and finds every primary: `redis://`, `rediss://`, or `redis+sentinel://host:port,host:port/name`, with
 * TLS `rediss+sentinel://`. A server that runs in cluster mode is recognized and joined as a cluster.
 *
 * @throws Unreachable E_REDIS_UNREACHABLE, E_REDIS_AUTH, E_REDIS_ACL, E_REDIS_CLUSTER or E_REDIS_TLS with the server's first error, never with the password.
 * @throws Usage E_REDIS_URL
 */
export async function connectRedis(
  url: string,
  login: RedisLogin = {password: null, tls: {}},
): Promise<RedisConnection> {
  const {address, options: given} = withLogin(parseRedisUrl(url), login)
  const options = given.sentinels === undefined ? given : await sentinelSettings(given, address)
  const redis = new Redis({...FAIL_FAST, ...options})
  await ready(redis, address)
  if ((await isCluster(redis, address)) && !(await isAllOfIt(redis, address))) {
    redis.disconnect()
    return joinCluster(address, options)
  }
  const open = [redis]
  const sideConnections = new SideConnections(address, {isCluster: false})
  const successor = async (): Promise<Redis> => {
    const next = new Redis({...FAIL_FAST, ...options})
    await ready(next, address)
    open.unshift(next)
    return next
  }
  return {
    address,
    primaries: [redis],
    refresh: () => Promise.resolve(open.slice(0, 1)),
    successor: options.sentinels === undefined ? null : successor,
    slotOwners: null,
    sideConnections,
    close: () => quit([...open, ...sideConnections.open]),
  }
}

/** One node's keys must not pass for all: a login that may not ask is refused here. */
async function isCluster(redis: Redis, address: string): Promise<boolean> {
  try {
    return (await redis.info('cluster')).includes('cluster_enabled:1')
  } catch (error) {
    redis.disconnect()
    throw refused(address, error)
  }
}

/**
 * Whether the server is a cluster by itself, and was never told an address of its own: then it names none, and ioredis waits
 * for it for ever.
 *
 * @throws Unreachable E_REDIS_CLUSTER when nobody serves a slot.
 */
async function isAllOfIt(redis: Redis, address: string): Promise<boolean> {
  const ranges = await redis.cluster('SLOTS').catch((error: unknown) => {
    redis.disconnect()
    throw refused(address, error)
  })
  if (ranges.length === 0) {
    redis.disconnect()
    throw new Unreachable('E_REDIS_CLUSTER', `the cluster of Redis at ${address} serves no slot`, {
      data: {address},
      next: ['redis-cli --cluster check HOST:PORT'],
    })
  }
  return ranges.every(([, , primary]) => {
    const [host] = primary as readonly [host: string | null, ...unknown[]]
    return host === null || host === ''
  })
}

async function joinCluster(address: string, options: RedisSettings): Promise<RedisConnection> {
  const {host = 'localhost', port = 6379, ...credentials} = options
  const cluster = new Cluster([{host, port}], {
    lazyConnect: true,
    clusterRetryStrategy: () => null,
    redisOptions: {...FAIL_FAST, ...credentials},
  })
  await ready(cluster, address)
  const sideConnections = new SideConnections(address, {isCluster: true})
  const connected = async (): Promise<Redis[]> => {
    const nodes = cluster.nodes('master')
    await Promise.all(nodes.filter(({status}) => status === 'wait').map((node) => ready(node, address)))
    return nodes
  }
  return {
    address,
    primaries: await connected(),
    async refresh() {
      await promisify(cluster.refreshSlotsCache.bind(cluster))()
      return connected()
    },
    successor: null,
    slotOwners: () => slotOwnersBy(cluster.nodes('master')),
    sideConnections,
    close: () => quit([cluster, ...sideConnections.open]),
  }
}

async function quit(clients: ReadonlyArray<Cluster | Redis>): Promise<void> {
  // What is closed already, by a server that has gone, is closed.
  await Promise.all(clients.map((client) => client.quit().catch(() => undefined)))
}

interface ParsedUrl {
  readonly address: string
  readonly options: RedisSettings
}

/** The password must not reach an error message, so a URL that can't be read is never quoted. */
function parseRedisUrl(text: string): ParsedUrl {
  const sentinel = /^(?<scheme>rediss?)\+sentinel:\/\/(?:(?<login>[^@/]*)@)?(?<hosts>[^/@]+)\/(?<name>[^/?]+)$/.exec(
    text,
  )?.groups
  if (sentinel) return sentinelOptions(sentinel)
  if (!URL.canParse(text) || !/^rediss?:$/.test(new URL(text).protocol)) {
    throw new Usage(
      'E_REDIS_URL',
      'the Redis address is not redis://, rediss:// or redis+sentinel://HOST:PORT/NAME, with TLS rediss+sentinel://',
    )
  }
  const url = new URL(text)
  return {
    address: `${url.protocol}//${url.host}${url.pathname}`,
    options: {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: Number(url.port || 6379),
      ...credentials(url.username, url.password),
      ...(url.protocol === 'rediss:' ? {tls: {}} : {}),
      ...(url.pathname.length > 1 ? {db: Number(url.pathname.slice(1))} : {}),
    },
  }
}

function withLogin({address, options}: ParsedUrl, {password, tls}: RedisLogin): ParsedUrl {
  return {
    address,
    options: {
      ...options,
      ...(password === null || options.password !== undefined ? {} : {password}),
      ...(options.tls === undefined ? {} : {tls}),
    },
  }
}

function sentinelOptions(groups: Record<string, string | undefined>): ParsedUrl {
  const {hosts = '', login = '', name = '', scheme = ''} = groups
  const [username = '', password = ''] = login.split(':')
  const sentinels = hosts.split(',').map((pair) => {
    const [host = 'localhost', port = '26379'] = pair.split(':')
    return {host, port: Number(port)}
  })
  return {
    address: `${scheme}+sentinel://${hosts}/${name}`,
    options: {
      sentinels,
      name,
      ...credentials(username, password),
      ...(scheme === 'rediss' ? {tls: {}, enableTLSForSentinelMode: true} : {}),
    },
  }
}

function credentials(username: string, password: string): RedisSettings {
  return {
    ...(username === '' ? {} : {username: decodeURIComponent(username)}),
    ...(password === '' ? {} : {password: decodeURIComponent(password)}),
  }
}
