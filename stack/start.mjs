// @ts-check
// Starts a stack: finds programs, jars and ports, starts the processes and waits until all are healthy.
import {mkdirSync, rmSync} from 'node:fs'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {classpath} from './classpath.mjs'
import {withLock} from './lock.mjs'
import {tail} from './logs.mjs'
import {freePorts, rememberPorts, rememberedPorts} from './ports.mjs'
import {hasEveryLogin, loginPrograms, loginsDir, loginsProblem, prepareLogins} from './logins.mjs'
import {isAlive, killAll, startDetached, stopAll} from './processes.mjs'
import {
  brokerAgain,
  brokerLog,
  brokerProblem,
  brokerProgram,
  hasSecondBroker,
  pulsarPorts,
  secondBrokerProblem,
  secondBrokerProgram,
} from './pulsar.mjs'
import {formRedis, redisLog, redisPorts, redisPrograms, redisProblem} from './redis.mjs'
import {dataDir, writeState} from './state.mjs'
import {requireTools} from './tools.mjs'

/** @typedef {import('./identity.mjs').Identity} Identity */
/** @typedef {import('./processes.mjs').Running} Running */
/** @typedef {import('./state.mjs').State} State */
/** @typedef {{signal: AbortSignal | undefined, progress: (line: string) => void}} Control */

/** A start that takes longer has failed. It is far more than a start takes, also on a machine with other load. */
const DEADLINE_MS = 300_000
const LOG_LINES = 15
const STACK_FRAME = /^\s+(at |\.\.\. \d+ more)/

/** The broker creates its namespace shortly after it is healthy. After this time the stack creates it. */
const NAMESPACE_AFTER_MS = 30_000

/**
 * A start that fails leaves no process running. The logs are kept.
 * @param {Identity} identity
 * @param {Control} control
 * @returns {Promise<State>}
 */
export async function startStack(identity, {signal, progress}) {
  const tools = await withLock('tools', () => requireTools(progress), {signal})
  signal?.throwIfAborted()
  const jars = await classpath(identity.pulsar, {hasOpenId: hasEveryLogin(identity), mvn: tools.mvn, progress, signal})
  const names = [...pulsarPorts(identity), ...redisPorts(identity.redis)]
  const start = async (/** @type {Record<string, number> | undefined} */ preferred) =>
    startOnPorts(identity, {ports: await freePorts(names, preferred), tools, jars, signal, progress})
  try {
    return await start(rememberedPorts()[identity.id])
  } catch (error) {
    // Another process may have opened a port after it was found free.
    if (signal?.aborted || !/Address already in use|BindException/.test(String(error))) throw error
    progress(`stack ${identity.id}: another process opened one of the ports; trying again with other ports`)
    return start(undefined)
  }
}

/** @param {Identity} identity @param {Control & {ports: State['ports'], tools: import('./tools.mjs').Tools, jars: string}} options */
async function startOnPorts(identity, {ports, tools, jars, signal, progress}) {
  const {id} = identity
  const dir = dataDir(id)
  rmSync(dir, {recursive: true, force: true})
  mkdirSync(dir, {recursive: true})
  await rememberPorts(id, ports)
  const startedAt = Date.now()
  /** @type {State} */
  const state = {phase: 'starting', startedAt: new Date(startedAt).toISOString(), ports, processes: []}
  const log4j = new URL('log4j2.xml', import.meta.url).href
  const start = (/** @type {import('./processes.mjs').Program} */ program) => {
    state.processes.push(startDetached(program))
    writeState(id, state) // after each start, so that the next `up` can stop the process if this one is killed
  }
  try {
    const logins = await prepareLogins(identity, {dir, ports})
    const options = {dir, ports, java: tools.java, classpath: jars, log4j, logins}
    redisPrograms(identity.redis, {dir, ports, server: tools['redis-server']}).forEach(start)
    loginPrograms(identity, dir).forEach(start)
    start(brokerProgram(identity, options))
    progress(`stack ${id}: Pulsar ${identity.pulsar} (${identity.config}) and Redis (${identity.redis}) are starting`)
    await Promise.all([
      redisReady(identity, {state, dir, cli: tools['redis-cli'], signal}),
      brokerReady(identity, {state, dir, signal}),
      othersReady(() => loginsProblem(identity, ports), 'openid', {state, dir: loginsDir(dir), signal}),
    ])
    if (hasSecondBroker(identity)) {
      start(secondBrokerProgram(identity, options))
      await othersReady(() => secondBrokerProblem(identity, {dir, ports}), 'broker-2', {state, dir, signal})
    }
  } catch (error) {
    await stopAll(state.processes)
    throw error
  }
  state.phase = 'running'
  writeState(id, state)
  progress(`stack ${id}: healthy after ${((Date.now() - startedAt) / 1000).toFixed(1)} s`)
  return state
}

