import {createInterface} from 'node:readline/promises'

import {Interrupted, Usage} from '../errors.js'

/**
 * Asks before anything is changed.
 *
 * @param what that is changed: `the cluster`.
 * @throws Usage E_CONFIRM where nobody can be asked; Interrupted E_DECLINED when the answer is not yes.
 */
export async function confirm(question: string, isJson: boolean, what = 'the cluster'): Promise<void> {
  if (isJson || !process.stdin.isTTY || !process.stderr.isTTY) {
    throw new Usage('E_CONFIRM', `this changes ${what} and nobody is there to be asked; read the plan and add --yes`)
  }
  const terminal = createInterface({input: process.stdin, output: process.stderr})
  try {
    const answer = await terminal.question(`${question} Type yes to go on: `)
    if (answer.trim() !== 'yes') throw new Interrupted('E_DECLINED', 'not confirmed; nothing was changed')
  } finally {
    terminal.close()
  }
}
