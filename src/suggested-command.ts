/**
 * A keyshift command to show to the user, safe to paste into a POSIX shell: each word with other than plain characters is
 * quoted, so that a key such as `x'$(cmd)'` is passed as text and not executed. The connection flags of the current
 * command line are added when it is printed (`src/cli/output/repeat-connection.ts`).
 *
 * @param words the command, its arguments and flags: `'locks', 'inspect', key`.
 */
export function suggestedCommand(...words: readonly string[]): string {
  return shellCommand('keyshift', ...words)
}

/** A command of another program to show to the user, quoted like `suggestedCommand`: `'pulsar-admin', 'topics', 'unload', topic`. */
export function shellCommand(...words: readonly string[]): string {
  return words.map(shellWord).join(' ')
}

/**
 * The arguments of a suggested command, placed after its flags. If one of them starts with `-`, `--` precedes them, so that
 * a key such as `-1` is not read as a flag.
 */
export function operands(...words: readonly string[]): string[] {
  return words.some((word) => word.startsWith('-')) ? ['--', ...words] : [...words]
}

/** A command for one lock. The key precedes the flags, except for a key such as `-1`, which needs `--`. */
export function lockCommand(verb: 'inspect' | 'release', key: string, ...flags: readonly string[]): string {
  return key.startsWith('-')
    ? suggestedCommand('locks', verb, ...flags, ...operands(key))
    : suggestedCommand('locks', verb, key, ...flags)
}

/** One word as a POSIX shell reads it back. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}

/** The flags that watch a lock for as long as a holder may work. */
export function watchFlags(maxHoldMs: number): string[] {
  const seconds = `${String(Math.ceil(maxHoldMs / 1000))}s`
  return ['--max-hold', seconds, '--observe', seconds]
}
