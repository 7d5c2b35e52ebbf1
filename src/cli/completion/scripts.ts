import {readFile} from 'node:fs/promises'
import {join} from 'node:path'

const ENDINGS = {bash: 'bash', fish: 'fish', powershell: 'ps1', zsh: 'zsh'} as const

export type Shell = keyof typeof ENDINGS

/** Shells that completion is for. */
export const SHELLS = Object.keys(ENDINGS) as Shell[]

/**
 * What a shell reads to complete `keyshift`. Each script calls the program back with the words up to the cursor and lists what
 * it prints: a value, a tab and a description on each line; or, alone, `:files` or `:folders`, which the shell knows better.
 * A value that ends in a slash gets no blank behind it.
 *
 * @param root where this package lies.
 */
export async function readScript(root: string, shell: Shell): Promise<string> {
  return readFile(join(root, 'completions', `keyshift.${ENDINGS[shell]}`), 'utf8')
}
