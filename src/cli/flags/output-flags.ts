import {Flags} from '@oclif/core'

/** The flags of every command. `color-support.ts` reads them from the command line before any command runs. */
export const outputFlags = {
  json: Flags.boolean({description: 'print the result as one JSON document', helpGroup: 'GLOBAL'}),
  'no-color': Flags.boolean({
    description: 'disable colors; also disabled in pipes and files, and by NO_COLOR',
    helpGroup: 'GLOBAL',
  }),
}

/** Output formats of a command that prints tables. */
const TABLE_OUTPUTS = ['table', 'wide', 'json'] as const

/** Output formats of a command that prints one long list. */
export const LIST_OUTPUTS = ['table', 'wide', 'csv', 'tsv', 'ndjson', 'json'] as const
export type ListOutput = (typeof LIST_OUTPUTS)[number]

/** `--output` of the commands that print tables. The base class reads `wide` and `json` from it. */
export const tableOutputFlag = {
  output: Flags.option({
    default: 'table',
    description: 'output format; wide shows all columns and full names; json is the same as --json',
    options: TABLE_OUTPUTS,
  })(),
}

/** `--output` of the commands that also print their rows as lines for programs. */
export const listOutputFlag = {
  output: Flags.option({
    default: 'table',
    description:
      'output format; wide shows all columns and full names; csv, tsv and ndjson print one line per row; json is the same as --json',
    options: LIST_OUTPUTS,
  })(),
}

/** Whether `--output json` is on the command line. It is read before the command line is parsed. */
export function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  const words = end < 0 ? argv : argv.slice(0, end)
  return words.some((word, at) => word === '--output=json' || (word === '--output' && words[at + 1] === 'json'))
}
