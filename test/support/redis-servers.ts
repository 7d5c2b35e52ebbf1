import {type ChildProcess, execFile, spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {type AddressInfo, createServer} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import type {TestContext} from 'node:test'
import {promisify} from 'node:util'

import {Redis} from 'ioredis'

import {until} from './live.js'

const run = promisify(execFile)

/** A Redis of a test's own, which it may kill. */
export interface SpareRedis {
  readonly url: string
  /** `host:port` */
  readonly address: string
  readonly port: number
  /** Sends a command; one that is sent before the server is up waits for it. */
  call(command: string, ...args: ReadonlyArray<number | string>): Promise<unknown>
  kill(): Promise<void>
}

/** Starts a Redis server in memory; it ends with the test. @param args as on its command line; PORT stands for its port. */
export async function startRedis(t: TestContext, ...args: readonly string[]): Promise<SpareRedis> {
  const [port = 0] = await freePorts(1)
  return startOn(t, port, args)
}

function startOn(t: TestContext, port: number, args: readonly string[]): Promise<SpareRedis> {
  const memory = ['--save', '', '--appendonly', 'no', '--repl-diskless-sync-delay', '0']
  const own = args.map((arg) => arg.replace('PORT', String(port)))
  return start(t, port, ['--port', String(port), '--bind', '127.0.0.1', ...memory, ...own])
}

async function start(t: TestContext, port: number, args: readonly string[]): Promise<SpareRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'keyshift-redis-'))
  const child = spawn('redis-server', args, {stdio: 'ignore', cwd: folder})
  const client = new Redis({port, host: '127.0.0.1', lazyConnect: true, disableClientInfo: true})
  client.on('error', () => undefined) // the command that fails by it says so
  const kill = async (): Promise<void> => {
    client.disconnect()
    await end(child)
  }
  t.after(async () => {
    await kill()
    await rm(folder, {recursive: true, force: true})
  })
  const address = `127.0.0.1:${String(port)}`
  return {url: `redis://${address}`, address, port, call: (command, ...more) => client.call(command, [...more]), kill}
}

/** Three primaries with a replica each. */
export async function startCluster(t: TestContext): Promise<{url: string; servers: SpareRedis[]}> {
  const ports = await freePorts(12)
  const servers = await Promise.all(
    ports.slice(0, 6).map((port, at) => {
      const bus = String(ports[at + 6])
      return startOn(t, port, ['--cluster-enabled', 'yes', '--cluster-port', bus, '--cluster-node-timeout', '2000'])
    }),
  )
  await Promise.all(servers.map((server) => server.call('PING')))
  const nodes = servers.map(({address}) => address)
  await run('redis-cli', ['--cluster', 'create', ...nodes, '--cluster-replicas', '1', '--cluster-yes'])
  const isComplete = async (server: SpareRedis): Promise<boolean> => {
    const [info, others] = await Promise.all([server.call('CLUSTER', 'INFO'), server.call('CLUSTER', 'NODES')])
    return String(info).includes('cluster_state:ok') && [...String(others).matchAll(/[ ,]slave /g)].length === 3
  }
  await until('the cluster', async () => (await Promise.all(servers.map(isComplete))).every(Boolean))
  return {url: servers[0]?.url ?? '', servers}
}

/** A primary with a replica, and a Sentinel that replaces it after a second. */
export async function startSentinel(t: TestContext): Promise<{url: string; primary: SpareRedis}> {
  const primary = await startRedis(t)
  await startRedis(t, '--replicaof', '127.0.0.1', String(primary.port))
  const file = join(await mkdtemp(join(tmpdir(), 'keyshift-redis-')), 'sentinel.conf')
  const settings = [
    `sentinel monitor mymaster 127.0.0.1 ${String(primary.port)} 1`,
    'sentinel down-after-milliseconds mymaster 1000',
    'sentinel failover-timeout mymaster 5000',
  ]
  await writeFile(file, settings.join('\n'))
  const [port = 0] = await freePorts(1)
  const sentinel = await start(t, port, [file, '--sentinel', '--port', String(port)])
  await until('Sentinel seeing the replica', async () => {
    const known = (await sentinel.call('SENTINEL', 'REPLICAS', 'mymaster')) as unknown[]
    return known.length === 1
  })
  return {url: `redis+sentinel://${sentinel.address}/mymaster`, primary}
}

/** Moves a slot with its keys, as `redis-cli --cluster reshard` does. */
export async function moveSlot(slot: number, from: SpareRedis, to: SpareRedis): Promise<void> {
  await beginMove(slot, from, to)
  await finishMove(slot, from, to)
}

/** The same, up to where some of the slot's keys are here and some there. */
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

/** Taken together, they are different ones. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({length: count}, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'close')
}
