import {readFile} from 'node:fs/promises'
import {join} from 'node:path'

const ENDINGS = {bash: 'bash', fish: 'fish', powershell: 'ps1', zsh: 'zsh'} as const

export type Shell = keyof typeof ENDINGS

/** The supported shells. */
export const SHELLS = Object.keys(ENDINGS) as Shell[]

/**
 * The script that completes `keyshift` in a shell. Each script calls the program with the words up to the cursor and
 * lists its output: a value, a tab and a description per line; or only `:files` or `:folders`, which the shell completes
 * itself. No space is added after a value that ends in a slash.
 *
 * @param root the package's folder.
 */
export async function readScript(root: string, shell: Shell): Promise<string> {
  return readFile(join(root, 'completions', `keyshift.${ENDINGS[shell]}`), 'utf8')
}
