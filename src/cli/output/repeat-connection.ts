import {shellWord} from '../../suggested-command.js'
import {hiddenSecrets} from '../connection/hidden-secrets.js'

/** Flags that decide which cluster, Redis and journal a command talks to, in the order in which they are repeated. */
const CONNECTION_FLAGS = [
  'context',
  'admin-url',
  'service-url',
  'web-socket-url',
  'redis-url',
  'redlock',
  'insecure',
  'tls-ca-file',
  'tls-cert-file',
  'tls-key-file',
  'token-file',
  'journal',
  'namespace',
] as const

/** The words of each connection flag of this command line, by its name: `['--admin-url', 'http://HOST:8080']`. */
export type ConnectionWords = ReadonlyMap<string, readonly string[]>

/** The names of the flags of each command, by the command's id (`locks:scan`). */
export type CommandFlags = ReadonlyMap<string, ReadonlySet<string>>

export const NO_CONNECTION: ConnectionWords = new Map()

/**
 * The connection flags that were given on the command line. Environment variables are not repeated: the user's shell
 * still has them. A password in an address is left out, so the suggested command reads it from its environment variable.
 */
export function connectionWords(
  flags: Readonly<Record<string, unknown>>,
  isOnCommandLine: (flag: string) => boolean,
): ConnectionWords {
  const given = CONNECTION_FLAGS.filter((name) => isOnCommandLine(name))
  return new Map(given.map((name) => [name, flagWords(`--${name}`, flags[name])]))
}

function flagWords(flag: string, value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap((one) => flagWords(flag, one))
  if (value === true) return [flag]
  return typeof value === 'string' ? [flag, shellWord(hiddenSecrets.hide(withoutPassword(value)))] : []
}

/** The user stays: Redis has no other place for it. */
function withoutPassword(value: string): string {
  const [, scheme, login, rest] = /^([\w+]+:\/\/)(.*)@(.*)$/s.exec(value) ?? []
  if (scheme === undefined || login === undefined || rest === undefined) return value
  const [user = ''] = login.split(':')
  return `${scheme}${user === '' ? '' : `${user}@`}${rest}`
}

/**
 * Adds the connection flags of the current command line to every suggested command, so that the command runs against the
 * same cluster when it is pasted. A flag is added only where the suggested command has it and does not set it already.
 */
export class ConnectionRepeater {
  private readonly commands: CommandFlags
  private readonly given: ConnectionWords

  constructor(commands: CommandFlags, given: ConnectionWords) {
    this.commands = commands
    this.given = given
  }

  /**
   * Adds the flags to each suggested command in a text. A command ends at the end of its line or before two spaces,
   * because `suggestedCommand` separates words by one space and quotes everything else.
   */
  text(text: string): string {
    if (this.given.size === 0 || !text.includes(PROGRAM)) return text
    return text.replaceAll(COMMAND, (command) => this.command(command))
  }

  /** Adds the flags to the suggested commands in the fields `command`, `commands` and `next` of a result, at any depth. */
  value<T>(value: T): T {
    return this.given.size === 0 ? value : (this.walk(value) as T)
  }

  private walk(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((one) => this.walk(one))
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(
      Object.entries(value).map(([name, field]) => [name, FIELDS.has(name) ? this.texts(field) : this.walk(field)]),
    )
  }

  private texts(field: unknown): unknown {
    if (typeof field === 'string') return this.text(field)
    return Array.isArray(field) ? field.map((one) => this.texts(one)) : this.walk(field)
  }

  private command(command: string): string {
    const words = command.match(WORD) ?? []
    const flags = this.flagsOf(words.slice(1))
    if (flags === null || words.some((word) => word === '--help' || word === '-h')) return command
    const has = (flag: string): boolean => words.some((word) => word === flag || word.startsWith(`${flag}=`))
    const added = [...this.given].flatMap(([name, given]) => (flags.has(name) && !has(`--${name}`) ? given : []))
    const end = words.findIndex((word) => END_OF_FLAGS.has(word))
    return (end < 0 ? [...words, ...added] : [...words.slice(0, end), ...added, ...words.slice(end)]).join(' ')
  }

  /** The flags of the command that the words begin with; null where they are prose, or a command that does not connect. */
  private flagsOf(words: readonly string[]): ReadonlySet<string> | null {
    for (let count = Math.min(words.length, LONGEST_ID); count > 0; count--) {
      const flags = this.commands.get(words.slice(0, count).join(':'))
      if (flags) return flags.has('context') ? flags : null
    }
    return null
  }
}

const FIELDS: ReadonlySet<string> = new Set(['command', 'commands', 'next'])
const PROGRAM = 'keyshift '
/** Words in a command's id at most: `migrate journal verify`. */
const LONGEST_ID = 3
/** One shell word: plain characters, quoted parts and escaped characters. */
const WORD_SOURCE = String.raw`(?:[^\s'"\\\u001b]|'[^']*'|"[^"]*"|\\.)+`
const WORD = new RegExp(WORD_SOURCE, 'g')
const COMMAND = new RegExp(String.raw`(?<![\w./-])keyshift(?: ${WORD_SOURCE})+`, 'g')
/** What follows these words is not read as a flag of keyshift. */
const END_OF_FLAGS: ReadonlySet<string> = new Set(['--', '#', '<', '>', '>>', '|', '&&', ';'])
