// Measures scans of a Redis with many keys, half of them locks: speed against redis-cli, and memory.
import {execFile, spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as delay} from 'node:timers/promises'
import {parseArgs, promisify} from 'node:util'

import {Redis} from 'ioredis'

import {measureCommand, measureKeyshift, type Run, startKeyshift} from './run-keyshift.js'
import {median, say} from './say.js'

const {values} = parseArgs({
  options: {
    // A free port. The benchmark starts a server on it and fills it.
    port: {type: 'string', default: '0'},
    runs: {type: 'string', default: '3'},
    // 10,000,000 keys take 1.5 GB of Redis memory and several minutes, so they are measured once.
    keys: {type: 'string', default: '100000,1000000,10000000'},
    // The folder of another built version, such as the commit before, to compare speed and memory with in the same run.
    against: {type: 'string'},
  },
})
if (values.port === '0') throw new Error('--port PORT is required: a free port')
const COUNTS = values.keys.split(',').map(Number)
const GOAL_PER_SECOND = 100_000
const FILL_AT_ONCE = 10_000
/** Keys of locks in five formats, and the same number of other keys. */
const FILL = `
for n = tonumber(ARGV[1]), tonumber(ARGV[2]) do
  local kind, uuid = n % 10, string.format('%08x-ceea-467f-a8f5-3b2b7c1d9a01', n)
  if kind == 0 then redis.call('SET', 'lock:user:' .. n, uuid, 'PX', 86400000)
  elseif kind == 1 then
    redis.call('HSET', 'lock:order:' .. n, uuid .. ':1', 1)
    redis.call('PEXPIRE', 'lock:order:' .. n, 86400000)
  elseif kind == 2 then redis.call('SET', 'bull:mail:' .. n .. ':lock', uuid, 'PX', 86400000)
  elseif kind == 3 then
    redis.call('SET', 'job-lock:default:' .. n, 'ADDED:2026-11-27T10:00:00.000Z@worker-' .. n % 50, 'PX', 86400000)
  elseif kind == 4 then redis.call('SET', 'lock:report:' .. n, uuid, 'PX', 86400000)
  else redis.call('SET', 'cache:' .. n, 'some value ' .. n) end
end
return redis.status_reply('OK')
`

const SCAN = [
  ...['locks', 'scan', '--pattern', '*', '--output', 'ndjson'],
  ...['--redis-url', `redis://127.0.0.1:${values.port}`],
]
const ONCE_ABOVE = 1_000_000
const GETS = '40000'
const MOST_SLOWER = 2
const MOST_AGAINST = 1.1
const run = promisify(execFile)

const folder = await mkdtemp(join(tmpdir(), 'keyshift-bench-'))
const server = spawn('redis-server', ['--port', values.port, '--save', '', '--appendonly', 'no'], {
  cwd: folder,
  stdio: 'ignore',
})
const redis = new Redis(Number(values.port), '127.0.0.1')
redis.on('error', () => undefined) // until the server is ready
try {
  await redis.ping()
  const peaks: Array<{count: number; peakMiB: number}> = []
  let filled = 0
  for (const count of COUNTS) {
    await fill(filled, count)
    filled = count
    peaks.push({count, peakMiB: await benchScan(count)})
    if (values.against !== undefined) await benchAgainst(values.against, count)
  }
  await benchOthers(filled)
  const [least, most] = [peaks[0], peaks.at(-1)]
  if (least && most && least !== most) {
    say(
      `locks scan: peak memory ${String(least.peakMiB)} MiB for ${String(least.count)} keys, ${String(most.peakMiB)} for ` +
        `${String(most.count)}: ${(most.peakMiB / least.peakMiB).toFixed(2)} times, limit 1.2`,
    )
  }
} finally {
  redis.disconnect()
  server.kill('SIGKILL')
  await once(server, 'close')
  await rm(folder, {recursive: true})
}

async function fill(from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += FILL_AT_ONCE) await redis.eval(FILL, 0, at, Math.min(to, at + FILL_AT_ONCE) - 1)
}

