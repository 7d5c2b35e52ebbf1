import {stripVTControlCharacters} from 'node:util'

import type {CLIError} from '@oclif/core/errors'

import {Usage} from '../errors.js'
import {nearestNames} from '../nearest-name.js'
import {suggestedCommand} from '../suggested-command.js'

/** What oclif attaches to its errors about a command line. */
interface ParseDetails {
  readonly flags?: readonly string[]
  readonly args?: ReadonlyArray<string | {readonly name: string; readonly description?: string}>
  readonly parse?: {readonly input?: {readonly flags?: Readonly<Record<string, unknown>>}}
}

/** Rewords an error of oclif about the command line: what is wrong, and the nearest name where one is misspelled. */
export function usageError(thrown: CLIError, command: readonly string[]): Usage {
  const {args, flags, parse} = thrown as CLIError & ParseDetails
  const known = Object.keys(parse?.input?.flags ?? {}).map((name) => `--${name}`)
  const message = flags ? unknownFlags(flags, known) : args ? aboutArguments(args) : reword(thrown.message)
  return new Usage('E_USAGE', message, {cause: thrown, next: [suggestedCommand(...command, '--help')]})
}

function unknownFlags(flags: readonly string[], known: readonly string[]): string {
  const texts = flags.map((flag) => {
    const [nearest] = flag.startsWith('--') ? nearestNames(flag, known, 1) : []
    return nearest === undefined ? flag : `${flag} (did you mean ${nearest}?)`
  })
  return `unknown flag${flags.length === 1 ? '' : 's'} ${texts.join(', ')}`
}

function aboutArguments(args: NonNullable<ParseDetails['args']>): string {
  const unexpected = args.filter((arg) => typeof arg === 'string')
  const missing = args.filter((arg) => typeof arg !== 'string').map(describe)
  const plural = args.length === 1 ? '' : 's'
  return missing.length > 0
    ? `missing argument${plural} ${missing.join(', ')}`
    : `unexpected argument${plural} ${unexpected.join(' ')}`
}

function describe({description, name}: {readonly name: string; readonly description?: string}): string {
  return `${name.toUpperCase()}${description === undefined ? '' : ` (${description})`}`
}

/** Texts of oclif's parser, and what is shown instead. */
const REWORDED: ReadonlyArray<readonly [RegExp, string]> = [
  [/^Missing required flag:? (?:--)?([\w-]+)$/, 'missing flag --$1'],
  [/^Flag (--[\w-]+) expects a value$/, '$1 needs a value'],
  [/^(--[\w-]+)=.* cannot also be provided when using (--[\w-]+)$/, '$1 and $2 exclude each other'],
  [/^Exactly one of the following must be provided: (--[\w-]+), (--[\w-]+)$/, 'give either $1 or $2'],
  [/^Expected (\S+) to be one of: (.*)$/, '$1 is not one of $2'],
  [/^Parsing (--[\w-]+) *\n\s*Expected (.*) but received: (.*)$/s, '$1 $3 is not $2'],
  [/^Parsing (--[\w-]+) *\n\s*(.*)$/s, '$1: $2'],
]

/** The flags that oclif lists, as a phrase. */
function listed(text: string): string {
  return text.replace(/, (?=[^,]*$)/, ' and ')
}

function reword(text: string): string {
  const plain = stripVTControlCharacters(text)
    .replace(/\n?See more help with --help\s*$/, '')
    .replace(/^The following errors? occurred:\s*/, '')
    .trim()
  const [, flag, value, options] = /^Expected (--[\w-]+)=(.*) to be one of: (.*)$/s.exec(plain) ?? []
  if (flag !== undefined && value !== undefined && options !== undefined) return invalidOption(flag, value, options)
  const [, needing, needed] = /^All of the following must be provided when using (--[\w-]+): (.*)$/.exec(plain) ?? []
  if (needing !== undefined && needed !== undefined) return `${needing} needs ${listed(needed)}`
  const [pattern, wording] = REWORDED.find(([known]) => known.test(plain)) ?? []
  return pattern === undefined || wording === undefined ? plain : plain.replace(pattern, wording)
}

function invalidOption(flag: string, value: string, options: string): string {
  const [nearest] = nearestNames(value, options.split(', '), 1)
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`
  return `${flag} ${value} is not one of ${options}${hint}`
}
