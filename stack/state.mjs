// @ts-check
// What is kept on disk under .stack/: where things are, what was started, which ports, who works on it now.
import {linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs'
import {createServer} from 'node:net'
import {dirname, join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {fileURLToPath} from 'node:url'
import {startTime} from './processes.mjs'

/** @typedef {import('./processes.mjs').Running} Running */
/** @typedef {Record<string, number>} Ports */
/** @typedef {{phase: 'starting' | 'running', startedAt: string, ports: Ports, processes: Running[]}} State */

export const ROOT = join(dirname(dirname(fileURLToPath(import.meta.url))), '.stack')
const PORTS = join(ROOT, 'ports.json')

/** The file that tells the CLI and the tests where the latest stack is. */
export const CONTEXT = join(ROOT, 'context.json')

/** @param {string} id */
export const dataDir = (id) => join(ROOT, id)
/** @param {string} id */
export const contextFile = (id) => join(ROOT, id, 'context.json')

/** @param {string} id @returns {State | undefined} undefined when there is none, or none that can be read */
export function readState(id) {
  const state = readJson(join(dataDir(id), 'state.json'))
  return Array.isArray(state?.processes) && state.ports ? state : undefined
}

/** @param {string} id @param {State} state */
export function writeState(id, state) {
  writeJson(join(dataDir(id), 'state.json'), state)
}

/** The ports that stacks had last, also those that are down. @returns {Record<string, Ports>} */
export function rememberedPorts() {
  return readJson(PORTS) ?? {}
}

/** @param {string} id @param {Ports} ports */
export async function rememberPorts(id, ports) {
  await withLock('ports', async () => writeJson(PORTS, {...rememberedPorts(), [id]: ports}))
}

/**
 * A free port for each name, the preferred one where it can be had. All are held open until the last one is found.
 * @param {string[]} names
 * @param {Ports} [preferred]
 * @returns {Promise<Ports>}
 */
export async function freePorts(names, preferred = {}) {
  const held = []
  try {
    /** @type {Ports} */
    const ports = {}
    for (const name of names) {
      const server = (preferred[name] && (await listen(preferred[name]))) || (await listen(0))
      if (!server) throw new Error('cannot open any port on 127.0.0.1')
      held.push(server)
      ports[name] = /** @type {import('node:net').AddressInfo} */ (server.address()).port
    }
    return ports
  } finally {
    await Promise.all(held.map((server) => new Promise((done) => server.close(done))))
  }
}

/**
 * Runs one piece of work at a time, over all processes. A lock whose owner is gone is taken over.
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 * @param {{signal?: AbortSignal, onWait?: (pid: number) => void}} [options]
 * @returns {Promise<T>}
 */
export async function withLock(name, work, {signal, onWait} = {}) {
  mkdirSync(ROOT, {recursive: true})
  const lock = lockFile(name)
  const mine = `${process.pid} ${startTime(process.pid)}`
  let waiting = false
  while (!take(lock, mine)) {
    const held = readText(lock)
    if (held !== undefined && !isOwned(held)) {
      dropStale(lock, held)
      continue
    }
    if (!waiting) onWait?.(Number.parseInt(held ?? '', 10))
    waiting = true
    await sleep(100, undefined, {signal})
  }
  try {
    return await work()
  } finally {
    rmSync(lock, {force: true})
  }
}

/** Whether some living process holds this lock. @param {string} name */
export function isLocked(name) {
  const held = readText(lockFile(name))
  return held !== undefined && isOwned(held)
}

/** @param {string} path */
export function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

/** Whole or not at all: a reader never sees half a file. @param {string} path @param {unknown} value */
export function writeJson(path, value) {
  const half = `${path}.${process.pid}`
  writeFileSync(half, `${JSON.stringify(value)}\n`)
  renameSync(half, path)
}

/** @param {string} name */
const lockFile = (name) => join(ROOT, `${name}.lock`)

/** A link appears with its content in it, unlike a file that is made first and filled later. @param {string} lock @param {string} owner */
function take(lock, owner) {
  const own = `${lock}.${process.pid}`
  writeFileSync(own, owner)
  try {
    linkSync(own, lock)
    return true
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(own, {force: true})
  }
}

/** @param {string} owner */
function isOwned(owner) {
  const [pid, ...started] = owner.split(' ')
  return startTime(Number(pid)) === started.join(' ')
}

/** Two may see the same stale lock: the slower one may have moved away a fresh lock, and gives it back. @param {string} lock @param {string} seen */
function dropStale(lock, seen) {
  const aside = `${lock}.${process.pid}.stale`
  try {
    renameSync(lock, aside)
    if (readText(aside) !== seen) linkSync(aside, lock)
  } catch {
    // Somebody else was faster.
  }
  rmSync(aside, {force: true})
}

/** @param {string} path */
function readText(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** @param {number} port @returns {Promise<import('node:net').Server | undefined>} */
function listen(port) {
  return new Promise((done) => {
    const server = createServer()
    server.once('error', () => done(undefined))
    server.listen({port, host: '127.0.0.1', exclusive: true}, () => done(server))
  })
}
