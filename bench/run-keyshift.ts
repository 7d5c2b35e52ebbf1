import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {createReadStream} from 'node:fs'
import {join} from 'node:path'
import {pipeline} from 'node:stream/promises'

import {peakMiB as peakOf} from '../test/support/shells/peak-memory.js'

const BIN = join(import.meta.dirname, '..', 'bin', 'run.js')

export interface Run {
  readonly ms: number
  readonly peakMiB: number
}

/**
 * Runs the command and discards its output.
 *
 * @param input a file for the standard input.
 * @param onOutput called with each piece of output.
 */
export function measureKeyshift(args: readonly string[], input?: string, onOutput?: () => void): Promise<Run> {
  return measureCommand([process.execPath, BIN, ...args], input, onOutput)
}

/** Starts a command without its output. */
export function startKeyshift(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [BIN, ...args], {stdio: 'ignore'})
}

/** Measures any command. @throws Error if it fails. */
export async function measureCommand(
  [command = '', ...args]: readonly string[],
  input?: string,
  onOutput: () => void = () => undefined,
): Promise<Run> {
  const startedAt = performance.now()
  const child = spawn(command, args, {stdio: ['pipe', 'pipe', 'inherit']})
  let peakMiB = 0
  const watch = setInterval(() => {
    peakMiB = Math.max(peakMiB, peakOf(child.pid))
  }, 50)
  child.stdout.on('data', onOutput)
  const feeding = input === undefined ? child.stdin.end() : pipeline(createReadStream(input), child.stdin)
  const [code] = (await once(child, 'close')) as [number | null]
  await feeding
  clearInterval(watch)
  if (code !== 0) throw new Error(`${command} … ${args.slice(-4).join(' ')} exited with ${String(code)}`)
  return {ms: performance.now() - startedAt, peakMiB}
}
