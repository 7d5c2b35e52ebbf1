// `npm test`: installs, builds, checks and tests. The summary of the test runner is the last output. Stacks that were not
// up before are down afterwards. `--full` also runs the live tests on every supported broker version, and the crash tests
// at every journal line instead of at some.
import {identify} from '../stack/identity.mjs'
import {down, status, up} from '../stack/stack.mjs'
import {node, runOpenly, setup} from './setup.mjs'

const UNIT = ['test/unit/**/*.test.ts']
const CRASHES = ['test/crash/*.test.ts']
/** Those that take longest are first. */
const LIVE = [
  'test/live/migration/*.test.ts',
  'test/live/[!m]*/**/*.test.ts',
  'test/live/message-sampling/*.test.ts',
  'test/cli/*.test.ts',
]
const MATRIX = 'test/crash/matrix.test.ts'
const KEYS = ['test/live/keys/assignments.test.ts', 'test/live/keys/keys.test.ts', 'test/live/keys/key-states.test.ts']
const DEFAULT = [{pulsar: '4.2.4', files: [...CRASHES, ...LIVE, ...UNIT]}]
/** The other broker versions, and the key-to-consumer selectors that they support besides consistent hashing. */
const OTHERS = [
  {pulsar: '3.0.7', files: [MATRIX, ...LIVE], crashes: 'some'},
  {pulsar: '4.0.7', files: LIVE},
  {pulsar: '4.0.7', config: 'auto-split', files: KEYS},
  {pulsar: '4.0.7', config: 'classic', files: [...KEYS, 'test/live/doctor/doctor.test.ts']},
  {pulsar: '4.2.4', config: 'no-topic-policies', files: ['test/live/migration/stop-start.test.ts']},
]
/** Broker variants that several test files share. A file that needs one starts it if it is not up. */
const SHARED = ['secured', 'transactions', 'two-brokers']
const isFull = process.argv.includes('--full')

/** Ctrl-C, or a check that failed. */
const stopping = new AbortController()
process.on('SIGINT', () => stopping.abort())

setup()
// The checks run while the first stack starts.
const checking = runOpenly(node, ['scripts/check.mjs'], {stdio: ['ignore', 2, 2]})
void checking.then((code) => code === 0 || stopping.abort())
let code = 0
try {
  for (const {crashes, files, ...wanted} of isFull ? [...OTHERS, ...DEFAULT] : DEFAULT) {
    code = Math.max(code, await testOn(wanted, files, crashes ?? (isFull ? 'all' : 'some')))
  }
} catch (error) {
  if (!stopping.signal.aborted) throw error
  code = (await checking) || 130
}
process.exitCode = code

/** Brings a stack up unless it is up, runs the test files on it, and takes down every stack that was not up before. */
async function testOn(wanted, files, crashes) {
  const used = [wanted, ...SHARED.map((config) => ({pulsar: wanted.pulsar, config}))]
  const started = await downOf(used)
  try {
    const {signal} = stopping
    const context = await up({...wanted, signal, progress: (line) => process.stderr.write(`${line}\n`)})
    await runOpenly(node, ['--import', 'tsx', 'test/support/fleets/prepare.ts'])
    await checking
    signal.throwIfAborted()
    const env = {
      ...process.env,
      KEYSHIFT_ADMIN_URL: context.adminUrl,
      KEYSHIFT_SERVICE_URL: context.serviceUrl,
      KEYSHIFT_REDIS_URL: context.redisUrl,
      KEYSHIFT_TEST_CONTEXT: JSON.stringify(context),
      KEYSHIFT_TEST_CRASHES: crashes,
      KEYSHIFT_TEST_SHARED_STACKS: 'kept',
    }
    const code = await runOpenly(node, ['scripts/run-tests.mjs', ...files], {env})
    const left = await leftovers(context)
    if (left.length > 0) process.stderr.write(`the tests left behind: ${left.join(', ')}\n`)
    return code === 0 && left.length > 0 ? 1 : code
  } finally {
    for (const which of started) await down(which)
  }
}

/** Those of some stacks that are not running. */
async function downOf(stacks) {
  const running = (await status()).filter(({state}) => state === 'running').map(({id}) => id)
  return stacks.filter((which) => !running.includes(identify(which).id))
}

/** Namespaces that a test did not delete. Each test itself checks its topics, consumers and keys. */
async function leftovers({adminUrl}) {
  const answer = await fetch(`${adminUrl}/admin/v2/namespaces/public`)
  return (await answer.json()).filter((name) => name.startsWith('public/t-'))
}
