import {CLIError} from '@oclif/core/errors'

import {KeyshiftError, Usage} from '../errors.js'
import {printable, printableLines} from '../printable.js'
import {messageOf} from '../wording.js'
import {paint} from './output/palette.js'

/** The JSON form of every failure, the same for all commands. */
export interface ErrorDocument {
  schema: 'keyshift.error/v1'
  error: {code: string; message: string; data: Record<string, unknown>; next: string[]}
}

/** Anything that is not foreseen: a defect in keyshift, kept with its stack. */
class Bug extends KeyshiftError {}

/**
 * Turns whatever was thrown into an error with a code. oclif's own errors are about the command line; their text ends
 * with a hint to `--help`, which moves to `next`.
 */
export function asKeyshiftError(thrown: unknown, commandLine: string): KeyshiftError {
  if (thrown instanceof KeyshiftError) return thrown
  if (thrown instanceof CLIError) {
    const message = thrown.message.replace(/\n?See more help with --help\s*$/, '').trim()
    return new Usage('E_USAGE', message, {cause: thrown, next: [`${commandLine} --help`]})
  }
  const message = messageOf(thrown)
  return new Bug('E_BUG', `internal error: ${message}`, {cause: thrown})
}

export function errorDocument(error: KeyshiftError): ErrorDocument {
  return {
    schema: 'keyshift.error/v1',
    error: {code: error.code, message: error.message, data: {...error.data}, next: [...error.next]},
  }
}

/** What a person reads on stderr: the message, what to type next, and for a bug where it happened. */
export function renderError(error: KeyshiftError): string {
  const lines = [`${paint.error('Error:')} ${message(error)} (${error.code})`]
  if (error.next.length > 0) lines.push('Next:', ...error.next.map((command) => `  ${printable(command)}`))
  if (error instanceof Bug && error.cause instanceof Error && error.cause.stack) lines.push(error.cause.stack)
  return lines.join('\n')
}

/** One line, except what oclif says about a command line: a line for each mistake. */
function message({cause, message: text}: KeyshiftError): string {
  return cause instanceof CLIError ? printableLines(text) : printable(text)
}
