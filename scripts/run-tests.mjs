// Runs test files and prints one summary last. Two files run at a time, because they wait most of the time: one that migrates under
// load, and another one. With three, the machine is so busy that some migrations deliver messages twice; the cause is not known yet.
// A file whose first line is `// Runs alone: REASON` runs without others, after them: it measures time, or counts what all clients do.
import {glob, readFile} from 'node:fs/promises'
import {run} from 'node:test'
import {spec as Spec} from 'node:test/reporters'

/** They migrate while clients send some hundred messages a second. */
const LOADS_BROKER = /^test[/\\](?:crash|live[/\\]migration)[/\\]/
/** A test that takes longer hangs and fails. Only the full run has longer tests. */
const TEST_LIMIT_MS = process.env.KEYSHIFT_TEST_CRASHES === 'all' ? Infinity : 10 * 60_000
/** Without the last flag, a file never ends whose failed test left a connection or a child process. */
const NODE_FLAGS = ['--import', 'tsx', '--test-force-exit']
const RUNS_ALONE = /^\/\/ Runs alone: \S/
/** Node ends each run with these diagnostics. They are dropped here, and the sums are printed at the end. */
const ENDING = /^(?:tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/

const startedAt = performance.now()
const interrupted = new AbortController()
process.once('SIGINT', () => interrupted.abort())

const reporters = []
const counts = {tests: 0, suites: 0, passed: 0, failed: 0, cancelled: 0, skipped: 0, todo: 0, topLevel: 0}
let success = true
let ended = 0

const {alone = [], light = [], loaded = []} = await lanesOf(process.argv.slice(2))
const total = alone.length + light.length + loaded.length
await Promise.all([runLane(loaded), runLane(light)])
await runLane(alone)
summarize()
if (!success) process.exitCode = 1
if (interrupted.signal.aborted) process.exitCode = 130

/** @param {string[]} patterns of files, those that take longest first, so that all processes end at about the same time */
async function lanesOf(patterns) {
  const files = await filesOf(patterns)
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')))
  return Object.groupBy(files, (file, at) =>
    RUNS_ALONE.test(texts[at]) ? 'alone' : LOADS_BROKER.test(file) ? 'loaded' : 'light',
  )
}

async function filesOf(patterns) {
  const files = []
  for (const pattern of patterns) {
    const found = await Array.fromAsync(glob(pattern))
    if (found.length === 0) throw new Error(`no test file matches ${pattern}`)
    files.push(...found.sort())
  }
  return files
}

/** Runs files and forwards their events, except the summary. A reporter cannot report two lanes, because it expects tests in order. */
async function runLane(files) {
  if (files.length === 0 || interrupted.signal.aborted) return
  const reporter = new Spec()
  reporter.pipe(process.stdout, {end: false})
  reporters.push(reporter)
  const options = {
    files,
    concurrency: 1,
    execArgv: NODE_FLAGS,
    signal: interrupted.signal,
    timeout: TEST_LIMIT_MS,
  }
  for await (const event of run(options)) {
    const {data, type} = event
    const isOfLane = data.file === undefined
    if (type === 'test:complete' && isWholeFile(data)) report(data)
    if (type === 'test:summary' && isOfLane) {
      for (const name of Object.keys(counts)) counts[name] += data.counts[name]
      success &&= data.success
    } else if (!(type === 'test:diagnostic' && isOfLane && ENDING.test(data.message))) reporter.write(event)
  }
}

/** The event of a test has the file that contains the test. The event of a file does not. */
function isWholeFile({entryFile, nesting}) {
  return nesting === 0 && entryFile === undefined
}

/** The reporter prints in the order of the files, so one slow file hides the state of all later ones. This line does not wait. */
function report({details, name}) {
  ended += 1
  const seconds = (details.duration_ms / 1000).toFixed(1)
  process.stderr.write(
    `[${String(ended)}/${String(total)}] ${details.passed ? 'passed' : 'FAILED'} ${name} ${seconds} s\n`,
  )
}

/** Prints what `node --test` prints at its end: the counts, then the failed tests of each lane. */
function summarize() {
  const {cancelled, failed: fail, passed: pass, skipped, suites, tests, todo} = counts
  const duration_ms = performance.now() - startedAt
  const lines = {tests, suites, pass, fail, cancelled, skipped, todo, duration_ms}
  const [first = new Spec()] = reporters
  for (const [name, value] of Object.entries(lines)) {
    const message = `${name} ${String(value)}`
    first.write({type: 'test:diagnostic', data: {nesting: 0, message, level: 'info'}})
  }
  for (const reporter of reporters) {
    reporter.write({type: 'test:summary', data: {success, counts, duration_ms}})
    reporter.end()
  }
}
