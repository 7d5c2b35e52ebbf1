import {promisify} from 'node:util'

import {Cluster, Redis} from 'ioredis'

import {Unreachable} from '../../errors.js'
import {shellCommand} from '../../suggested-command.js'
import type {TlsOptions} from '../login/tls.js'
import {parseRedisUrl, type RedisTarget} from './redis-url.js'
import {SideConnections} from './side-connections.js'
import {FAIL_FAST, ready, type RedisSettings, refused} from './wait-ready.js'
import {sentinelSettings} from './sentinels.js'
import {type SlotOwners, slotOwnersBy} from './slots.js'

/** A connection to Redis: to a standalone or Sentinel primary, or to every primary of a cluster. */
export interface RedisConnection {
  /** The address without user and password, for output. */
  readonly address: string
  /** the primaries when the connection was opened */
  readonly primaries: readonly Redis[]
  /** The current primaries. */
  refresh(): Promise<readonly Redis[]>
  /** Connects to the current primary of Sentinel; null without Sentinel. */
  readonly successor: (() => Promise<Redis>) | null
  /** The current slot owners; null outside a cluster. */
  readonly slotOwners: (() => Promise<SlotOwners>) | null
  /** Connections to replicas, and second connections to primaries. */
  readonly sideConnections: SideConnections
  close(): Promise<void>
}

/** Login settings that are not in the URL. */
export interface RedisLogin {
  /** used when the URL has no password */
  readonly password: string | null
  /** used when the URL asks for TLS */
  readonly tls: Partial<TlsOptions>
}

/**
 * Connects to Redis and finds every primary. The URL is one that `parseRedisUrl` accepts. A server in cluster mode is detected, and the whole cluster is connected.
 *
 * @throws Unreachable E_REDIS_UNREACHABLE, E_REDIS_AUTH, E_REDIS_ACL, E_REDIS_CLUSTER or E_REDIS_TLS with the server's first
 *   error, never with the password.
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
  if ((await isCluster(redis, address)) && !(await isSingleNode(redis, address))) {
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

/** Fails for a login that lacks INFO, because the keys of one node must not be taken for the keys of the cluster. */
async function isCluster(redis: Redis, address: string): Promise<boolean> {
  try {
    return (await redis.info('cluster')).includes('cluster_enabled:1')
  } catch (error) {
    redis.disconnect()
    throw refused(address, error)
  }
}

/**
 * Whether the cluster has a single node that does not know its own address. It reports no address, and ioredis would wait
 * for it forever.
 *
 * @throws Unreachable E_REDIS_CLUSTER when no node serves a slot.
 */
async function isSingleNode(redis: Redis, address: string): Promise<boolean> {
  const ranges = await redis.cluster('SLOTS').catch((error: unknown) => {
    redis.disconnect()
    throw refused(address, error)
  })
  if (ranges.length === 0) {
    redis.disconnect()
    throw new Unreachable('E_REDIS_CLUSTER', `no node of the Redis Cluster at ${address} serves a slot`, {
      data: {address},
      next: [shellCommand('redis-cli', '--cluster', 'check', 'HOST:PORT')],
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
  // A connection that the server has already closed needs no QUIT.
  await Promise.all(clients.map((client) => client.quit().catch(() => undefined)))
}

function withLogin({address, options}: RedisTarget, {password, tls}: RedisLogin): RedisTarget {
  return {
    address,
    options: {
      ...options,
      ...(password === null || options.password !== undefined ? {} : {password}),
      ...(options.tls === undefined ? {} : {tls}),
    },
  }
}
