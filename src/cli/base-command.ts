import {homedir} from 'node:os'

import {Command} from '@oclif/core/command'
import type {Input, ParserOutput} from '@oclif/core/interfaces'

import {KeyshiftError, Usage} from '../errors.js'
import {jsonDocument, jsonLine, printable} from '../printable.js'
import {inNamespace} from '../topic-name.js'
import {Connections, type Closeable} from './connection/connections.js'
import {confirm} from './confirm.js'
import {asksForJson, outputFlags} from './flags/output-flags.js'
import {settingsFor} from './connection/context-file.js'
import {isDefaultAddress} from './connection/default-addresses.js'
import type {Settings} from './connection/settings.js'
import {asKeyshiftError, errorDocument, renderError} from './errors.js'
import {exitCodeOf} from './exit-codes.js'
import {hiddenSecrets} from './connection/hidden-secrets.js'
import {PipeClosed, type StdoutWriter} from './output/stdout-lines.js'
import {Progress} from './output/progress.js'
import {withExactOptions} from './flags/option-values.js'
import {ConnectionRepeater, connectionWords, NO_CONNECTION} from './output/repeat-connection.js'
import {paint} from './output/palette.js'
import {pageFor, textFor} from './output/text-for.js'

type Values = Record<string, unknown>

interface ConfirmFlags {
  readonly yes: boolean
  readonly 'confirm-context'?: string | undefined
}

/**
 * The one base class: commands extend it and nothing extends a command. It owns the clients that a command opens, and
 * gives every command the same JSON envelope, error form and exit code, with and without `--json`.
 */
export abstract class KeyshiftCommand<T extends object> extends Command {
  static override baseFlags = outputFlags
  static override enableJsonFlag = true
  private readonly closers: Array<() => Promise<void>> = []
  private readonly warnings: string[] = []
  private opened: Connections | null = null
  /** Adds the connection flags of this command line to the suggested commands in everything that is printed. */
  private repeat = new ConnectionRepeater(new Map(), NO_CONNECTION)
  private isWide = false
  /** Whether documents were printed as they were made, so that the result of run() is not printed again. */
  private hasStreamed = false
  protected readonly progress = new Progress()

  abstract override run(): Promise<T>

  /** The schema's name: `keyshift.<topic>.<verb>/v1`. */
  private get schema(): string {
    return `keyshift.${(this.id ?? 'unknown').replaceAll(':', '.')}/v1`
  }

  /**
   * The connections to the cluster and Redis of the flags, variables and context; available once the command line is
   * parsed.
   */
  protected get connections(): Connections {
    if (this.opened === null) throw new Error(`${this.id ?? ''} has no connection flags`)
    return this.opened
  }

  protected override async parse<F extends Values, B extends Values, A extends Values>(
    options?: Input<F, B, A>,
    argv?: string[],
  ): Promise<ParserOutput<F, B, A>> {
    const known = {...this.ctor.baseFlags, ...this.ctor.flags}
    const parsed = await super.parse(options, withExactOptions(argv ?? this.argv, known))
    this.requireOneFormat(parsed.flags['output'])
    this.isWide = parsed.flags['output'] === 'wide'
    if (!('context' in {...this.ctor.flags})) return parsed // `help` commands have no connection flags
    const isOnCommandLine = (flag: string): boolean => this.isOnCommandLine(flag)
    const commands = new Map(this.config.commands.map(({flags, id}) => [id, new Set(Object.keys(flags))]))
    this.repeat = new ConnectionRepeater(commands, connectionWords(parsed.flags, isOnCommandLine))
    const settings = await settingsFor(this.config, parsed.flags, isOnCommandLine)
    this.opened = new Connections(settings, (client) => this.closeAtEnd(client))
    const insecure = [settings.tls.isInsecure, settings.redisTls.isInsecure].find((one) => one?.value === true)
    if (insecure) this.warnOnStderr(`TLS certificates are not verified (${insecure.source})`)
    const namespace = settings.namespace?.value ?? null
    for (const values of [parsed.args, parsed.flags] as Values[]) {
      const {topic} = values
      if (typeof topic === 'string') values['topic'] = inNamespace(topic, namespace)
    }
    if ('namespace' in {...this.ctor.flags}) (parsed.flags as Values)['namespace'] ??= namespace ?? undefined
    return parsed
  }

