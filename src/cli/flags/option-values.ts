/** The part of a flag's definition that decides how its words are parsed. */
interface KnownFlag {
  readonly char?: string | undefined
  readonly multiple?: boolean | undefined
  readonly options?: readonly string[] | undefined
  readonly type: 'boolean' | 'option'
}

type KnownFlags = Readonly<Record<string, KnownFlag>>

/**
 * Replaces the values of option flags with their exact spelling: `--to key_shared` and `--to KEY-SHARED` become `--to
 * Key_Shared`. A value that matches none of the options is left to the parser's error.
 */
export function withExactOptions(argv: readonly string[], flags: KnownFlags): string[] {
  const words: string[] = []
  let waiting: KnownFlag | null = null
  for (const [at, word] of argv.entries()) {
    if (word === '--') return [...words, ...argv.slice(at)]
    const [, name, value] = /^(--?[^=]+)=(.*)$/s.exec(word) ?? []
    const flag = word.startsWith('-') ? flagOf(name ?? word, flags) : null
    if (flag && value !== undefined && name !== undefined) {
      words.push(`${name}=${exactOption(value, flag.options)}`)
      waiting = null
    } else if (flag) {
      words.push(word)
      waiting = flag.type === 'option' ? flag : null
    } else {
      words.push(waiting ? exactOption(word, waiting.options) : word)
      if (waiting?.multiple !== true) waiting = null
    }
  }
  return words
}

function flagOf(word: string, flags: KnownFlags): KnownFlag | null {
  if (word.startsWith('--')) return flags[word.slice(2)] ?? null
  return Object.values(flags).find(({char}) => char === word.slice(1)) ?? null
}

function exactOption(value: string, options: readonly string[] | undefined): string {
  return options?.find((option) => plain(option) === plain(value)) ?? value
}

function plain(text: string): string {
  return text.toLowerCase().replaceAll(/[_-]/g, '')
}
