// @ts-check
// A broker and a Redis on this machine, as one thing: up, down, status. Tests and the demo import these functions.
import {existsSync, mkdirSync, rmSync} from 'node:fs'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {classpath} from './classpath.mjs'
import {allIdentities, identify} from './identity.mjs'
import {tail} from './logs.mjs'
import {findRunningIn, isAlive, startDetached, stopAll} from './processes.mjs'
import {PULSAR_PORTS, brokerLog, brokerProblem, brokerProgram, pulsarAddresses, tokenFile} from './pulsar.mjs'
import {formRedis, redisLog, redisPorts, redisPrograms, redisProblem, redisUrl} from './redis.mjs'
import {
  CONTEXT, contextFile, dataDir, freePorts, isLocked, readJson, readState, rememberPorts, rememberedPorts, withLock, writeJson, writeState,
} from './state.mjs'
import {requireTools} from './tools.mjs'

/** @typedef {import('./identity.mjs').Identity} Identity */
/** @typedef {import('./state.mjs').State} State */
/** @typedef {{pulsar?: string, config?: string, redis?: string}} Which */
/** @typedef {{signal?: AbortSignal, progress?: (line: string) => void}} Control */
/** @typedef {{adminUrl: string, serviceUrl: string, webSocketUrl: string, redisUrl: string, id: string, pulsar: string, config: string, redis: string, tokenFile?: string}} Context */
/** @typedef {{id: string, state: 'running' | 'crashed' | 'starting' | 'stopped', upSeconds: number | null, processes: Array<{name: string, pid: number, alive: boolean}>, context: Context | null}} Status */

const START_DEADLINE_MS = 120_000

/**
 * Brings a stack up, or finds it up. Whatever is left of a broken one is stopped and wiped first.
 * @param {Which & Control} [options]
 * @returns {Promise<Context>}
 */
export async function up({signal, progress = () => {}, ...which} = {}) {
  const identity = identify(which)
  const {id} = identity
  const onWait = (/** @type {number} */ pid) => progress(`stack ${id}: waiting for process ${pid}, which works on it`)
  return withLock(
    id,
    async () => {
      const known = await healthyContext(identity)
      if (known) {
        writeJson(CONTEXT, known)
        return known
      }
      if (await clear(id)) progress(`stack ${id}: found it broken; stopped what was left of it and wiped its data`)
      try {
        return await startWithRetry(identity, {signal, progress})
      } catch (error) {
        if (signal?.aborted) await clear(id)
        throw error
      }
    },
    {signal, onWait},
  )
}

/**
 * Stops a stack and deletes its data. Says which stacks there were to stop.
 * @param {Which & Control & {all?: boolean}} [options]
 * @returns {Promise<string[]>}
 */
export async function down({signal, progress = () => {}, all = false, ...which} = {}) {
  const stopped = []
  for (const {id} of all ? allIdentities() : [identify(which)]) {
    if (!existsSync(dataDir(id)) && !isLocked(id)) continue
    const onWait = (/** @type {number} */ pid) => progress(`stack ${id}: waiting for process ${pid}, which works on it`)
    if (await withLock(id, () => clear(id), {signal, onWait})) stopped.push(id)
  }
  pointContextAtLatest()
  return stopped
}

/** Every stack that runs, ran, or has a port set aside. @returns {Promise<Status[]>} */
export async function status() {
  const ports = rememberedPorts()
  return allIdentities()
    .filter(({id}) => existsSync(dataDir(id)) || ports[id])
    .map(statusOf)
}

/** The file with the log of a stack's broker. @param {Which} which */
export function brokerLogOf(which) {
  return brokerLog(dataDir(identify(which).id))
}

/** @param {Identity} identity @returns {Status} */
function statusOf(identity) {
  const {id} = identity
  const state = readState(id)
  const processes = (state?.processes ?? []).map((running) => ({name: running.name, pid: running.pid, alive: isAlive(running)}))
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
  const token = tokenFile(identity, dataDir(identity.id))
  return {...pulsarAddresses(ports), redisUrl: redisUrl(identity.redis, ports), ...identity, ...(token ? {tokenFile: token} : {})}
}

/** @param {Identity} identity @returns {Promise<Context | undefined>} */
async function healthyContext(identity) {
  const {id} = identity
  const state = readState(id)
  if (state?.phase !== 'running' || !state.processes.every(isAlive)) return undefined
  const problems = () =>
    Promise.all([
      brokerProblem(identity, {dir: dataDir(id), ports: state.ports, createNamespace: false}),
      redisProblem(identity.redis, {ports: state.ports, cli: 'redis-cli', formed: true}),
    ])
  // A busy machine may miss one deadline: only a stack that stays silent is broken.
  for (let attempt = 0; attempt < 3; attempt++) {
    if ((await problems()).every((problem) => problem === undefined)) return contextOf(identity, state)
  }
  return undefined
}

/** Stops a stack's processes, known or not, and deletes its folder. Says whether there was anything. @param {string} id */
async function clear(id) {
  const dir = dataDir(id)
  const known = readState(id)?.processes.filter(isAlive) ?? []
  const unknown = findRunningIn(dir).filter(({pid}) => known.every((running) => running.pid !== pid))
  await stopAll([...known, ...unknown])
  const existed = existsSync(dir)
  rmSync(dir, {recursive: true, force: true, maxRetries: 3})
  return existed || known.length > 0 || unknown.length > 0
}

