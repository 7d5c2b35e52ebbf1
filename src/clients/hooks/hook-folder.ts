import {spawn} from 'node:child_process'
import {access, constants} from 'node:fs/promises'
import {join} from 'node:path'

import {Usage} from '../../errors.js'
import {shellCommand} from '../../suggested-command.js'

export interface HookRun {
  /** null when it was killed by its time limit or a signal */
  readonly exitCode: number | null
  readonly ranMs: number
  readonly isTimedOut: boolean
  /** the end of its output, both streams */
  readonly output: string
}

/** Maximum length of a hook's output in the journal, in characters. */
const OUTPUT_KEPT = 2000
/** Time between SIGTERM and SIGKILL for a hook that exceeded its limit. */
const GRACE_MS = 2000

/** A folder of executables, each named after the moment at which it runs. */
export class HookFolder {
  private readonly folder: string
  private readonly limitMs: number
  private readonly env: NodeJS.ProcessEnv

  /**
   * @param limitMs time limit of one hook.
   * @param env environment of every hook, in addition to the variables of the event.
   */
  constructor(folder: string, limitMs: number, env: NodeJS.ProcessEnv) {
    this.folder = folder
    this.limitMs = limitMs
    this.env = env
  }

  /** @throws Usage E_HOOKS when the folder cannot be read. */
  async requireReadable(): Promise<void> {
    try {
      await access(this.folder, constants.R_OK | constants.X_OK)
    } catch (error) {
      const cause = error instanceof Error && 'code' in error ? String(error.code) : String(error)
      throw new Usage('E_HOOKS', `cannot read the hooks folder ${this.folder} (${cause})`, {data: {cause}})
    }
  }

  /**
   * Runs one hook until it exits. After its time limit, the hook and all its child processes are killed.
   *
   * @param facts become KEYSHIFT_… variables of its environment, in addition to the folder's own.
   * @returns null when there is no such hook.
   * @throws Usage E_HOOKS when it exists and is not executable.
   */
  async run(name: string, variables: Readonly<Record<string, unknown>>): Promise<HookRun | null> {
    const path = join(this.folder, name)
    if (!(await isThere(path, constants.F_OK))) return null
    if (!(await isThere(path, constants.X_OK))) {
      throw new Usage('E_HOOKS', `hook ${path} is not executable`, {next: [shellCommand('chmod', '+x', path)]})
    }
    return execute(path, {...this.env, ...asVariables(variables)}, this.limitMs)
  }
}

function execute(path: string, env: NodeJS.ProcessEnv, limitMs: number): Promise<HookRun> {
  return new Promise((resolve, reject) => {
    const startedAt = Date.now()
    // A separate process group, so that the child processes are killed with the hook and Ctrl-C reaches keyshift only.
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
      reject(new Usage('E_HOOKS', `cannot run hook ${path}: ${error.message}`))
    })
    // Not `close`, because a program that the hook leaves running may keep its output open.
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
    // It has exited in the meantime.
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

/** `migrationId` becomes KEYSHIFT_MIGRATION_ID; null values are omitted. */
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
