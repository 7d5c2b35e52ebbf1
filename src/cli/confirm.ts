import {once} from 'node:events'
import {createInterface} from 'node:readline/promises'

import {Interrupted, Usage} from '../errors.js'
import {printable} from '../printable.js'
import {textFor} from './output/text-for.js'

export interface Confirmation {
  /** A complete sentence that names the change: `Remove the context prod?` */
  readonly question: string
  /** The protected context whose name must be typed; null where `y` is enough. */
  readonly protectedName: string | null
  /** Whether the command must not ask, as under `--json`. */
  readonly cannotPrompt: boolean
}

/**
 * Asks for confirmation before anything is changed. The default is no.
 *
 * @throws Usage E_CONFIRM, E_PROTECTED without a terminal to prompt on; Interrupted E_DECLINED for any other answer.
 */
export async function confirm({cannotPrompt, protectedName, question}: Confirmation): Promise<void> {
  if (cannotPrompt) throw notInteractive('--json does not prompt', protectedName)
  if (!process.stdin.isTTY) throw notInteractive('stdin is not a terminal', protectedName)
  if (!process.stderr.isTTY) throw notInteractive('stderr is not a terminal', protectedName)
  const prompt = protectedName === null ? '[y/N] ' : `The context ${protectedName} is protected; type its name: `
  const answer = (await ask(`${question} ${prompt}`)).trim()
  const isConfirmed = protectedName === null ? /^y(es)?$/i.test(answer) : answer === protectedName
  if (!isConfirmed) throw new Interrupted('E_DECLINED', 'not confirmed; nothing was changed')
}

/** The answer; empty when the terminal is closed or Ctrl-C is pressed. */
async function ask(prompt: string): Promise<string> {
  const terminal = createInterface({input: process.stdin, output: process.stderr})
  const closed = once(terminal, 'close').then(() => '')
  try {
    const shown = textFor(process.stderr, printable(prompt.trimEnd()))
    return await Promise.race([terminal.question(`${shown} `), closed])
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'AbortError') throw error
    process.stderr.write('\n') // Ctrl-C and Ctrl-D leave the cursor after the prompt
    return ''
  } finally {
    terminal.close()
  }
}

function notInteractive(reason: string, protectedName: string | null): Usage {
  if (protectedName === null) return new Usage('E_CONFIRM', `confirmation required but ${reason}; pass --yes`)
  const flag = `--confirm-context ${protectedName}`
  return new Usage('E_PROTECTED', `the context ${protectedName} is protected and ${reason}; pass ${flag}`, {
    data: {context: protectedName},
    next: [`add ${flag}`],
  })
}
