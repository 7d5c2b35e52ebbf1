// `npm run capture`: runs keyshift on a real incident and renews the image in the README. Ends with the text of the image.
import {down, status, up} from '../stack/stack.mjs'
import {node, runOpenly, setup} from './setup.mjs'

setup()
const wasUp = (await status()).some(({context, state}) => state === 'running' && context?.id === '4.2.4')
await up({progress: (line) => process.stderr.write(`${line}\n`)})
const code = await runOpenly(node, ['--import', 'tsx', 'demo/incident.ts'])
if (!wasUp) await down()
process.exitCode = code
