import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import type {TestContext} from 'node:test'

import {Cluster, Redis} from 'ioredis'

import {freePorts} from '../../../stack/ports.mjs'
import {formRedis, type RedisMode, redisPorts, redisProblem, redisPrograms, redisUrl} from '../../../stack/redis.mjs'
import {temporaryFolder} from '../shells/folder.js'
import {until} from './live.js'

/** A Redis server for one test, which may kill it. */
export interface SpareRedis {
  readonly url: string
  /** `host:port` */
  readonly address: string
  readonly port: number
  /** Sends a command. A command that is sent before the server is ready waits for it. */
  call(command: string, ...args: ReadonlyArray<number | string>): Promise<unknown>
  kill(): Promise<void>
}

/** Starts a Redis server without persistence, which stops with the test. @param args command-line arguments; PORT is replaced by the port. */
export async function startRedis(t: TestContext, ...args: readonly string[]): Promise<SpareRedis> {
  return only(await startServers(t, 'standalone', {more: args}))
}

/** Starts a server of another version. @param server path of its executable. */
export async function startRedisVersion(t: TestContext, server: string): Promise<SpareRedis> {
  return only(await startServers(t, 'standalone', {server}))
}

function only({servers: [server]}: {readonly servers: readonly SpareRedis[]}): SpareRedis {
  if (!server) throw new Error('no Redis server was started')
  return server
}

/** Starts a cluster of three primaries with one replica each. */
export async function startCluster(t: TestContext): Promise<{url: string; servers: SpareRedis[]}> {
  return startTogether(t, 'cluster')
}

/** Starts a cluster and creates locks that the replicas have too. @returns also the keys of the locks, sorted. */
export async function startClusterWithLocks(
  t: TestContext,
  count: number,
): Promise<{url: string; servers: SpareRedis[]; keys: string[]}> {
  const {servers, url} = await startCluster(t)
  const client = new Cluster([{host: '127.0.0.1', port: servers[0]?.port ?? 0}])
  const keys = await takeLocks(client, count)
  await Promise.all(client.nodes('master').map((node) => node.wait(1, 5000)))
  client.disconnect()
  return {url, servers, keys}
}

/** Creates locks. @returns their keys, sorted. */
export async function takeLocks(redis: Cluster | Redis, count: number): Promise<string[]> {
  const keys = Array.from({length: count}, (_, number) => `lock:user:${String(number)}`)
  await Promise.all(keys.map((key) => redis.set(key, '8f14e45f-ceea-467f-a8f5-3b2b7c1d9a01', 'PX', 600_000)))
  return keys.toSorted()
}

/** Starts a primary with a replica, and a Sentinel that fails over after one second. */
export async function startSentinel(t: TestContext): Promise<{url: string; primary: SpareRedis}> {
  const {servers, url} = await startTogether(t, 'sentinel')
  const [primary] = servers
  if (!primary) throw new Error('no primary was started')
  return {url, primary}
}

/** Forms a cluster or Sentinel setup, and waits until the servers know each other. */
async function startTogether(t: TestContext, mode: RedisMode): Promise<{url: string; servers: SpareRedis[]}> {
  const {ports, servers} = await startServers(t, mode)
  const ready = (formed: boolean) => async (): Promise<boolean> =>
    (await redisProblem(mode, {ports, cli: CLI, formed})) === undefined
  await until('the servers', ready(false))
  await formRedis(mode, {ports, cli: CLI})
  await until('the servers to know each other', ready(true))
  return {url: redisUrl(mode, ports), servers}
}

const CLI = 'redis-cli'

async function startServers(
  t: TestContext,
  mode: RedisMode,
  {more = [], server = 'redis-server'}: {readonly more?: readonly string[]; readonly server?: string} = {},
): Promise<{ports: Readonly<Record<string, number>>; servers: SpareRedis[]}> {
  const servers: SpareRedis[] = []
  // The servers stop before their folder is deleted.
  t.after(() => Promise.all(servers.map((server) => server.kill())))
  const dir = await temporaryFolder(t)
  const ports = await freePorts(redisPorts(mode))
  for (const {args, command, cwd, name} of redisPrograms(mode, {dir, ports, server})) {
    const port = ports[name] ?? 0
    const argsForPort = more.map((arg) => arg.replace('PORT', String(port)))
    servers.push(spare(port, spawn(command, [...args, ...argsForPort], {stdio: 'ignore', cwd})))
  }
  return {ports, servers}
}

function spare(port: number, child: ChildProcess): SpareRedis {
  const client = new Redis({port, host: '127.0.0.1', lazyConnect: true, disableClientInfo: true})
  client.on('error', () => undefined) // the command that fails because of it reports it
  const address = `127.0.0.1:${String(port)}`
  return {
    url: `redis://${address}`,
    address,
    port,
    call: (command, ...args) => client.call(command, [...args]),
    async kill() {
      client.disconnect()
      await end(child)
    },
  }
}

/** Moves a slot with its keys, as `redis-cli --cluster reshard` does. */
export async function moveSlot(slot: number, from: SpareRedis, to: SpareRedis): Promise<void> {
  await beginMove(slot, from, to)
  await finishMove(slot, from, to)
}

/** Starts to move a slot, so that its keys are split between both servers. */
export async function beginMove(slot: number, from: SpareRedis, to: SpareRedis): Promise<void> {
  await to.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', String(await from.call('CLUSTER', 'MYID')))
  await from.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', String(await to.call('CLUSTER', 'MYID')))
  await moveKeys(slot, from, to, 1)
}

export async function finishMove(slot: number, from: SpareRedis, to: SpareRedis): Promise<void> {
  await moveKeys(slot, from, to, 100_000)
  const id = String(await to.call('CLUSTER', 'MYID'))
  for (const server of [to, from]) await server.call('CLUSTER', 'SETSLOT', slot, 'NODE', id)
}

async function moveKeys(slot: number, from: SpareRedis, to: SpareRedis, most: number): Promise<void> {
  const keys = (await from.call('CLUSTER', 'GETKEYSINSLOT', slot, most)) as string[]
  if (keys.length > 0) await from.call('MIGRATE', '127.0.0.1', to.port, '', 0, 5000, 'KEYS', ...keys)
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'close')
}
