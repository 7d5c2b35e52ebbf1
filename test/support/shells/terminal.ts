import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {join} from 'node:path'
import {text} from 'node:stream/consumers'
import type {TestContext} from 'node:test'

import {ROOT} from '../root.js'
import {BIN} from './cli.js'

/** A command that runs in a terminal. */
export interface TerminalRun {
  readonly closeTerminal: () => void
  /** negative if a signal ended the command */
  readonly exitCode: Promise<number>
}

/** Starts the built command line in a terminal of its own. */
export function startInTerminal(t: TestContext, args: readonly string[]): TerminalRun {
  const program = join(ROOT, 'test', 'python', 'closed_terminal.py')
  const child = spawn('python3', [program, process.execPath, BIN, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd: ROOT,
  })
  t.after(() => child.kill('SIGKILL'))
  const [output, ended] = [text(child.stdout), once(child, 'close')]
  return {
    closeTerminal: () => child.stdin.end(),
    exitCode: ended.then(async () => Number(await output)),
  }
}
