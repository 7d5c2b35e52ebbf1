import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {join} from 'node:path'

const BIN = join(import.meta.dirname, '..', '..', 'bin', 'run.js')

export interface CliRun {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The envelope of a success, or of an error. */
export interface Document<R = Record<string, unknown>> {
  schema: string
  result: R
  warnings: string[]
  error: {code: string; message: string; data: Record<string, unknown>; next: string[]}
}

export interface RunningCli {
  readonly child: ChildProcess
  readonly finished: Promise<CliRun>
}

/** Starts the built command line as its own process, without a terminal. */
export function startCli(args: readonly string[], env: Record<string, string> = {}): RunningCli {
  const child = spawn(process.execPath, [BIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {...process.env, ...env},
  })
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)]
  const finished = async (): Promise<CliRun> => {
    const [code] = (await once(child, 'close')) as [number | null]
    return {code, stdout: await stdout, stderr: await stderr}
  }
  return {child, finished: finished()}
}

export function runCli(args: readonly string[], env: Record<string, string> = {}): Promise<CliRun> {
  return startCli(args, env).finished
}

/** Runs with `--json`, requires success, and gives the result. */
export async function askCli<R>(args: readonly string[], env: Record<string, string> = {}): Promise<R> {
  const run = await runCli([...args, '--json'], env)
  if (run.code !== 0) throw new Error(`keyshift ${args.join(' ')} ended with ${String(run.code)}: ${run.stdout}${run.stderr}`)
  return parseDocument<R>(run.stdout).result
}

/** Requires that stdout is one JSON document and nothing else. */
export function parseDocument<R>(stdout: string): Document<R> {
  return JSON.parse(stdout) as Document<R>
}

async function collect(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
