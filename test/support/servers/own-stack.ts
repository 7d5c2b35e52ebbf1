import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {join} from 'node:path'
import {ROOT} from '../root.js'

const CLI = join(ROOT, 'stack', 'cli.mjs')

export interface Started {
  /** its standard output */
  readonly finished: Promise<string>
  /** Settles when it has printed a word on stderr. */
  readonly says: (word: string) => Promise<void>
}

/** `npm test` keeps stacks that several files share until all of them have run, and takes them down itself. */
const ARE_SHARED_STACKS_KEPT = process.env['KEYSHIFT_TEST_SHARED_STACKS'] === 'kept'

/** Takes down a stack that other files may use too. @param which as flags */
export async function releaseStack(which: readonly string[]): Promise<void> {
  if (!ARE_SHARED_STACKS_KEPT) await runStack('down', which).finished
}

/** Runs a command of the stack's command line. @param which the stack, as flags */
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