/** A free port may be taken by somebody else before the broker has it: then once more, with others. @param {Identity} identity @param {Required<Pick<Control, 'progress'>> & Control} control */
async function startWithRetry(identity, {signal, progress}) {
  const tools = await requireTools(progress)
  signal?.throwIfAborted()
  const jars = await classpath(identity.pulsar, {mvn: tools.mvn, progress, signal})
  const names = [...PULSAR_PORTS, ...redisPorts(identity.redis)]
  let preferred = rememberedPorts()[identity.id]
  for (let attempt = 1; ; attempt++) {
    const ports = await freePorts(names, preferred)
    try {
      return await start(identity, {ports, tools, jars, signal, progress})
    } catch (error) {
      if (attempt > 1 || !/Address already in use|BindException/.test(String(error))) throw error
      progress(`stack ${identity.id}: a port was taken meanwhile; trying again with others`)
      preferred = {}
      await clear(identity.id)
    }
  }
}

/** @param {Identity} identity @param {{ports: State['ports'], tools: import('./tools.mjs').Tools, jars: string, signal?: AbortSignal, progress: (line: string) => void}} options */
async function start(identity, {ports, tools, jars, signal, progress}) {
  const {id} = identity
  const dir = dataDir(id)
  const startedAt = Date.now()
  mkdirSync(dir, {recursive: true})
  await rememberPorts(id, ports)
  /** @type {State} */
  const state = {phase: 'starting', startedAt: new Date(startedAt).toISOString(), ports, processes: []}
  const programs = [
    ...redisPrograms(identity.redis, {dir, ports, server: tools['redis-server']}),
    brokerProgram(identity, {dir, ports, java: tools.java, classpath: jars, log4j: new URL('log4j2.xml', import.meta.url).href}),
  ]
  try {
    for (const program of programs) {
      state.processes.push(startDetached(program))
      writeState(id, state) // after each: a stack that is killed here is found again
    }
    progress(`stack ${id}: Pulsar ${identity.pulsar} (${identity.config}) and Redis (${identity.redis}) are starting`)
    await Promise.all([redisReady(identity, {state, dir, cli: tools['redis-cli'], signal}), brokerReady(identity, {state, dir, signal})])
  } catch (error) {
    await stopAll(state.processes, {graceMs: 2_000})
    throw error
  }
  const context = contextOf(identity, state)
  writeJson(contextFile(id), context)
  writeJson(CONTEXT, context)
  writeState(id, {...state, phase: 'running'})
  progress(`stack ${id}: healthy after ${((Date.now() - startedAt) / 1000).toFixed(1)} s`)
  return context
}

/** @param {Identity} identity @param {{state: State, dir: string, cli: string, signal?: AbortSignal}} options */
async function redisReady({redis}, {state, dir, cli, signal}) {
  const servers = state.processes.filter(({name}) => name !== 'broker')
  const log = redisLog(dir, servers[0].name)
  const until = (/** @type {boolean} */ formed) =>
    waitFor(() => redisProblem(redis, {ports: state.ports, cli, formed}), {what: 'Redis', processes: servers, logs: [log], signal})
  await until(false)
  await formRedis(redis, {ports: state.ports, cli, signal})
  await until(true)
}

/** @param {Identity} identity @param {{state: State, dir: string, signal?: AbortSignal}} options */
async function brokerReady(identity, {state, dir, signal}) {
  const createAfter = Date.now() + 30_000
  const problem = () => brokerProblem(identity, {dir, ports: state.ports, createNamespace: Date.now() > createAfter})
  const processes = state.processes.filter(({name}) => name === 'broker')
  await waitFor(problem, {what: 'the broker', processes, logs: [brokerLog(dir), join(dir, 'broker.out')], signal})
}

/**
 * Polls until there is no problem. Fails early when a process has ended.
 * @param {() => Promise<string | undefined>} problem
 * @param {{what: string, processes: import('./processes.mjs').Running[], logs: string[], signal?: AbortSignal}} options
 */
async function waitFor(problem, {what, processes, logs, signal}) {
  const deadline = Date.now() + START_DEADLINE_MS
  for (;;) {
    signal?.throwIfAborted()
    const found = await problem()
    if (found === undefined) return
    const ended = processes.find((running) => !isAlive(running))
    const reason = ended ? `${ended.name} (pid ${ended.pid}) ended` : Date.now() > deadline ? `not ready after ${START_DEADLINE_MS / 1000} s: ${found}` : undefined
    if (reason) throw new Error([`${what}: ${reason}`, ...logs.flatMap(logTail)].join('\n'))
    await sleep(100, undefined, {signal})
  }
}

/** @param {string} path */
function logTail(path) {
  const lines = tail(path, 15)
  return lines.length === 0 ? [] : [`--- end of ${path}`, ...lines]
}

/** When the stack that context.json told of is gone, it tells of another one that runs, or goes as well. */
function pointContextAtLatest() {
  const current = readJson(CONTEXT)
  const running = allIdentities().filter((identity) => statusOf(identity).state === 'running')
  if (running.some(({id}) => id === current?.id)) return
  const latest = running.map(({id}) => ({id, startedAt: readState(id)?.startedAt ?? ''})).sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1))[0]
  const context = latest && readJson(contextFile(latest.id))
  if (context) writeJson(CONTEXT, context)
  else rmSync(CONTEXT, {force: true})
}
