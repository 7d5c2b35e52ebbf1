import assert from 'node:assert/strict'
import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {readFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

import {Ajv} from 'ajv'
import {ROOT} from '../root.js'

export const BIN = join(ROOT, 'bin', 'run.js')

export interface CliRun {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The JSON document of a command: a result or an error. */
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

/** Empty home folders, because a developer may have contexts that change the behavior of commands. */
const EMPTY_HOME = {
  XDG_CONFIG_HOME: join(tmpdir(), `keyshift-empty-home-${String(process.pid)}`),
  XDG_CACHE_HOME: join(tmpdir(), `keyshift-empty-home-${String(process.pid)}`),
}

const running = new Set<ChildProcess>()
/** A failed test leaves its commands running. */
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Starts the built command line in a process without a terminal. */
export function startCli(
  args: readonly string[],
  env: Record<string, string> = {},
  input?: string,
  cwd: string = ROOT,
): RunningCli {
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd,
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    env: {...process.env, ...EMPTY_HOME, ...env},
  })
  running.add(child)
  child.once('close', () => running.delete(child))
  child.stdin?.end(input)
  assert.ok(child.stdout && child.stderr)
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)]
  const finished = async (): Promise<CliRun> => {
    const [code] = (await once(child, 'close')) as [number | null]
    return {code, stdout: await stdout, stderr: await stderr}
  }
  return {child, finished: finished()}
}

/** @param input the standard input; closed if not given. */
export function runCli(args: readonly string[], env: Record<string, string> = {}, input?: string): Promise<CliRun> {
  return startCli(args, env, input).finished
}

/** Runs with `--json`, and requires success and a result that matches the command's schema. @returns the result. */
export async function askCli<R>(args: readonly string[], env: Record<string, string> = {}): Promise<R> {
  const run = await runCli([...args, '--json'], env)
  if (run.code !== 0)
    throw new Error(`keyshift ${args.join(' ')} exited with ${String(run.code)}: ${run.stdout}${run.stderr}`)
  const document = parseDocument<R>(run.stdout)
  await requireSchema(document.schema, document.result)
  return document.result
}

/** The schema of `keyshift.locks.scan/v1` is schemas/locks.scan.json. */
async function requireSchema(name: string, value: unknown): Promise<void> {
  const file = `${name.replace('keyshift.', '').replace('/v1', '')}.json`
  const schema = JSON.parse(await readFile(join(ROOT, 'schemas', file), 'utf8')) as object
  const ajv = new Ajv({strict: false, allErrors: true})
  assert.ok(ajv.validate(schema, value), `${name}: ${ajv.errorsText()}`)
}

/** Requires that stdout is exactly one JSON document. */
export function parseDocument<R>(stdout: string): Document<R> {
  return JSON.parse(stdout) as Document<R>
}

async function collect(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

export interface Failure {
  readonly args: readonly string[]
  readonly exit: number
  /** alternatives are separated by | */
  readonly code: string
  /** what the error message has to contain */
  readonly says: RegExp
  readonly env?: Record<string, string>
}

/** Requires the same failure with and without `--json`: exit code, error code, and stdout empty or one document. */
export async function requireFailure({args, code, env, exit, says}: Failure): Promise<void> {
  const text = await runCli(args, env)
  assert.equal(text.code, exit, text.stdout + text.stderr)
  assert.equal(text.stdout, '', 'an error in text form belongs on stderr')
  assert.match(text.stderr, new RegExp(`\\((${code})\\)`))
  assert.match(text.stderr, says)

  const json = await runCli([...args, '--json'], env)
  assert.equal(json.code, exit)
  assert.equal(json.stderr, '', 'with --json, everything is in the document')
  const document = parseDocument(json.stdout)
  await requireSchema('keyshift.error/v1', document)
  assert.match(document.error.code, new RegExp(`^(${code})$`))
  assert.match(document.error.message, says)
}

/** The ids of all commands, as `locks:scan`, from the manifest. */
export async function commandIds(): Promise<string[]> {
  const manifest = JSON.parse(await readFile(join(ROOT, 'oclif.manifest.json'), 'utf8')) as {commands: object}
  return Object.keys(manifest.commands)
}