  /** @throws Usage E_OUTPUT_JSON for `--json` with another format. */
  private requireOneFormat(output: unknown): void {
    if (!super.jsonEnabled() || typeof output !== 'string' || ['json', 'table', 'text'].includes(output)) return
    throw new Usage('E_OUTPUT_JSON', `--json prints one document and cannot be combined with --output ${output}`)
  }

  /** `--output json` is the same as `--json`. */
  override jsonEnabled(): boolean {
    return super.jsonEnabled() || ('output' in {...this.ctor.flags} && asksForJson(this.argv))
  }

  /** The pattern of a command that reads many topics: without an argument, the namespace of the context or variable. */
  protected patternOr(pattern: string | undefined): string | undefined {
    const {namespace} = this.connections.settings
    if (pattern !== undefined || namespace === null) return pattern
    const scope = `only namespace ${namespace.value} (${namespace.source}); for all namespaces pass the pattern '**'`
    if (!this.jsonEnabled()) this.progress.line(scope)
    return namespace.value
  }

  /** Whether a flag is on the command line; otherwise its value comes from an environment variable or its default. */
  protected isOnCommandLine(flag: string): boolean {
    const end = this.argv.indexOf('--')
    const flags = end < 0 ? this.argv : this.argv.slice(0, end)
    return flags.some((text) => text === `--${flag}` || text.startsWith(`--${flag}=`))
  }

  /**
   * Asks for confirmation before anything is changed, unless `--yes` is set. A protected context asks for its name
   * instead, at the prompt or as `--confirm-context`.
   *
   * @param question a complete sentence that names the change: `Remove the context prod?`
   * @throws Usage E_CONFIRM, E_PROTECTED without a terminal to prompt on; Interrupted E_DECLINED.
   */
  protected async confirm(question: string, flags: ConfirmFlags): Promise<void> {
    const settings = this.opened?.settings
    const name = settings?.isProtected === true ? (settings.context?.value ?? null) : null
    const isConfirmed = name === null ? flags.yes : flags['confirm-context'] === name
    if (isConfirmed) return
    this.progress.stop()
    await confirm({question, cannotPrompt: this.jsonEnabled(), protectedName: name})
  }

  /** Closes a client when the command ends, whatever run() does, because an open socket keeps the process running. */
  protected closeAtEnd<C extends Closeable>(client: C): C {
    this.closers.push(() => client.close())
    return client
  }

  /** A warning on stderr, even with --json. */
  private warnOnStderr(text: string): void {
    this.warnings.push(text)
    this.writeWarning(text)
  }

  /** A warning on stderr for the operator, and in the document's `warnings` for programs. */
  override warn(input: Error | string): Error | string {
    const text = this.repeat.text(hiddenSecrets.hide(typeof input === 'string' ? input : input.message))
    this.warnings.push(text)
    if (!this.jsonEnabled()) this.writeWarning(text)
    return input
  }

  private writeWarning(warning: string): void {
    process.stderr.write(`${textFor(process.stderr, `${paint.warn('Warning:')} ${printable(warning)}`)}\n`)
  }

  /** Prints a report as text; with --json it is not rendered. */
  protected print<A extends readonly unknown[]>(render: (...report: A) => string, ...report: A): void {
    if (!this.jsonEnabled()) this.writeText(this.page(render, ...report))
  }

