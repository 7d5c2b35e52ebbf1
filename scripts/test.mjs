// `npm test`: from a fresh clone to the test runner's summary, which is the last thing it prints, and a clean machine
// behind it. `--full` runs the live tests on every broker version that the stack knows, not just on the newest.
import {down, status, up} from '../stack/stack.mjs'
import {node, run, runOpenly, setup} from './setup.mjs'

const UNIT = ['test/unit/*.test.ts']
const LIVE = ['test/live/*.test.ts', 'test/cli/*.test.ts']
const isFull = process.argv.includes('--full')

setup()
run(node, ['scripts/check.mjs'])
let code = 0
for (const pulsar of isFull ? ['3.0.7', '4.0.7', '4.2.4'] : ['4.2.4']) {
  code = Math.max(code, await testOn(pulsar))
}
process.exitCode = code

/** Brings the version's stack up unless it is, tests on it, looks for what was left, and takes it down again. */
async function testOn(pulsar) {
  const wasUp = (await status()).some(({context, state}) => state === 'running' && context?.id === pulsar)
  const context = await up({pulsar, progress: (line) => process.stderr.write(`${line}\n`)})
  const env = {
    ...process.env,
    KEYSHIFT_ADMIN_URL: context.adminUrl,
    KEYSHIFT_REDIS_URL: context.redisUrl,
    KEYSHIFT_TEST_CONTEXT: JSON.stringify(context),
  }
  const files = isFull && pulsar !== '4.2.4' ? LIVE : [...UNIT, ...LIVE]
  // One file at a time: on two cores a second load would disturb the gaps that the first measures.
  const runner = ['--import', 'tsx', '--test', '--test-concurrency=1', '--test-reporter=spec', ...files]
  const code = await runOpenly(node, runner, {env})
  const left = await leftovers(context)
  if (left.length > 0) process.stderr.write(`the tests left behind: ${left.join(', ')}\n`)
  if (!wasUp) await down({pulsar})
  return code === 0 && left.length > 0 ? 1 : code
}

/** Namespaces of tests that are still there; their topics, consumers and keys were looked for by each test itself. */
async function leftovers({adminUrl}) {
  const answer = await fetch(`${adminUrl}/admin/v2/namespaces/public`)
  return (await answer.json()).filter((name) => name.startsWith('public/t-'))
}
