// @ts-check
// Redis in three modes: one server; a cluster of three primaries with one replica each; a primary with a replica and a sentinel.
import {execFile} from 'node:child_process'
import {mkdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {promisify} from 'node:util'

const run = promisify(execFile)

/** @typedef {import('./ports.mjs').Ports} Ports */
/** @typedef {import('./processes.mjs').Program} Program */

/** @type {Record<string, string[]>} */
const NODES = {
  standalone: ['redis'],
  sentinel: ['redis-primary', 'redis-replica', 'redis-sentinel'],
  cluster: ['redis-1', 'redis-2', 'redis-3', 'redis-4', 'redis-5', 'redis-6'],
}

/** @param {string} mode */
export function redisPorts(mode) {
  return mode === 'cluster' ? NODES.cluster.flatMap((node) => [node, busOf(node)]) : NODES[mode]
}

/** @param {string} mode @param {Ports} ports */
export function redisUrl(mode, ports) {
  return mode === 'sentinel'
    ? `redis+sentinel://127.0.0.1:${ports['redis-sentinel']}/mymaster`
    : `redis://127.0.0.1:${ports[NODES[mode][0]]}`
}

/**
 * Writes the configuration of each server into a folder of that server.
 * @param {string} mode
 * @param {{dir: string, ports: Ports, server: string}} options
 * @returns {Program[]}
 */
export function redisPrograms(mode, {dir, ports, server}) {
  return NODES[mode].map((node) => {
    const cwd = join(dir, node)
    mkdirSync(cwd, {recursive: true})
    const conf = join(cwd, 'redis.conf')
    writeFileSync(conf, `${settings(node, ports).join('\n')}\n`)
    const args = node === 'redis-sentinel' ? [conf, '--sentinel'] : [conf]
    return {name: node, command: server, args, cwd, log: redisLog(dir, node)}
  })
}

/** @param {string} dir @param {string} node */
export const redisLog = (dir, node) => join(dir, node, 'redis.log')

/** Joins the servers to a cluster. Does nothing in the other modes. @param {string} mode @param {{ports: Ports, cli: string, signal?: AbortSignal | undefined}} options */
export async function formRedis(mode, {ports, cli, signal}) {
  if (mode !== 'cluster') return
  const nodes = NODES.cluster.map((node) => `127.0.0.1:${ports[node]}`)
  await run(cli, ['--cluster', 'create', ...nodes, '--cluster-replicas', '1', '--cluster-yes'], {
    signal,
    timeout: 60_000,
  }).catch((error) => {
    throw error.name === 'AbortError'
      ? error
      : new Error(`redis-cli --cluster create failed:\n${error.stdout ?? error.message}`)
  })
}

/**
 * Why Redis is not ready; undefined if it is. Before the cluster is formed, it is enough that every server answers.
 * @param {string} mode
 * @param {{ports: Ports, cli: string, formed: boolean}} options
 * @returns {Promise<string | undefined>}
 */
export async function redisProblem(mode, {ports, cli, formed}) {
  const problems = await Promise.all(
    NODES[mode].map(async (node) => {
      const asked = (/** @type {string[]} */ ...command) => ask(cli, ports[node], ...command)
      const answer = await asked('PING')
      if (answer !== 'PONG') return `${node} replied to PING with: ${answer}`
      if (formed && mode === 'cluster') return clusterProblem(node, asked)
      if (formed && node === 'redis-sentinel') return sentinelProblem(asked)
      return undefined
    }),
  )
  return problems.find((problem) => problem !== undefined)
}

/** @param {string} node @param {(...command: string[]) => Promise<string>} asked */
async function clusterProblem(node, asked) {
  const [cluster, replication] = await Promise.all([asked('CLUSTER', 'INFO'), asked('INFO', 'replication')])
  if (!cluster.includes('cluster_state:ok') || !cluster.includes('cluster_known_nodes:6'))
    return `${node} is not yet in a complete cluster`
  if (!replication.includes('role:master') && !replication.includes('master_link_status:up'))
    return `${node} is not yet synchronized with its primary`
  return undefined
}

/** @param {(...command: string[]) => Promise<string>} asked */
async function sentinelProblem(asked) {
  const primary = await asked('SENTINEL', 'MASTER', 'mymaster')
  const isComplete = /^flags\nmaster$/m.test(primary) && /^num-slaves\n1$/m.test(primary)
  return isComplete ? undefined : 'the sentinel does not yet see a primary with its replica'
}

/** @param {string} node */
const busOf = (node) => `${node}-bus`

/** @param {string} node @param {Ports} ports */
function settings(node, ports) {
  const common = [`port ${ports[node]}`, 'bind 127.0.0.1', 'daemonize no']
  const memoryOnly = ['save ""', 'appendonly no']
  if (node === 'redis-sentinel') {
    return [
      ...common,
      `sentinel monitor mymaster 127.0.0.1 ${ports['redis-primary']} 1`,
      'sentinel down-after-milliseconds mymaster 1000',
      'sentinel failover-timeout mymaster 5000',
    ]
  }
  if (node === 'redis-replica')
    return [...common, ...memoryOnly, `replicaof 127.0.0.1 ${ports['redis-primary']}`, 'repl-diskless-sync-delay 0']
  if (node === 'redis-primary') return [...common, ...memoryOnly, 'repl-diskless-sync-delay 0']
  if (node === 'redis') return [...common, ...memoryOnly]
  return [
    ...common,
    ...memoryOnly,
    'cluster-enabled yes',
    `cluster-port ${ports[busOf(node)]}`, // the default, port + 10000, can exceed 65535
    'cluster-node-timeout 2000',
    'repl-diskless-sync-delay 0',
  ]
}

/** @param {string} cli @param {number} port @param {string[]} command */
async function ask(cli, port, ...command) {
  try {
    const {stdout} = await run(cli, ['-h', '127.0.0.1', '-p', String(port), ...command], {timeout: 3_000})
    return stdout.replaceAll('\r', '').trim()
  } catch (error) {
    return String(/** @type {any} */ (error).stderr || error).trim()
  }
}