  /** Prints a report in another format than text: nothing is wrapped, and the renderer makes names safe for the format. */
  protected printFormatted<A extends readonly unknown[]>(render: (...report: A) => string, ...report: A): void {
    if (!this.jsonEnabled()) this.writeText(render(...this.repeat.value(report)))
  }

  /** With --json, prints a result that more results follow as one line, in the same envelope, with the warnings since the last one. */
  protected async printLine(result: T, writer: StdoutWriter): Promise<void> {
    this.hasStreamed = true
    await writer.write(jsonLine(this.toSuccessJson(result)))
    this.warnings.length = 0
  }

  /** Ends a command that has printed its results as they were made: the result of run() is not printed. */
  protected endStream(): void {
    this.hasStreamed = true
  }

  /** The same on stderr, for what is shown before a prompt. */
  protected preview<A extends readonly unknown[]>(render: (...report: A) => string, ...report: A): void {
    this.progress.line(
      pageFor(process.stderr, this.layout, (...safe: A) => this.repeat.text(render(...safe)), ...report),
    )
  }

  /** A report as print() shows it. */
  protected page<A extends readonly unknown[]>(render: (...report: A) => string, ...report: A): string {
    return pageFor(process.stdout, this.layout, (...safe: A) => this.repeat.text(render(...safe)), ...report)
  }

  private get layout(): {isWide: boolean; remedy: string} {
    const {output} = {...this.ctor.flags}
    const hasWide = output?.type === 'option' && output.options?.includes('wide') === true
    return {isWide: this.isWide, remedy: hasWide ? '--output wide' : 'a wider terminal'}
  }

  /** Prints a message, after the status line of the progress has been removed. */
  override log(message = ''): void {
    if (!this.jsonEnabled()) this.writeText(textFor(process.stdout, this.repeat.text(message)))
  }

  /** Prints exactly this text, for programs. */
  protected writeText(text: string): void {
    this.progress.stop()
    process.stdout.write(`${text}\n`)
  }

  /** Prints without oclif's colors, for which it splits the document into tokens: 100 MB and more for a long list. */
  protected override logJson(json: unknown): void {
    if (!this.hasStreamed) process.stdout.write(`${jsonDocument(json)}\n`)
  }

  protected override toSuccessJson(result: unknown): object {
    return {schema: this.schema, result: this.repeat.value(result), warnings: this.warnings}
  }

  /** Rethrows in both modes, so that the exit code is the same with and without `--json`. */
  protected override async catch(thrown: unknown): Promise<void> {
    this.progress.stop()
    if (thrown instanceof KeyshiftError && thrown.cause instanceof PipeClosed) return
    const known = asKeyshiftError(thrown, (this.id ?? '').split(':'))
    const error = await withImports(known, this.opened?.settings ?? null)
    const document = this.repeat.value(errorDocument(error))
    const shown = JSON.parse(hiddenSecrets.hide(JSON.stringify(document))) as object
    if (this.jsonEnabled()) process.stdout.write(this.hasStreamed ? jsonLine(shown) : `${jsonDocument(shown)}\n`)
    else process.stderr.write(`${textFor(process.stderr, this.repeat.text(renderError(error)))}\n`)
    // oclif's handler reads both fields. Without them it would print the error a second time and exit with 1.
    throw Object.assign(error, {skipOclifErrorHandling: true, oclif: {exit: exitCodeOf(error)}})
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    this.progress.stop()
    const outcomes = await Promise.allSettled(this.closers.map((close) => close()))
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') this.warn(`a connection did not close cleanly: ${String(outcome.reason)}`)
    }
    await super.finally(error)
  }
}

/** Loads the readers of other tools' settings only for an error, because they are slow to load. */
async function withImports(error: KeyshiftError, settings: Settings | null): Promise<KeyshiftError> {
  const address = settings?.adminUrl ?? null
  if (!isDefaultAddress(address)) return error
  const {withFoundSettings} = await import('./connection/other-tools.js')
  return withFoundSettings(error, address, {env: process.env, home: homedir()})
}
