// Runs test files and prints one summary last. Files of `--side-by-side` patterns run two at a time. All others run one after
// another: they load a broker, or they measure time. So does a file whose first line is `// Runs alone: REASON`.
import {glob, readFile} from 'node:fs/promises'
import {run} from 'node:test'
import {spec as Spec} from 'node:test/reporters'
import {parseArgs} from 'node:util'

const SIDE_BY_SIDE = 2
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

const reporter = new Spec()
reporter.pipe(process.stdout)
const counts = {tests: 0, suites: 0, passed: 0, failed: 0, cancelled: 0, skipped: 0, todo: 0, topLevel: 0}
let success = true
let ended = 0

const {positionals, values} = parseArgs({
  allowPositionals: true,
  options: {'side-by-side': {type: 'string', multiple: true, default: []}},
})
const {alone, together} = await lanesOf(values['side-by-side'], positionals)
const total = alone.length + together.length
await runLane(together, SIDE_BY_SIDE)
await runLane(alone, 1)
summarize()
if (!success) process.exitCode = 1
if (interrupted.signal.aborted) process.exitCode = 130

/** @param {string[]} sideBySide patterns of files that need no quiet machine @param {string[]} others patterns of the others */
async function lanesOf(sideBySide, others) {
  const candidates = await filesOf(sideBySide)
  const texts = await Promise.all(candidates.map((file) => readFile(file, 'utf8')))
  const together = candidates.filter((_, at) => !RUNS_ALONE.test(texts[at]))
  const alone = new Set([...candidates, ...(await filesOf(others))].filter((file) => !together.includes(file)))
  return {alone: [...alone], together}
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

/** Runs files and forwards their events, except the summary. */
async function runLane(files, concurrency) {
  if (files.length === 0 || interrupted.signal.aborted) return
  const options = {
    files,
    concurrency,
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

/** Prints what `node --test` prints at its end: the counts, then the failed tests. */
function summarize() {
  const {cancelled, failed: fail, passed: pass, skipped, suites, tests, todo} = counts
  const lines = {tests, suites, pass, fail, cancelled, skipped, todo, duration_ms: performance.now() - startedAt}
  for (const [name, value] of Object.entries(lines)) {
    const message = `${name} ${String(value)}`
    reporter.write({type: 'test:diagnostic', data: {nesting: 0, message, level: 'info'}})
  }
  reporter.write({type: 'test:summary', data: {success, counts, duration_ms: lines.duration_ms}})
  reporter.end()
}
