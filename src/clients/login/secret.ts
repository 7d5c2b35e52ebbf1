import {exec} from 'node:child_process'
import {readFile, stat} from 'node:fs/promises'
import {promisify} from 'node:util'

import {KeyshiftError, Unreachable} from '../../errors.js'
import {fieldOf, parametersOf} from './secret-field.js'

/** Where a secret is stored; never the secret itself. */
export type SecretSource =
  | {
      /** an environment variable that contains only the secret, or several parameters of which `field` names one */
      env: string
      field?: string
    }
  | {
      /** a file that contains only the secret, or several values of which `field` names one */
      file: string
      /**
       * a JSON pointer into YAML or JSON, such as `/auth-info/prod/token`, or a key of Java properties, such as
       * `authParams/token`
       */
      field?: string
    }
  | {
      /** a shell command that prints the secret */
      command: string
    }

/** A secret that is read on demand: a file is read again when it has changed. */
export interface Secret {
  /** the source in output: `the file /run/token` */
  readonly source: string
  /** @throws Unreachable E_SECRET with the source when the secret is missing. */
  read(): Promise<string>
  /** Drops the value read. Returns whether another read may return a different one. */
  invalidate(): boolean
}

/** @param env the environment from which variables are read. */
export function secretFrom(source: SecretSource, env: NodeJS.ProcessEnv): Secret {
  if ('env' in source) return new VariableSecret(source.env, source.field ?? null, env)
  if ('file' in source) return new FileSecret(source.file, source.field ?? null)
  return new CommandSecret(source.command, env)
}

class VariableSecret implements Secret {
  readonly source: string
  private readonly name: string
  private readonly field: string | null
  private readonly env: NodeJS.ProcessEnv

  constructor(name: string, field: string | null, env: NodeJS.ProcessEnv) {
    this.source = `${field === null ? '' : `${field} in `}the environment variable ${name}`
    this.name = name
    this.field = field
    this.env = env
  }

  read(): Promise<string> {
    const whole = this.env[this.name]?.trim() ?? ''
    const value = this.field === null ? whole : (parametersOf(whole)[this.field] ?? '')
    if (value === '') return Promise.reject(noSecret(this.source, 'it is not set', [`export ${this.name}=…`]))
    return Promise.resolve(value)
  }

  invalidate(): boolean {
    return false
  }
}

class FileSecret implements Secret {
  readonly source: string
  private readonly path: string
  private readonly field: string | null
  private known: {readonly version: string; readonly value: string} | null = null

  constructor(path: string, field: string | null) {
    this.source = field === null ? `the file ${path}` : `${field} in the file ${path}`
    this.path = path
    this.field = field
  }

  async read(): Promise<string> {
    try {
      const {ino, mtimeMs, size} = await stat(this.path)
      const version = [ino, mtimeMs, size].join(' ')
      if (this.known?.version !== version) this.known = {version, value: await this.load()}
      return this.known.value
    } catch (error) {
      if (error instanceof KeyshiftError) throw error
      throw noSecret(this.source, codeOf(error), [`ls -l ${this.path}`])
    }
  }

  invalidate(): boolean {
    const wasKnown = this.known !== null
    this.known = null
    return wasKnown
  }

  private async load(): Promise<string> {
    const text = await readFile(this.path, 'utf8')
    const value = (this.field === null ? text : ((await fieldOf(text, this.path, this.field)) ?? '')).trim()
    if (value === '') throw noSecret(this.source, 'it is empty', [`ls -l ${this.path}`])
    return value
  }
}

const COMMAND_TIMEOUT_MS = 30_000

class CommandSecret implements Secret {
  readonly source: string
  private readonly command: string
  private readonly env: NodeJS.ProcessEnv
  private known: Promise<string> | null = null

  constructor(command: string, env: NodeJS.ProcessEnv) {
    // Only the program is shown, because its arguments may contain a secret.
    this.source = `the command ${command.trim().split(/\s/)[0] ?? ''}`
    this.command = command
    this.env = env
  }

  read(): Promise<string> {
    this.known ??= this.run()
    return this.known
  }

  invalidate(): boolean {
    this.known = null
    return true
  }

  /** Its stderr is not shown, because it may contain a secret. */
  private async run(): Promise<string> {
    const options = {env: this.env, timeout: COMMAND_TIMEOUT_MS, encoding: 'utf8'} as const
    const {stdout} = await promisify(exec)(this.command, options).catch((error: unknown) => {
      const {code, killed} = error as {code?: number | string; killed?: boolean}
      const seconds = String(COMMAND_TIMEOUT_MS / 1000)
      const reason = killed === true ? `it took longer than ${seconds} s` : `it exited with ${String(code)}`
      throw noSecret(this.source, reason, ['run the command in a shell to see its error'])
    })
    if (stdout.trim() === '')
      throw noSecret(this.source, 'it printed nothing', ['run the command in a shell to see its error'])
    return stdout.trim()
  }
}

function codeOf(error: unknown): string {
  const {code, message} = error as NodeJS.ErrnoException
  return code ?? message
}

function noSecret(where: string, reason: string, next: readonly string[]): Unreachable {
  return new Unreachable('E_SECRET', `cannot get the secret from ${where}: ${reason}`, {data: {where, reason}, next})
}
