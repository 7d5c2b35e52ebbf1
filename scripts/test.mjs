// `npm test`: from a fresh clone to the test runner's summary, which is the last thing it prints, and a clean machine
// behind it. `--full` runs the live tests on every broker version that the stack knows, and kills migrations at every line.
import {identify} from '../stack/identity.mjs'
import {down, status, up} from '../stack/stack.mjs'
import {node, run, runOpenly, setup} from './setup.mjs'

const UNIT = ['test/unit/**/*.test.ts']
const LIVE = ['test/live/**/*.test.ts', 'test/cli/*.test.ts']
const CRASHES = ['test/crash/*.test.ts']
const MATRIX = 'test/crash/matrix.test.ts'
const KEYS = ['test/live/keys/assignments.test.ts', 'test/live/keys/keys.test.ts', 'test/live/keys/key-states.test.ts']
const DEFAULT = [{pulsar: '4.2.4', files: [...UNIT, ...LIVE, ...CRASHES]}]
/** The other broker lines, and the selectors that they have beside consistent hashing. */
const OTHERS = [
  {pulsar: '3.0.7', files: [...LIVE, MATRIX], crashes: 'some'},
  {pulsar: '4.0.7', files: LIVE},
  {pulsar: '4.0.7', config: 'auto-split', files: KEYS},
  {pulsar: '4.0.7', config: 'classic', files: KEYS},
  {pulsar: '4.2.4', config: 'no-topic-policies', files: ['test/live/migration/stop-start.test.ts']},
]
const isFull = process.argv.includes('--full')

setup()
run(node, ['scripts/check.mjs'])
let code = 0
for (const {crashes, files, ...wanted} of isFull ? [...OTHERS, ...DEFAULT] : DEFAULT) {
  code = Math.max(code, await testOn(wanted, files, crashes ?? (isFull ? 'all' : 'some')))
}
process.exitCode = code

/** Brings the stack up unless it is, tests on it, looks for what was left, and takes it down again. */
async function testOn(wanted, files, crashes) {
  const {id} = identify(wanted)
  const wasUp = (await status()).some(({context, state}) => state === 'running' && context?.id === id)
  const context = await up({...wanted, progress: (line) => process.stderr.write(`${line}\n`)})
  const env = {
    ...process.env,
    KEYSHIFT_ADMIN_URL: context.adminUrl,
    KEYSHIFT_SERVICE_URL: context.serviceUrl,
    KEYSHIFT_REDIS_URL: context.redisUrl,
    KEYSHIFT_TEST_CONTEXT: JSON.stringify(context),
    KEYSHIFT_TEST_CRASHES: crashes,
  }
  // One file at a time: on two cores a second load would disturb the gaps that the first measures.
  const runner = ['--import', 'tsx', '--test', '--test-concurrency=1', '--test-reporter=spec', ...files]
  const code = await runOpenly(node, runner, {env})
  const left = await leftovers(context)
  if (left.length > 0) process.stderr.write(`the tests left behind: ${left.join(', ')}\n`)
  if (!wasUp) await down(wanted)
  return code === 0 && left.length > 0 ? 1 : code
}

/** Namespaces of tests that are still there; their topics, consumers and keys were looked for by each test itself. */
async function leftovers({adminUrl}) {
  const answer = await fetch(`${adminUrl}/admin/v2/namespaces/public`)
  return (await answer.json()).filter((name) => name.startsWith('public/t-'))
}
