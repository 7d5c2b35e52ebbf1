import {spawn} from 'node:child_process'
import {access, constants} from 'node:fs/promises'
import {join} from 'node:path'

import {Usage} from '../../errors.js'

export interface HookRun {
  /** null when it was ended by its time limit or a signal */
  readonly exitCode: number | null
  readonly ranMs: number
  readonly isTimedOut: boolean
  /** the end of what it wrote, both streams */
  readonly output: string
}

/** As much of a hook's output as a journal should hold, in characters. */
const OUTPUT_KEPT = 2000
/** How long a hook that was asked to end may take before it is made to. */
const GRACE_MS = 2000

/** A folder of executables, each named after the moment at which it runs. */
export class HookFolder {
  private readonly folder: string
  private readonly limitMs: number
  private readonly env: NodeJS.ProcessEnv

  /**
   * @param limitMs how long one hook may run.
   * @param env what every hook gets beside the facts.
   */
  constructor(folder: string, limitMs: number, env: NodeJS.ProcessEnv) {
    this.folder = folder
    this.limitMs = limitMs
    this.env = env
  }

  /** @throws Usage E_HOOKS when the folder can't be read. */
  async requireReadable(): Promise<void> {
    try {
      await access(this.folder, constants.R_OK | constants.X_OK)
    } catch (error) {
      const cause = error instanceof Error && 'code' in error ? String(error.code) : String(error)
      throw new Usage('E_HOOKS', `the hooks' folder ${this.folder} can't be read (${cause})`, {data: {cause}})
    }
  }

  /**
   * Runs one hook to its end, or to its time limit, with all it started.
   *
   * @param facts become KEYSHIFT_… variables of its environment, beside the folder's own.
   * @returns null when there is no such hook.
   * @throws Usage E_HOOKS when it is there and not executable.
   */
  async run(name: string, variables: Readonly<Record<string, unknown>>): Promise<HookRun | null> {
    const path = join(this.folder, name)
    if (!(await isThere(path, constants.F_OK))) return null
    if (!(await isThere(path, constants.X_OK))) {
      throw new Usage('E_HOOKS', `the hook ${path} is not executable`, {next: [`chmod +x ${path}`]})
    }
    return execute(path, {...this.env, ...asVariables(variables)}, this.limitMs)
  }
}

function execute(path: string, env: NodeJS.ProcessEnv, limitMs: number): Promise<HookRun> {
  return new Promise((resolve, reject) => {
    const startedAt = Date.now()
    // A group of its own, so that what it starts ends with it, and Ctrl-C is ours alone.
    const child = spawn(path, [], {env, detached: true, stdio: ['ignore', 'pipe', 'pipe']})
    let output = ''
    let isTimedOut = false
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(-OUTPUT_KEPT)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    const limit = setTimeout(() => {
      isTimedOut = true
      endGroup(child.pid, 'SIGTERM')
      setTimeout(() => {
        endGroup(child.pid, 'SIGKILL')
      }, GRACE_MS).unref()
    }, limitMs)
    child.once('error', (error) => {
      clearTimeout(limit)
      reject(new Usage('E_HOOKS', `the hook ${path} can't be run: ${error.message}`))
    })
    // Not `close`: a program that it leaves running may hold its output open.
    child.once('exit', (exitCode) => {
      clearTimeout(limit)
      resolve({exitCode: isTimedOut ? null : exitCode, ranMs: Date.now() - startedAt, isTimedOut, output})
    })
  })
}

function endGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // It has ended by itself meanwhile.
  }
}

async function isThere(path: string, mode: number): Promise<boolean> {
  try {
    await access(path, mode)
    return true
  } catch {
    return false
  }
}

/** `migrationId` becomes KEYSHIFT_MIGRATION_ID; what is null is left out. */
function asVariables(variables: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([key, value]) => [
        `KEYSHIFT_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`,
        String(value),
      ]),
  )
}
