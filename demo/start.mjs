// `npm run demo`: runs from a fresh clone to the end of the demo, and leaves no process running.
import {down, status, up} from '../stack/stack.mjs'
import {node, runOpenly, setup} from '../scripts/setup.mjs'
import {demoEnvironment} from './environment.mjs'

const options = process.argv.slice(2)
const unknown = options.find((option) => !['--json', '--keep'].includes(option))
if (unknown !== undefined) {
  process.stderr.write(`unknown option of the demo: ${unknown} (use --keep or --json)\n`)
  process.exit(2)
}

setup()
const wasUp = (await status()).some(({context, state}) => state === 'running' && context?.id === '4.2.4')
const stack = await up({progress: (line) => process.stderr.write(`${line}\n`)})
const code = await runOpenly(
  node,
  ['--import', 'tsx', 'demo/run.ts', ...options.filter((option) => option === '--json')],
  {env: demoEnvironment(process.env, stack)},
)
if (wasUp || options.includes('--keep')) {
  process.stderr.write('the stack is still running; stop it with: npm run stack -- down\n')
} else await down()
process.exitCode = code
