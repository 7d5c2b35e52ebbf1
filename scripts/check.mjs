// Runs all static checks, two at a time. A check that fails stops the checks that have not started yet.
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {join} from 'node:path'

import {node, root} from './setup.mjs'

const SIDE_BY_SIDE = 2

const tool = (name, ...args) => [join(root, 'node_modules', '.bin', name), ...args]

/** The slowest checks are first, so that both workers end at about the same time. */
const waiting = [
  tool('eslint', '--max-warnings', '0', '.'),
  tool('tsc', '--noEmit'),
  tool('prettier', '--check', '--log-level', 'warn', '.'),
  ['scripts/schemas.mjs', '--compare'],
  ['scripts/manifest.mjs', '--compare'],
  tool('cspell', 'lint', '--no-progress', '--quiet'),
  ['scripts/language.mjs'],
  tool('depcruise', 'src', '--output-type', 'err'),
  ['scripts/folder-sizes.mjs'],
]

await Promise.all(Array.from({length: SIDE_BY_SIDE}, work))

async function work() {
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const {code, output} = await check(next)
    process.stderr.write(output)
    if (code === 0) continue
    process.stderr.write(`node ${next.join(' ').replaceAll(`${root}/`, '')} exited with ${String(code)}\n`)
    process.exitCode = 1
    waiting.length = 0
  }
}

/** Collects the output of a check, so that the outputs of two checks do not mix. */
async function check(args) {
  const child = spawn(node, args, {cwd: root, stdio: ['ignore', 'pipe', 'pipe']})
  const chunks = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => chunks.push(chunk))
  const [code, signal] = await once(child, 'close')
  return {code: code ?? signal, output: Buffer.concat(chunks).toString('utf8')}
}
