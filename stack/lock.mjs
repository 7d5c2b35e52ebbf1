// @ts-check
// A mutex for all processes of this machine: a lock file that contains the pid of its owner.
import {linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {startTime} from './processes.mjs'
import {ROOT} from './state.mjs'

/**
 * Runs work while it holds a lock. A lock is taken over if the process of its owner has exited.
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 * @param {{signal?: AbortSignal | undefined, onWait?: (pid: number) => void}} [options]
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

/** Whether a running process holds this lock. @param {string} name */
export function isLocked(name) {
  const held = readText(lockFile(name))
  return held !== undefined && isOwned(held)
}

/** @param {string} name */
const lockFile = (name) => join(ROOT, `${name}.lock`)

/** A hard link appears together with its content; a new file would be empty at first. @param {string} lock @param {string} owner */
function take(lock, owner) {
  const file = `${lock}.${process.pid}`
  writeFileSync(file, owner)
  try {
    linkSync(file, lock)
    return true
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(file, {force: true})
  }
}

/** @param {string} owner */
function isOwned(owner) {
  const [pid, ...started] = owner.split(' ')
  return startTime(Number(pid)) === started.join(' ')
}

/** Two processes may see the same stale lock. The slower one may have moved a new lock away; then it restores that lock. @param {string} lock @param {string} seen */
function dropStale(lock, seen) {
  const aside = `${lock}.${process.pid}.stale`
  try {
    renameSync(lock, aside)
    if (readText(aside) !== seen) linkSync(aside, lock)
  } catch {
    // Another process was faster.
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