/**
 * Kills the broker and starts it again with the same ports and data. Redis keeps running.
 * @param {Identity} identity
 * @param {Control & {state: State}} control
 */
export async function restartBroker(identity, {state, signal, progress}) {
  const {id} = identity
  const dir = dataDir(id)
  const {java} = await withLock('tools', () => requireTools(progress), {signal})
  await killAll(state.processes.filter(({name}) => name === 'broker'))
  progress(`stack ${id}: the broker was killed`)
  const startedAt = Date.now()
  const others = state.processes.filter(({name}) => name !== 'broker')
  const again = {...state, processes: [...others, startDetached(brokerAgain(identity, dir, java))]}
  writeState(id, again)
  await brokerReady(identity, {state: again, dir, signal})
  progress(`stack ${id}: healthy after ${((Date.now() - startedAt) / 1000).toFixed(1)} s`)
}

/** @param {Identity} identity @param {{state: State, dir: string, cli: string, signal: AbortSignal | undefined}} options */
async function redisReady({redis}, {state, dir, cli, signal}) {
  const {ports} = state
  const processes = state.processes.filter(({name}) => name.startsWith('redis'))
  const logs = processes.map(({name}) => redisLog(dir, name))
  const wait = {what: 'Redis', processes, logs, signal}
  await waitFor(() => redisProblem(redis, {ports, cli, formed: false}), wait)
  await formRedis(redis, {ports, cli, signal})
  await waitFor(() => redisProblem(redis, {ports, cli, formed: true}), wait)
}

/** @param {Identity} identity @param {{state: State, dir: string, signal: AbortSignal | undefined}} options */
async function brokerReady(identity, {state, dir, signal}) {
  const createAfter = Date.now() + NAMESPACE_AFTER_MS
  const processes = state.processes.filter(({name}) => name === 'broker')
  const logs = [brokerLog(dir), join(dir, 'broker.out')]
  const problem = () => brokerProblem(identity, {dir, ports: state.ports, createNamespace: Date.now() > createAfter})
  await waitFor(problem, {what: 'the broker', processes, logs, signal})
}

/**
 * Waits for a process other than Redis and the first broker.
 * @param {() => Promise<string | undefined>} problem
 * @param {string} name the name of the process
 * @param {{state: State, dir: string, signal: AbortSignal | undefined}} options
 */
async function othersReady(problem, name, {state, dir, signal}) {
  const processes = state.processes.filter((running) => running.name === name)
  const logs = [join(dir, `${name}.log`), join(dir, `${name}.out`)]
  await waitFor(problem, {what: name, processes, logs, signal})
}

/**
 * Polls until there is no problem. Fails early if a process has exited.
 * @param {() => Promise<string | undefined>} problem
 * @param {{what: string, processes: Running[], logs: string[], signal: AbortSignal | undefined}} options
 */
async function waitFor(problem, {what, processes, logs, signal}) {
  const deadline = Date.now() + DEADLINE_MS
  for (;;) {
    const found = await problem()
    signal?.throwIfAborted()
    if (found === undefined) return
    const ended = processes.find((running) => !isAlive(running))
    if (ended) throw withLogs(`${what}: ${ended.name} (pid ${ended.pid}) exited`, logs)
    if (Date.now() > deadline) throw withLogs(`${what}: not ready after ${DEADLINE_MS / 1000} s: ${found}`, logs)
    await sleep(100, undefined, {signal})
  }
}

/** @param {string} message @param {string[]} logs */
function withLogs(message, logs) {
  const ends = logs.flatMap((path) => {
    const lines = tail(path, 500)
      .filter((line) => line.trim() !== '' && !STACK_FRAME.test(line))
      .slice(-LOG_LINES)
    return lines.length === 0 ? [] : [`--- end of ${path}`, ...lines]
  })
  return new Error([message, ...ends].join('\n'))
}
