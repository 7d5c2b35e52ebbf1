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

/** Where nobody has set anything, and nothing is kept: who runs the tests may have contexts of their own. */
const NOBODY = {
  XDG_CONFIG_HOME: join(tmpdir(), `keyshift-nobody-${String(process.pid)}`),
  XDG_CACHE_HOME: join(tmpdir(), `keyshift-nobody-${String(process.pid)}`),
}

/** Starts the built command line as its own process, without a terminal. */
export function startCli(
  args: readonly string[],
  env: Record<string, string> = {},
  input?: string,
  cwd: string = ROOT,
): RunningCli {
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd,
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    env: {...process.env, ...NOBODY, ...env},
  })
  child.stdin?.end(input)
  assert.ok(child.stdout && child.stderr)
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)]
  const finished = async (): Promise<CliRun> => {
    const [code] = (await once(child, 'close')) as [number | null]
    return {code, stdout: await stdout, stderr: await stderr}
  }
  return {child, finished: finished()}
}

/** @param input what stands on its standard input; closed when left out. */
export function runCli(args: readonly string[], env: Record<string, string> = {}, input?: string): Promise<CliRun> {
  return startCli(args, env, input).finished
}

/** Runs with `--json`, requires success and a result that fits the command's committed schema, and gives it. */
export async function askCli<R>(args: readonly string[], env: Record<string, string> = {}): Promise<R> {
  const run = await runCli([...args, '--json'], env)
  if (run.code !== 0)
    throw new Error(`keyshift ${args.join(' ')} ended with ${String(run.code)}: ${run.stdout}${run.stderr}`)
  const document = parseDocument<R>(run.stdout)
  await requireSchema(document.schema, document.result)
  return document.result
}

/** `keyshift.locks.scan/v1` is described by schemas/locks.scan.json. */
async function requireSchema(name: string, value: unknown): Promise<void> {
  const file = `${name.replace('keyshift.', '').replace('/v1', '')}.json`
  const schema = JSON.parse(await readFile(join(ROOT, 'schemas', file), 'utf8')) as object
  const ajv = new Ajv({strict: false, allErrors: true})
  assert.ok(ajv.validate(schema, value), `${name}: ${ajv.errorsText()}`)
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

export interface Failure {
  readonly args: readonly string[]
  readonly exit: number
  /** alternatives are parted by | */
  readonly code: string
  /** what the error has to name */
  readonly says: RegExp
  readonly env?: Record<string, string>
}

/** Requires the same failure with and without `--json`: exit code, error code, and one document on stdout or none. */
export async function requireFailure({args, code, env, exit, says}: Failure): Promise<void> {
  const text = await runCli(args, env)
  assert.equal(text.code, exit, text.stdout + text.stderr)
  assert.equal(text.stdout, '', 'an error in text form belongs on stderr')
  assert.match(text.stderr, new RegExp(`\\((${code})\\)`))
  assert.match(text.stderr, says)

  const json = await runCli([...args, '--json'], env)
  assert.equal(json.code, exit)
  assert.equal(json.stderr, '', 'under --json all is in the document')
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
