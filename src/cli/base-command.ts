import {Command} from '@oclif/core/command'

import {KeyshiftError} from '../errors.js'
import {asKeyshiftError, errorDocument, renderError} from './errors.js'
import {exitCodeOf} from './exit-codes.js'
import {ReaderGone} from './lines.js'
import {Progress} from './progress.js'

interface Closeable {
  close(): Promise<void>
}

/**
 * The one base class: commands extend it and nothing extends a command. It owns the clients that a command opens, and
 * gives every command the same JSON envelope, error form and exit code, with and without `--json`.
 */
export abstract class KeyshiftCommand<T extends object> extends Command {
  static override enableJsonFlag = true
  private readonly closers: Array<() => Promise<void>> = []
  private readonly warnings: string[] = []
  protected readonly progress = new Progress()

  abstract override run(): Promise<T>

  /** The schema's name: `keyshift.<topic>.<verb>/v1`. */
  private get schema(): string {
    return `keyshift.${(this.id ?? 'unknown').replaceAll(':', '.')}/v1`
  }

  /** Keeps a client and closes it whatever run() does: an open socket keeps the process alive for ever. */
  protected own<C extends Closeable>(client: C): C {
    this.closers.push(() => client.close())
    return client
  }

  /** A warning for the person on stderr, and for the program in the document's `warnings`. */
  override warn(input: Error | string): Error | string {
    const text = typeof input === 'string' ? input : input.message
    this.warnings.push(text)
    if (!this.jsonEnabled()) process.stderr.write(`Warning: ${text}\n`)
    return input
  }

  /** Ends the moving line of progress, so that it does not stand in the answer. */
  override log(message?: string): void {
    this.progress.stop()
    super.log(message)
  }

  protected override toSuccessJson(result: unknown): object {
    return {schema: this.schema, result, warnings: this.warnings}
  }

  /** Rethrows in both modes, so that the exit code is the same with and without `--json`. */
  protected override catch(thrown: unknown): Promise<void> {
    this.progress.stop()
    if (thrown instanceof KeyshiftError && thrown.cause instanceof ReaderGone) return Promise.resolve()
    const error = asKeyshiftError(thrown, `${this.config.bin} ${(this.id ?? '').replaceAll(':', ' ')}`)
    if (this.jsonEnabled()) this.logJson(errorDocument(error))
    else process.stderr.write(`${renderError(error)}\n`)
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
