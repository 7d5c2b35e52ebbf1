import {createInterface} from 'node:readline/promises'

import {Interrupted, Usage} from '../errors.js'
import {printable} from '../printable.js'
import {textFor} from './output/text-for.js'

export interface Confirmation {
  readonly question: string
  /** what is changed: `the cluster` */
  readonly what: string
  /** of the context whose name has to be typed; null where `yes` will do */
  readonly protectedName: string | null
  /** whether nobody can be asked */
  readonly cannotPrompt: boolean
}

/**
 * Asks before anything is changed.
 *
 * @throws Usage E_CONFIRM, E_PROTECTED where nobody can be asked; Interrupted E_DECLINED when the answer is another.
 */
export async function confirm({cannotPrompt, protectedName, question, what}: Confirmation): Promise<void> {
  if (cannotPrompt || !process.stdin.isTTY || !process.stderr.isTTY) throw notInteractive(what, protectedName)
  const word = protectedName ?? 'yes'
  const terminal = createInterface({input: process.stdin, output: process.stderr})
  try {
    const answer = await terminal.question(
      `${textFor(process.stderr, printable(`${question} Type ${word} to go on:`))} `,
    )
    if (answer.trim() !== word) throw new Interrupted('E_DECLINED', 'not confirmed; nothing was changed')
  } finally {
    terminal.close()
  }
}

function notInteractive(what: string, protectedName: string | null): Usage {
  if (protectedName === null) {
    return new Usage('E_CONFIRM', `this changes ${what} and nobody is there to be asked; read the plan and add --yes`)
  }
  return new Usage('E_PROTECTED', `this changes ${what}, and the context ${protectedName} is protected`, {
    data: {context: protectedName},
    next: [`add --confirm-context ${protectedName}`],
  })
}
