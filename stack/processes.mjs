// @ts-check
// Long-lived child processes: start detached, know again, stop. A process is known by its pid AND its start time,
// so that a pid which the system gave to somebody else is never signalled.
import {execFileSync, spawn} from 'node:child_process'
import {existsSync, openSync, closeSync, readFileSync, readdirSync, readlinkSync} from 'node:fs'
import {basename} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'

/** @typedef {{name: string, pid: number, started: string}} Running */
/** @typedef {{name: string, command: string, args: string[], cwd: string, log: string, env?: Record<string, string>}} Program */

/** What a stack consists of, by the name of the executable: `redis-server` may be a link to `redis-check-rdb`. */
const STACK_EXECUTABLES = new Set(['java', 'node', 'redis-server', 'redis-check-rdb'])

const hasProc = existsSync('/proc/self/stat')

/**
 * Starts a program in its own session: it outlives this process and does not get the terminal's Ctrl-C.
 * @param {Program} program
 * @returns {Running}
 */
export function startDetached({name, command, args, cwd, log, env: more}) {
  const output = openSync(log, 'a')
  const {PATH, HOME} = process.env
  const env = {PATH, HOME, LANG: 'C.UTF-8', ...more} // nothing else: a daemon must not keep the caller's secrets
  const child = spawn(command, args, {cwd, env, detached: true, stdio: ['ignore', output, output]})
  closeSync(output)
  child.on('error', () => {}) // said below: without a pid there was no start
  if (child.pid === undefined) throw new Error(`cannot start ${name}: ${command} does not run`)
  child.unref()
  return {name, pid: child.pid, started: startTime(child.pid) ?? 'gone'}
}

/** @param {Running} running */
export function isAlive({pid, started}) {
  return startTime(pid) === started
}

/**
 * SIGTERM to all, then SIGKILL to those still there after the grace time. Returns when all are gone.
 * @param {Running[]} processes
 * @param {{graceMs?: number}} [options]
 */
export async function stopAll(processes, {graceMs = 2_000} = {}) {
  signal(processes, 'SIGTERM')
  if (await allGone(processes, graceMs)) return
  await killAll(processes)
}

/** SIGKILL to all: none gets to write down anything. Returns when all are gone. @param {Running[]} processes */
export async function killAll(processes) {
  signal(processes, 'SIGKILL')
  if (await allGone(processes, 5_000)) return
  const left = processes.filter(isAlive).map(({name, pid}) => `${name} (${pid})`)
  throw new Error(`cannot stop ${left.join(', ')}: still there 5 s after SIGKILL`)
}

/**
 * The stack programs that run inside a data folder, for when nobody wrote down what was started.
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
 * When a process was started, in a form that is only good for comparing; undefined when there is none, or only a zombie.
 * @param {number} pid
 * @returns {string | undefined}
 */
export function startTime(pid) {
  if (!hasProc) return startTimeByPs(pid)
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in brackets may hold spaces and brackets: count from the last one. Field 3 is the state, 22 the start.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : `${bootId()}/${fields[19]}`
  } catch {
    return undefined
  }
}

/** Ticks since boot mean something else after the next boot. */
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
      // Gone between the look and the signal.
    }
  }
}

/** @param {Running[]} processes @param {number} withinMs */
async function allGone(processes, withinMs) {
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
