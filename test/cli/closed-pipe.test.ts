import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {test} from 'node:test'

import {BIN, commandIds} from '../support/shells/cli.js'

interface PipeRun {
  readonly code: number | null
  readonly stderr: string
}

/** Runs a command whose reader exits before the first byte, or after one. */
async function runClosed(args: readonly string[], bytes: 0 | 1): Promise<PipeRun> {
  const child = spawn(process.execPath, [BIN, ...args], {stdio: ['ignore', 'pipe', 'pipe']})
  const chunks: string[] = []
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk.toString()))
  if (bytes === 0) child.stdout.destroy()
  else child.stdout.once('readable', () => child.stdout.destroy())
  const [code] = (await once(child, 'exit')) as [number | null]
  return {code, stderr: chunks.join('')}
}

const QUIET: PipeRun = {code: 0, stderr: ''}
const OUTPUTS = [
  ...[[], ['--help'], ['--version'], ['help', 'exit-codes'], ['help', 'exit-codes', '--json'], ['context', 'list']],
  ...['bash', 'zsh', 'fish', 'powershell'].map((shell) => ['completion', shell]),
  ['complete', '--', 'keyshift', 'locks', ''],
  ['migrate', 'list', '--journal', 'file:/nonexistent', '--json'],
]

for (const args of OUTPUTS) {
  test(`keyshift ${args.join(' ')} exits with 0 and without an error when its reader exits`, async () => {
    assert.deepEqual(await runClosed(args, 0), QUIET)
    assert.deepEqual(await runClosed(args, 1), QUIET)
  })
}

test('the help of every command exits with 0 and without an error when its reader exits', async () => {
  for (const id of await commandIds()) {
    const args = [...id.split(':'), '--help']
    assert.deepEqual({args, ...(await runClosed(args, 0))}, {args, ...QUIET})
  }
})

test('a failure keeps its exit code when the reader exits', async () => {
  assert.equal((await runClosed(['subscriptions', 'list', '--nope', '--json'], 0)).code, 2)
})
