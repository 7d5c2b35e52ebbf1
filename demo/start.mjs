// `npm run demo`: from a fresh clone to the end of the story, and a clean machine behind it.
import {down, status, up} from '../stack/stack.mjs'
import {node, runOpenly, setup} from '../scripts/setup.mjs'

const options = process.argv.slice(2)
const unknown = options.find((option) => !['--json', '--keep'].includes(option))
if (unknown !== undefined) {
  process.stderr.write(`${unknown} is not an option of the demo; it knows --keep and --json\n`)
  process.exit(2)
}

setup()
const wasUp = (await status()).some(({context, state}) => state === 'running' && context?.id === '4.2.4')
await up({progress: (line) => process.stderr.write(`${line}\n`)})
const code = await runOpenly(node, [
  '--import',
  'tsx',
  'demo/run.ts',
  ...options.filter((option) => option === '--json'),
])
if (wasUp || options.includes('--keep')) {
  process.stderr.write('the stack stays up; npm run stack -- down ends it\n')
} else await down()
process.exitCode = code
