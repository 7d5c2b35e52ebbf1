// @ts-check
// Starts, identifies and stops long-running child processes. A process is identified by its pid and its start time, so that
// a pid that the system reused is never signaled.
import {execFileSync, spawn} from 'node:child_process'
import {existsSync, openSync, closeSync, readFileSync, readdirSync, readlinkSync} from 'node:fs'
import {basename} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'

/** @typedef {{name: string, pid: number, started: string}} Running */
/** @typedef {{name: string, command: string, args: string[], cwd: string, log: string, env?: Record<string, string>}} Program */

/** The executables of a stack. `redis-server` may be a link to `redis-check-rdb`. */
const STACK_EXECUTABLES = new Set(['java', 'node', 'redis-server', 'redis-check-rdb'])

const hasProc = existsSync('/proc/self/stat')

/**
 * Starts a program in its own session, so that it outlives this process and does not receive Ctrl-C from the terminal.
 * @param {Program} program
 * @returns {Running}
 */
export function startDetached({name, command, args, cwd, log, env: more}) {
  const output = openSync(log, 'a')
  const {PATH, HOME} = process.env
  const env = {PATH, HOME, LANG: 'C.UTF-8', ...more} // no other variables, because they may contain secrets of the caller
  const child = spawn(command, args, {cwd, env, detached: true, stdio: ['ignore', output, output]})
  closeSync(output)
  child.on('error', () => {}) // reported below: a program that did not start has no pid
  if (child.pid === undefined) throw new Error(`cannot start ${name}: ${command} is not executable`)
  child.unref()
  return {name, pid: child.pid, started: startTime(child.pid) ?? 'exited'}
}

/** @param {Running} running */
export function isAlive({pid, started}) {
  return startTime(pid) === started
}

/**
 * Sends SIGTERM, then SIGKILL to processes that still run after the grace time. Returns when all have exited.
 * @param {Running[]} processes
 * @param {{graceMs?: number}} [options]
 */
export async function stopAll(processes, {graceMs = 2_000} = {}) {
  signal(processes, 'SIGTERM')
  if (await allExited(processes, graceMs)) return
  await killAll(processes)
}

/** Sends SIGKILL, so that no process can write anything. Returns when all have exited. @param {Running[]} processes */
export async function killAll(processes) {
  signal(processes, 'SIGKILL')
  if (await allExited(processes, 5_000)) return
  const left = processes.filter(isAlive).map(({name, pid}) => `${name} (${pid})`)
  throw new Error(`cannot stop ${left.join(', ')}: still running 5 s after SIGKILL`)
}

/**
 * The programs of a stack that run in a data folder. It finds processes that the state file does not list.
 * @param {string} dir
 * @returns {Running[]}
 */
export function findRunningIn(dir) {
  if (!hasProc) return []
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      const cwd = link(`/proc/${pid}/cwd`).replace(/ \(deleted\)$/, '')
      const executable = basename(link(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, ''))
      return (cwd === dir || cwd.startsWith(`${dir}/`)) && STACK_EXECUTABLES.has(executable)
    })
    .flatMap((pid) => {
      const started = startTime(Number(pid))
      return started ? [{name: basename(link(`/proc/${pid}/exe`)), pid: Number(pid), started}] : []
    })
}

/**
 * When a process was started, in a form that can only be compared; undefined if there is no such process or it is a zombie.
 * @param {number} pid
 * @returns {string | undefined}
 */
export function startTime(pid) {
  if (!hasProc) return startTimeByPs(pid)
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in brackets may contain spaces and brackets: count from the last bracket. Field 3 is the state, field 22 the start.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : `${bootId()}/${fields[19]}`
  } catch {
    return undefined
  }
}

/** The start time is in ticks since boot, so it can be compared within one boot only. */
function bootId() {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim().slice(0, 8)
}

/** @param {number} pid */
function startTimeByPs(pid) {
  try {
    return (
      execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim() || undefined
    )
  } catch {
    return undefined
  }
}

/** @param {Running[]} processes @param {NodeJS.Signals} name */
function signal(processes, name) {
  for (const running of processes) {
    try {
      if (isAlive(running)) process.kill(running.pid, name)
    } catch {
      // The process exited after the check.
    }
  }
}

/** @param {Running[]} processes @param {number} withinMs */
async function allExited(processes, withinMs) {
  const deadline = Date.now() + withinMs
  while (processes.some(isAlive)) {
    if (Date.now() > deadline) return false
    await sleep(50)
  }
  return true
}

/** @param {string} path */
function link(path) {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
