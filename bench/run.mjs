// `npm run bench`: prints figures as ratios to a peer or a limit that is measured in the same run.
import {spawnSync} from 'node:child_process'
import {join} from 'node:path'

import {node, root, runOpenly, setup} from '../scripts/setup.mjs'
import {freePorts} from '../stack/ports.mjs'
import {down, status, up} from '../stack/stack.mjs'

const PAIRS = 15

setup()
const bare = [node, '-e', '0']
const version = [node, join(root, 'bin', 'run.js'), '--version']
wallMs(version) // the first start also reads the files from disk
const pairs = Array.from({length: PAIRS}, () => ({bareMs: wallMs(bare), versionMs: wallMs(version)}))
const ratio = median(pairs.map(({bareMs, versionMs}) => versionMs / bareMs))
const ms = (values) => `${median(values).toFixed(0)} ms`
console.log(
  `start: keyshift --version takes ${ratio.toFixed(2)} times the time of node -e 0 ` +
    `(median of ${PAIRS} pairs; ${ms(pairs.map(({versionMs}) => versionMs))} and ${ms(pairs.map(({bareMs}) => bareMs))})`,
)

await runOpenly(node, ['--import', 'tsx', join(root, 'bench', 'slots.ts')], {})
const {redis} = await freePorts(['redis'])
await runOpenly(node, ['--import', 'tsx', join(root, 'bench', 'locks.ts'), '--port', String(redis)], {})
const wasUp = (await status()).some(({context, state}) => state === 'running' && context?.id === '4.2.4')
const context = await up({progress: (line) => process.stderr.write(`${line}\n`)})
const env = {...process.env, KEYSHIFT_BENCH_CONTEXT: JSON.stringify(context)}
await runOpenly(node, ['--import', 'tsx', join(root, 'bench', 'keys.ts')], {env})
await runOpenly(node, ['--import', 'tsx', join(root, 'bench', 'doctor.ts')], {env})
await runOpenly(node, ['--import', 'tsx', join(root, 'bench', 'list.ts')], {env})
await runOpenly(node, ['--import', 'tsx', join(root, 'bench', 'migrations.ts')], {env})
if (!wasUp) await down()

function wallMs([command, ...args]) {
  const startedAt = process.hrtime.bigint()
  const {status} = spawnSync(command, args, {stdio: 'ignore'})
  if (status !== 0) throw new Error(`${args.join(' ')} exited with ${status}`)
  return Number(process.hrtime.bigint() - startedAt) / 1e6
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
