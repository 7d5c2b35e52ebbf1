// @ts-check
// Starts, stops, restarts and lists stacks: a broker and a Redis on this machine. Tests and the demo import these functions.
import {existsSync, rmSync} from 'node:fs'
import {UsageError, allIdentities, identify} from './identity.mjs'
import {isLocked, withLock} from './lock.mjs'
import {loginsProblem} from './logins.mjs'
import {rememberedPorts} from './ports.mjs'
import {findRunningIn, isAlive, stopAll} from './processes.mjs'
import {brokerLog, brokerProblem, pulsarContext, secondBrokerProblem} from './pulsar.mjs'
import {redisProblem, redisUrl} from './redis.mjs'
import {restartBroker, startStack} from './start.mjs'
import {CONTEXT, contextFile, dataDir, readJson, readState, writeJson} from './state.mjs'

/** @typedef {import('./identity.mjs').Identity} Identity */
/** @typedef {import('./state.mjs').State} State */
/** @typedef {{pulsar?: string, config?: string, redis?: string}} Which */
/** @typedef {{signal?: AbortSignal, progress?: (line: string) => void}} Control */
/** @typedef {import('./pulsar.mjs').Addresses} Addresses */
/** @typedef {Addresses & {redisUrl: string, id: string, pulsar: string, config: string, redis: string, tokenFile?: string, second?: Addresses, issuerUrl?: string, audience?: string, loginsDir?: string}} Context */
/** @typedef {{id: string, state: 'running' | 'crashed' | 'starting' | 'stopped', upSeconds: number | null, processes: Array<{name: string, pid: number, alive: boolean}>, context: Context | null}} Status */

/**
 * Starts a stack if it is not running. Stops and deletes a broken stack first.
 * @param {Which & Control} [options]
 * @returns {Promise<Context>}
 */
export async function up({signal, progress = () => {}, ...which} = {}) {
  const identity = identify(which)
  const {id} = identity
  const onWait = (/** @type {number} */ pid) =>
    progress(`stack ${id}: waiting for process ${pid}, which changes this stack`)
  const work = async () => {
    const known = await healthyState(identity)
    if (known) return publish(identity, known)
    if (await clear(id)) progress(`stack ${id}: was broken; stopped its processes and deleted its data`)
    try {
      return publish(identity, await startStack(identity, {signal, progress}))
    } catch (error) {
      if (signal?.aborted) await clear(id)
      throw error
    }
  }
  return withLock(id, work, {signal, onWait})
}

/**
 * Stops a stack and deletes its data.
 * @param {Which & Control & {all?: boolean}} [options]
 * @returns {Promise<string[]>} the names of the stopped stacks
 */
export async function down({signal, progress = () => {}, all = false, ...which} = {}) {
  const stopped = []
  for (const {id} of all ? allIdentities() : [identify(which)]) {
    const onWait = (/** @type {number} */ pid) =>
      progress(`stack ${id}: waiting for process ${pid}, which changes this stack`)
    if (await withLock(id, () => clear(id), {signal, onWait})) stopped.push(id)
  }
  pointContextAtLatest()
  return stopped
}

/**
 * Kills the broker of a stack, as a crash would, and starts it again with the same ports and data. Returns when it is healthy.
 * @param {Which & Control} [options]
 */
export async function restart({signal, progress = () => {}, ...which} = {}) {
  const identity = identify(which)
  const {id} = identity
  const onWait = (/** @type {number} */ pid) =>
    progress(`stack ${id}: waiting for process ${pid}, which changes this stack`)
  const work = async () => {
    const state = readState(id)
    if (state?.phase !== 'running' || !state.processes.every(isAlive))
      throw new UsageError(`stack ${id} is not running: nothing was restarted.`)
    await restartBroker(identity, {state, signal, progress})
    return contextOf(identity, state)
  }
  return withLock(id, work, {signal, onWait})
}

/** All stacks that are running, were not stopped properly, or have remembered ports. @returns {Promise<Status[]>} */
export async function status() {
  const ports = rememberedPorts()
  return allIdentities()
    .filter(({id}) => existsSync(dataDir(id)) || ports[id])
    .map(statusOf)
}

/** The log file of a stack's broker. @param {Which} which */
export function brokerLogOf(which) {
  return brokerLog(dataDir(identify(which).id))
}

/** @param {Identity} identity @returns {Status} */
function statusOf(identity) {
  const {id} = identity
  const state = readState(id)
  const processes = (state?.processes ?? []).map((running) => ({
    name: running.name,
    pid: running.pid,
    alive: isAlive(running),
  }))
  const isUp = state?.phase === 'running' && processes.every(({alive}) => alive)
  return {
    id,
    state: isUp ? 'running' : isLocked(id) ? 'starting' : existsSync(dataDir(id)) ? 'crashed' : 'stopped',
    upSeconds: state && isUp ? Math.round((Date.now() - Date.parse(state.startedAt)) / 1000) : null,
    processes,
    context: state && isUp ? contextOf(identity, state) : null,
  }
}

/** @param {Identity} identity @param {State} state @returns {Context} */
function contextOf(identity, {ports}) {
  return {
    ...pulsarContext(identity, {dir: dataDir(identity.id), ports}),
    redisUrl: redisUrl(identity.redis, ports),
    ...identity,
  }
}

/** Writes the addresses of a stack to the context files. @param {Identity} identity @param {State} state */
function publish(identity, state) {
  const context = contextOf(identity, state)
  writeJson(contextFile(identity.id), context)
  writeJson(CONTEXT, context)
  return context
}

/** @param {Identity} identity @returns {Promise<State | undefined>} */
async function healthyState(identity) {
  const {id} = identity
  const state = readState(id)
  if (state?.phase !== 'running' || !state.processes.every(isAlive)) return undefined
  const {ports} = state
  const problems = () =>
    Promise.all([
      brokerProblem(identity, {dir: dataDir(id), ports, createNamespace: true}),
      secondBrokerProblem(identity, {dir: dataDir(id), ports}),
      loginsProblem(identity, ports),
      redisProblem(identity.redis, {ports, cli: 'redis-cli', formed: true}),
    ])
  // On a busy machine a healthy stack may miss one timeout.
  for (let attempt = 0; attempt < 3; attempt++) {
    if ((await problems()).every((problem) => problem === undefined)) return state
  }
  return undefined
}

/** Stops the processes of a stack, including unlisted ones, and deletes its folder. @param {string} id @returns whether the stack existed */
async function clear(id) {
  const dir = dataDir(id)
  const known = readState(id)?.processes.filter(isAlive) ?? []
  const unknown = findRunningIn(dir).filter(({pid}) => known.every((running) => running.pid !== pid))
  await stopAll([...known, ...unknown])
  const existed = existsSync(dir)
  rmSync(dir, {recursive: true, force: true, maxRetries: 3})
  return existed || known.length > 0 || unknown.length > 0
}

/** If the stack in context.json is not running, replaces it with the running stack that started last, or deletes the file. */
function pointContextAtLatest() {
  const current = readJson(CONTEXT)
  const running = allIdentities().filter((identity) => statusOf(identity).state === 'running')
  if (running.some(({id}) => id === current?.id)) return
  const latest = running
    .map(({id}) => ({id, startedAt: readState(id)?.startedAt ?? ''}))
    .sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1))[0]
  const context = latest && readJson(contextFile(latest.id))
  if (context) writeJson(CONTEXT, context)
  else rmSync(CONTEXT, {force: true})
}