/** @returns the peak memory in MiB. */
async function benchScan(count: number): Promise<number> {
  const runs = count > ONCE_ABOVE ? 1 : Number(values.runs)
  const ours = await several(runs, () => measureKeyshift(SCAN))
  const rate = count / (ours.ms / 1000)
  const bare = await several(runs, () => measureCommand(['redis-cli', '-p', values.port, '--scan', '--pattern', '*']))
  const memkeys = await several(runs, () => measureCommand(['redis-cli', '-p', values.port, '--memkeys']))
  say(
    `locks scan of ${String(count)} keys: ${rate.toFixed(0)} keys per second, ${(rate / GOAL_PER_SECOND).toFixed(2)} times the goal; ` +
      `${(ours.ms / memkeys.ms).toFixed(2)} times the time of redis-cli --memkeys, ${(ours.ms / bare.ms).toFixed(2)} times the time of --scan; ` +
      `peak memory ${String(ours.peakMiB)} MiB`,
  )
  return ours.peakMiB
}

/** Speed and memory compared with another version. Both run in turn, so that a busy machine slows both down. */
async function benchAgainst(folder: string, count: number): Promise<void> {
  const pairs: Array<{ours: Run; theirs: Run}> = []
  for (let at = 0; at < Number(values.runs); at++) {
    const ours = await measureKeyshift(SCAN)
    const theirs = await measureCommand([process.execPath, join(folder, 'bin', 'run.js'), ...SCAN])
    pairs.push({ours, theirs})
  }
  const ratio = (of: (run: Run) => number): string =>
    median(pairs.map(({ours, theirs}) => of(ours) / of(theirs))).toFixed(2)
  say(
    `locks scan of ${String(count)} keys: ${ratio(({ms}) => ms)} times the time and ${ratio(({peakMiB}) => peakMiB)} times the ` +
      `peak memory of the other version, limit ${String(MOST_AGAINST)}`,
  )
}

/** How long another client waits for its GET during a scan. */
async function benchOthers(count: number): Promise<void> {
  const alone = await p99During(null)
  for (const more of [[], ['--latency-guard', '5ms']]) {
    const during = await p99During([...SCAN, ...more])
    say(
      `GET of another client during locks scan ${more.join(' ')} of ${String(count)} keys: p99 ${during.toFixed(3)} ms, ` +
        `alone ${alone.toFixed(3)}: ${(during / alone).toFixed(2)} times${more.length > 0 ? `, limit ${String(MOST_SLOWER)}` : ''}`,
    )
  }
}

/** The 99th percentile of many sequential GETs in ms, while a command runs. */
async function p99During(command: readonly string[] | null): Promise<number> {
  const found: number[] = []
  for (let at = 0; at < Number(values.runs); at++) {
    const running = command === null ? null : startKeyshift(command)
    // The measurement starts when the scan reads keys, and must end before the scan does.
    if (running) await until(async () => (await redis.info('commandstats')).includes('cmdstat_eval_ro'))
    const {stdout} = await run('redis-benchmark', [...['-p', values.port, '-t', 'get', '-c', '1'], '-n', GETS, '--csv'])
    if (running && running.exitCode !== null) throw new Error('the scan ended before the measurement; use more --keys')
    running?.kill('SIGKILL')
    if (running) await once(running, 'close')
    await redis.config('RESETSTAT')
    found.push(Number(/^"GET","[\d.]+","[\d.]+","[\d.]+","[\d.]+","[\d.]+","([\d.]+)"/m.exec(stdout)?.[1]))
  }
  return median(found)
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(20)
}

async function several(count: number, measure: () => Promise<Run>): Promise<Run> {
  const runs: Run[] = []
  for (let at = 0; at < count; at++) runs.push(await measure())
  return {ms: median(runs.map(({ms}) => ms)), peakMiB: Math.max(...runs.map(({peakMiB}) => peakMiB))}
}
