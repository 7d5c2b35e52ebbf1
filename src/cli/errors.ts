import {CLIError} from '@oclif/core/errors'

import {KeyshiftError} from '../errors.js'
import {printable, printableLines} from '../printable.js'
import {messageOf} from '../wording.js'
import {paint} from './output/palette.js'
import {usageError} from './usage-error.js'

/** The JSON form of every failure, the same for all commands. */
export interface ErrorDocument {
  schema: 'keyshift.error/v1'
  error: {code: string; message: string; data: Record<string, unknown>; next: string[]}
}

/** A defect in keyshift, with its stack. */
class Bug extends KeyshiftError {}

/**
 * Turns anything that was thrown into an error with a code. oclif's own errors are about the command line.
 *
 * @param command the words of the command that failed: `['locks', 'scan']`.
 */
export function asKeyshiftError(thrown: unknown, command: readonly string[]): KeyshiftError {
  if (thrown instanceof KeyshiftError) return thrown
  if (thrown instanceof CLIError) return usageError(thrown, command)
  return new Bug('E_BUG', `internal error: ${messageOf(thrown)}`, {cause: thrown})
}

export function errorDocument(error: KeyshiftError): ErrorDocument {
  return {
    schema: 'keyshift.error/v1',
    error: {code: error.code, message: error.message, data: {...error.data}, next: [...error.next]},
  }
}

/** The text on stderr: the message, the commands to run next, and the stack of a bug. */
export function renderError(error: KeyshiftError): string {
  const lines = [`${paint.error('Error:')} ${message(error)} (${error.code})`]
  if (error.next.length > 0) lines.push('Next:', ...error.next.map((command) => `  ${printable(command)}`))
  if (error instanceof Bug && error.cause instanceof Error && error.cause.stack) lines.push(error.cause.stack)
  return lines.join('\n')
}

/** One line, except for oclif's errors about a command line: one line per mistake. */
function message({cause, message: text}: KeyshiftError): string {
  return cause instanceof CLIError ? printableLines(text) : printable(text)
}
