import {Command} from '@oclif/core/command'
import type {Input, ParserOutput} from '@oclif/core/interfaces'

import {KeyshiftError} from '../errors.js'
import {printable, printableJson} from '../printable.js'
import {inNamespace} from '../topic-name.js'
import {Connections, type Closeable} from './connection/connections.js'
import {confirm} from './confirm.js'
import {outputFlags} from './flags/output-flags.js'
import {settingsFor} from './connection/context-file.js'
import {asKeyshiftError, errorDocument, renderError} from './errors.js'
import {exitCodeOf} from './exit-codes.js'
import {hiddenSecrets} from './connection/hidden-secrets.js'
import {ReaderGone} from './output/stdout-lines.js'
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
  protected readonly progress = new Progress()

  abstract override run(): Promise<T>

  /** The schema's name: `keyshift.<topic>.<verb>/v1`. */
  private get schema(): string {
    return `keyshift.${(this.id ?? 'unknown').replaceAll(':', '.')}/v1`
  }

  /** The way in to the cluster and Redis that flags, variables and context name; there once the command line is parsed. */
  protected get connections(): Connections {
    if (this.opened === null) throw new Error(`${this.id ?? ''} has no flags that say where a cluster is`)
    return this.opened
  }

  protected override async parse<F extends Values, B extends Values, A extends Values>(
    options?: Input<F, B, A>,
    argv?: string[],
  ): Promise<ParserOutput<F, B, A>> {
    const known = {...this.ctor.baseFlags, ...this.ctor.flags}
    const parsed = await super.parse(options, withExactOptions(argv ?? this.argv, known))
    this.isWide = parsed.flags['output'] === 'wide'
    if (!('context' in {...this.ctor.flags})) return parsed // a command without flags has none at all
    const isOnCommandLine = (flag: string): boolean => this.isOnCommandLine(flag)
    const commands = new Map(this.config.commands.map(({flags, id}) => [id, new Set(Object.keys(flags))]))
    this.repeat = new ConnectionRepeater(commands, connectionWords(parsed.flags, isOnCommandLine))
    const settings = await settingsFor(this.config, parsed.flags, isOnCommandLine)
    this.opened = new Connections(settings, (client) => this.own(client))
    const insecure = [settings.tls.isInsecure, settings.redisTls.isInsecure].find((one) => one?.value === true)
    if (insecure) this.warnOnStderr(`certificates are not checked: ${insecure.source}`)
    for (const values of [parsed.args, parsed.flags] as Values[]) {
      const {topic} = values
      if (typeof topic === 'string') values['topic'] = inNamespace(topic, settings.namespace?.value ?? null)
    }
    return parsed
  }

  /** Whether a flag is on the command line; otherwise its value comes from an environment variable or its default. */
  protected isOnCommandLine(flag: string): boolean {
    const end = this.argv.indexOf('--')
    const flags = end < 0 ? this.argv : this.argv.slice(0, end)
    return flags.some((text) => text === `--${flag}` || text.startsWith(`--${flag}=`))
  }

  /**
   * Asks before anything is changed, unless `--yes` was given. A protected context needs its name instead, as the answer
   * or as `--confirm-context`.
   *
   * @param question a whole sentence that names what changes: `Remove the context prod?`
   * @throws Usage E_CONFIRM, E_PROTECTED where there is no terminal to ask on; Interrupted E_DECLINED.
   */
  protected async confirm(question: string, flags: ConfirmFlags): Promise<void> {
    const settings = this.opened?.settings
    const name = settings?.isProtected === true ? (settings.context?.value ?? null) : null
    const isConfirmed = name === null ? flags.yes : flags['confirm-context'] === name
    if (isConfirmed) return
    this.progress.stop()
    await confirm({question, cannotPrompt: this.jsonEnabled(), protectedName: name})
  }

  /** Keeps a client and closes it whatever run() does: an open socket keeps the process alive for ever. */
  protected own<C extends Closeable>(client: C): C {
    this.closers.push(() => client.close())
    return client
  }

  /** A warning that a person sees on stderr even beside JSON. */
  private warnOnStderr(text: string): void {
    this.warnings.push(text)
    this.complain(text)
  }

  /** A warning for the person on stderr, and for the program in the document's `warnings`. */
  override warn(input: Error | string): Error | string {
    const text = this.repeat.text(hiddenSecrets.hide(typeof input === 'string' ? input : input.message))
    this.warnings.push(text)
    if (!this.jsonEnabled()) this.complain(text)
    return input
  }

  private complain(warning: string): void {
    process.stderr.write(`${textFor(process.stderr, `${paint.warn('Warning:')} ${printable(warning)}`)}\n`)
  }

  /** Shows a report to people; under --json it is not even rendered. */
  protected print<A extends readonly unknown[]>(render: (...report: A) => string, ...report: A): void {
    if (!this.jsonEnabled()) this.writeText(this.page(render, ...report))
  }

  /** The same on stderr, for what is shown before a question. */
  protected preview<A extends readonly unknown[]>(render: (...report: A) => string, ...report: A): void {
    this.progress.say(
      pageFor(process.stderr, this.layout, (...safe: A) => this.repeat.text(render(...safe)), ...report),
    )
  }

  /** A report as print() shows it. */
  protected page<A extends readonly unknown[]>(render: (...report: A) => string, ...report: A): string {
    return pageFor(process.stdout, this.layout, (...safe: A) => this.repeat.text(render(...safe)), ...report)
  }

  private get layout(): {isWide: boolean; remedy: string} {
    const options: unknown = {...this.ctor.flags}['output']
    const hasWide = JSON.stringify(options ?? null).includes('"wide"')
    return {isWide: this.isWide, remedy: hasWide ? '--output wide' : 'a wider terminal'}
  }

  /** Ends the moving line of progress, so that it is not part of the answer. */
  override log(message = ''): void {
    if (!this.jsonEnabled()) this.writeText(textFor(process.stdout, this.repeat.text(message)))
  }

  /** For programs: exactly this text. */
  protected writeText(text: string): void {
    this.progress.stop()
    process.stdout.write(`${text}\n`)
  }

  /** Without oclif's colours, for which it takes a document apart into all its signs: 100 MB and more for a long list. */
  protected override logJson(json: unknown): void {
    process.stdout.write(`${printableJson(JSON.stringify(json, undefined, 2))}\n`)
  }

  protected override toSuccessJson(result: unknown): object {
    return {schema: this.schema, result: this.repeat.value(result), warnings: this.warnings}
  }

  /** Rethrows in both modes, so that the exit code is the same with and without `--json`. */
  protected override catch(thrown: unknown): Promise<void> {
    this.progress.stop()
    if (thrown instanceof KeyshiftError && thrown.cause instanceof ReaderGone) return Promise.resolve()
    const error = asKeyshiftError(thrown, (this.id ?? '').split(':'))
    const document = this.repeat.value(errorDocument(error))
    if (this.jsonEnabled()) this.logJson(JSON.parse(hiddenSecrets.hide(JSON.stringify(document))))
    else process.stderr.write(`${textFor(process.stderr, this.repeat.text(renderError(error)))}\n`)
    // Both are read by oclif's handler, which would print the error a second time and exit with 1.
    return Promise.reject(Object.assign(error, {skipOclifErrorHandling: true, oclif: {exit: exitCodeOf(error)}}))
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
