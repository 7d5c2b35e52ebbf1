import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {join} from 'node:path'
import {ROOT} from '../root.js'

const CLI = join(ROOT, 'stack', 'cli.mjs')

export interface Started {
  /** what it said on its standard output */
  readonly finished: Promise<string>
  /** Settles when it has said a word on stderr. */
  readonly says: (word: string) => Promise<void>
}

/** Runs a verb of the stack's command line on a stack that a test has for itself. @param which as flags */
export function runStack(verb: 'down' | 'restart' | 'status' | 'up', which: readonly string[]): Started {
  const child = spawn(process.execPath, [CLI, verb, ...which, '--json'], {stdio: ['ignore', 'pipe', 'pipe']})
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const finished = once(child, 'close').then(([code]) => {
    assert.equal(code, 0, stderr)
    return stdout
  })
  const says = async (word: string): Promise<void> => {
    while (!stderr.includes(word)) await once(child.stderr, 'data')
  }
  return {finished, says}
}
