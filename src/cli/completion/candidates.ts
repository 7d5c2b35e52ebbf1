import {printable} from '../../printable.js'
import type {Command} from '@oclif/core/command'

import {FINDING_CODES} from '../../finding-codes.js'
import {inNamespace, parseTopicName} from '../../topic-name.js'
import {type Commands, type Line, readLine} from './line.js'
import type {NameSource} from './names.js'
import {namespaceNames, scopes, topicNames} from './topics.js'

/** What can be completed at the cursor. */
export interface Completion {
  /** sorted; a value that ends in a slash can be continued */
  candidates: Candidate[]
  /** what the shell completes itself: files or folders */
  paths: 'files' | 'folders' | null
}

export interface Candidate {
  value: string
  /** one line; null where the value needs no description */
  description: string | null
}

export interface CommandLine {
  readonly commands: Commands
  /** by their ids, such as `migrate:plan` */
  readonly topics: ReadonlyMap<string, string>
}

/** Opens the source of names for the flags of a line. */
export type OpenNames = (line: Line) => NameSource

/**
 * The candidates at the end of a command line. Commands, flags and their options come from oclif; the tables below only
 * add which kind of name an argument or flag takes.
 *
 * @param words everything after the program's name; the last one is at the cursor, empty after a space.
 */
export async function completeLine(
  words: readonly string[],
  cli: CommandLine,
  openNames: OpenNames,
): Promise<Completion> {
  const line = readLine(words, cli.commands)
  const {lead, ...meant} = whatFits(line, cli)
  // The scripts read one candidate per line, and a terminal interprets control characters.
  const candidates = [...(meant.fixed ?? []), ...(meant.names ? await namesOf(meant.names, line, openNames(line)) : [])]
    .filter(({value}) => value.startsWith(line.typed) && printable(value) === value)
    .map(({description, value}) => ({value: `${lead}${value}`, description}))
    .toSorted((a, b) => (a.value < b.value ? -1 : 1))
  return {candidates, paths: meant.paths ?? null}
}

type NameKind = 'context' | 'migration' | 'namespace' | 'scope' | 'subscription' | 'topic'
type Meaning = NameKind | 'command' | 'files' | 'finding' | 'folders'

/** The kind of each argument by its name; with the command's id where the same name has another meaning. */
const ARGUMENTS: Readonly<Record<string, Meaning>> = {
  'context:remove name': 'context',
  'context:show name': 'context',
  'context:use name': 'context',
  'help command': 'command',
  file: 'files',
  id: 'migration',
  pattern: 'scope',
  plan: 'files',
  subscription: 'subscription',
  topic: 'topic',
}

const FLAGS: Readonly<Record<string, Meaning>> = {
  'confirm-context': 'context',
  context: 'context',
  exclude: 'topic',
  ignore: 'finding',
  namespace: 'namespace',
  subscription: 'subscription',
  topic: 'topic',
}

/** The kind of a flag's value by its placeholder in help. */
const HELP_VALUES: Readonly<Record<string, Meaning>> = {DIR: 'folders', FILE: 'files', 'plan.json': 'files'}

interface Fitting {
  readonly lead: string
  readonly fixed?: readonly Candidate[]
  readonly names?: NameKind
  readonly paths?: Completion['paths']
}

function whatFits(line: Line, cli: CommandLine): Fitting {
  const {args, command, path, cursor} = line
  if (cursor.kind === 'flag') return {lead: '', fixed: flagsLeft(line)}
  if (cursor.kind === 'value') {
    const flag = command?.flags[cursor.flag]
    const helpValue = flag?.type === 'option' && typeof flag.helpValue === 'string' ? flag.helpValue : ''
    return {
      lead: cursor.lead,
      ...byMeaning(
        FLAGS[cursor.flag] ?? HELP_VALUES[helpValue],
        flag?.type === 'option' ? flag.options : [],
        line,
        cli,
      ),
    }
  }
  const known = Object.values(command?.args ?? {})
  const arg = known[args.length] ?? (command?.strict === false || known.at(-1)?.multiple ? known.at(-1) : undefined)
  const meaning = arg && (ARGUMENTS[`${command?.id ?? ''} ${arg.name}`] ?? ARGUMENTS[arg.name])
  const {fixed = [], ...rest} = byMeaning(meaning, arg?.options, line, cli)
  return {lead: '', ...rest, fixed: [...(args.length === 0 ? nextWords(path, cli) : []), ...fixed]}
}

function byMeaning(
  meaning: Meaning | undefined,
  options: readonly string[] | undefined,
  line: Line,
  cli: CommandLine,
): Omit<Fitting, 'lead'> {
  if (meaning === 'files' || meaning === 'folders') return {paths: meaning}
  if (meaning === 'finding') return {fixed: FINDING_CODES.map(bare)}
  if (meaning === 'command') return {fixed: nextWords(line.args, cli)}
  return {fixed: (options ?? []).map(bare), ...(meaning === undefined ? {} : {names: meaning})}
}

/** The words that can follow in a command's name. */
function nextWords(path: readonly string[], {commands, topics}: CommandLine): Candidate[] {
  const lead = path.map((word) => `${word}:`).join('')
  const visible = [...commands.values()].filter(({hidden, id}) => !hidden && id.startsWith(lead))
  const words = new Set(visible.map(({id}) => id.slice(lead.length).split(':')[0] ?? ''))
  return [...words].map((word) => {
    const id = `${lead}${word}`
    return {value: word, description: summaryOf(commands.get(id)) ?? topics.get(id) ?? null}
  })
}

function flagsLeft({command, flags}: Line): Candidate[] {
  const known = Object.values(command?.flags ?? {})
  const left = known.filter((flag) => !flag.hidden && (!(flag.name in flags) || isMultiple(flag)))
  return [
    ...left.map((flag) => ({value: `--${flag.name}`, description: firstLine(flag.summary ?? flag.description)})),
    {value: '--help', description: 'show help'},
  ]
}

function isMultiple(flag: Command.Flag.Cached): boolean {
  return flag.type === 'option' && flag.multiple === true
}

async function namesOf(kind: NameKind, line: Line, names: NameSource): Promise<Candidate[]> {
  const {typed} = line
  switch (kind) {
    case 'context':
      return (await names.contexts()).map(bare)
    case 'migration':
      return (await names.migrations()).map(bare)
    case 'namespace':
      return (await namespaceNames(typed, names)).map(bare)
    case 'scope':
      return (await scopes(typed, names)).map(bare)
    case 'topic':
      return (await topicNames(typed, names)).map(bare)
    case 'subscription':
      return (await subscriptionsOn(line, names)).map(bare)
  }
}

async function subscriptionsOn({args, flags, cursor}: Line, names: NameSource): Promise<readonly string[]> {
  const topic = cursor.kind === 'value' ? flags['topic'] : args[0]
  if (typeof topic !== 'string') return []
  const namespace = await names.ownNamespace()
  try {
    return await names.subscriptions(parseTopicName(inNamespace(topic, namespace)))
  } catch {
    return [] // an invalid topic has no subscriptions
  }
}

function bare(value: string): Candidate {
  return {value, description: null}
}

function summaryOf(command: Command.Cached | undefined): string | null {
  return firstLine(command?.summary ?? command?.description)
}

/** Null also for a template of oclif's own help, which only oclif can fill in. */
function firstLine(text: string | undefined): string | null {
  const [first = ''] = (text ?? '').split('\n')
  return first === '' || first.includes('<%') ? null : first
}
