import type {Command} from '@oclif/core/command'

/** The context of the cursor. */
export type CursorContext =
  | {readonly kind: 'flag'}
  /** `lead` is the part of the same word before the value, such as `--context=` */
  | {readonly kind: 'value'; readonly flag: string; readonly lead: string}
  /** the next word of a command's name, or its next argument */
  | {readonly kind: 'word'}

/** The part of a command line before the cursor. */
export interface Line {
  /** words of the command's name, possibly incomplete */
  readonly path: readonly string[]
  /** null where the words are a topic, or nothing yet */
  readonly command: Command.Cached | null
  /** complete flags by their names */
  readonly flags: Readonly<Record<string, string | true>>
  /** arguments before the cursor */
  readonly args: readonly string[]
  readonly cursor: CursorContext
  /** the typed part of the word at the cursor, without `lead` */
  readonly typed: string
}

/** Commands by their ids, such as `migrate:plan`. */
export type Commands = ReadonlyMap<string, Command.Cached>

/**
 * Reads a command line up to the cursor in the way oclif would read the complete one. Unknown words are skipped.
 *
 * @param words everything after the program's name; the last one is at the cursor, empty after a space.
 */
export function readLine(words: readonly string[], commands: Commands): Line {
  const reader = new Reader(commands)
  for (const word of words.slice(0, -1)) reader.take(word)
  return reader.end(words.at(-1) ?? '')
}

class Reader {
  private readonly commands: Commands
  private readonly path: string[] = []
  private readonly flags: Record<string, string | true> = {}
  private readonly args: string[] = []
  private command: Command.Cached | null = null
  private waiting: string | null = null
  private hasFlags = true

  constructor(commands: Commands) {
    this.commands = commands
  }

  take(word: string): void {
    if (this.waiting !== null) {
      this.flags[this.waiting] = word
      this.waiting = null
    } else if (this.hasFlags && word === '--') this.hasFlags = false
    else if (this.hasFlags && isFlag(word)) this.takeFlag(word)
    else if (this.args.length === 0 && this.isCommandWord(word)) {
      this.path.push(word)
      this.command = this.commands.get(this.path.join(':')) ?? null
    } else this.args.push(word)
  }

  end(word: string): Line {
    const {args, command, flags, path} = this
    const line = {args, command, flags, path}
    if (this.waiting !== null) return {...line, cursor: {kind: 'value', flag: this.waiting, lead: ''}, typed: word}
    if (!this.hasFlags || !word.startsWith('-')) return {...line, cursor: {kind: 'word'}, typed: word}
    const [, lead = '', typed = ''] = /^(--[^=]+=)(.*)$/s.exec(word) ?? []
    const flag = lead.slice(2, -1)
    if (command?.flags[flag]?.type === 'option') return {...line, cursor: {kind: 'value', flag, lead}, typed}
    return {...line, cursor: {kind: 'flag'}, typed: word}
  }

  private takeFlag(word: string): void {
    const [, name = '', equals, value = ''] = /^--?([^=]+)(=?)(.*)$/s.exec(word) ?? []
    const known = Object.values(this.command?.flags ?? {})
    const flag = word.startsWith('--')
      ? known.find((one) => one.name === name)
      : known.find(({char}) => char === name.slice(0, 1))
    if (!flag) return
    if (flag.type === 'boolean') this.flags[flag.name] = true
    else if (equals === '=') this.flags[flag.name] = value
    else if (!word.startsWith('--') && name.length > 1) this.flags[flag.name] = name.slice(1)
    else this.waiting = flag.name
  }

  private isCommandWord(word: string): boolean {
    const id = [...this.path, word].join(':')
    return this.commands.has(id) || [...this.commands.keys()].some((known) => known.startsWith(`${id}:`))
  }
}

/** A single dash is a value: standard input. */
function isFlag(word: string): boolean {
  return word.length > 1 && word.startsWith('-')
}
