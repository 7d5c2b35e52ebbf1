import {execFile} from 'node:child_process'
import {chmod, readdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import type {TestContext} from 'node:test'
import {promisify} from 'node:util'

import {temporaryFolder} from './folder.js'

/** A name that runs a command wherever a shell sees it unquoted. */
export const HOSTILE_NAME = "x'$(touch ran)'`touch ran`\"; touch ran #"

/** Pastes commands into bash, in a folder where `keyshift` prints its arguments instead of running. */
export interface PasteShell {
  /** The arguments that keyshift gets. Fails when bash cannot parse the command, or when anything else ran. */
  readonly paste: (command: string) => Promise<string[]>
}

export async function pasteShell(t: TestContext): Promise<PasteShell> {
  const folder = await temporaryFolder(t)
  const stub = join(folder, 'keyshift')
  await writeFile(stub, '#!/bin/sh\nprintf "%s\\0" "$@"\n')
  await chmod(stub, 0o755)
  const run = promisify(execFile)
  return {
    paste: async (command) => {
      await run('bash', ['-n', '-c', command])
      const env = {...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}`}
      const {stdout} = await run('bash', ['-c', command], {cwd: folder, env})
      const files = await readdir(folder)
      if (files.length > 1) throw new Error(`more than keyshift ran: ${files.join(', ')}; pasted: ${command}`)
      return stdout.split('\0').slice(0, -1)
    },
  }
}

/** The suggested commands in a text, each up to the end of its line or up to two spaces. */
export function suggestedIn(text: string): string[] {
  const plain = text.replaceAll(/\u001b\[\d+m/g, '')
  return [...plain.matchAll(/(?<![\w./-])keyshift(?: (?:[^\s'"\\]|'[^']*'|"[^"]*"|\\.)+)+/g)].map(
    ([command]) => command,
  )
}
