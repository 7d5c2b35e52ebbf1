/**
 * A migration on real servers: a Shared subscription whose consumers use Redis locks, one of them leaked, is moved to
 * Key_Shared under load. All output about the cluster comes from the real command line. Started by `start.mjs`, which
 * sets the addresses of the demo's own stack.
 */
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as delay} from 'node:timers/promises'

import type {Addresses} from '../src/cli/connection/default-addresses.js'
import {type Cell, renderMs, renderTable} from '../src/cli/render/table.js'
import {untilConnected, Workload, type WorkloadServers} from '../src/domain/lab/workload.js'
import type {WorkloadFigures} from '../src/domain/lab/workload-counts.js'
import {lockToken} from '../src/domain/lab/worker.js'
import {suggestedCommand} from '../src/suggested-command.js'
import {parseTopicName} from '../src/topic-name.js'
import {withServers} from './servers.js'

interface DemoResult extends WorkloadFigures {
  leakedLockFound: boolean
}

const ROOT = join(import.meta.dirname, '..')
const TOPIC = parseTopicName(`persistent://public/default/demo-${String(Date.now())}`)
const SUBSCRIPTION = 'decision'
const LOCKS = 'lock:'
const LEAKED = `${LOCKS}user-of-a-crashed-worker`
const CONSUMERS = 4

const WORKLOAD = {
  topic: TOPIC,
  partitions: 4,
  subscription: SUBSCRIPTION,
  ratePerSecond: 300,
  keys: 200,
  consumers: CONSUMERS,
  lockPrefix: LOCKS,
  lockTtlMs: 250,
  // One message in 97 takes longer than the TTL of its lock, as in a long garbage collection: two workers on one key.
  work: {workMs: 5, slowEvery: 97, slowMs: 350},
}

const isJson = process.argv.includes('--json')
const result = await withServers(stackAddresses(), 'auto', story)
say(`\n${summary(result)}`)
if (isJson) process.stdout.write(`${JSON.stringify(result)}\n`)
process.exitCode = result.lost + result.duplicates + result.overlapsAfter === 0 && result.leakedLockFound ? 0 : 1

function stackAddresses(): Addresses {
  const {KEYSHIFT_ADMIN_URL, KEYSHIFT_REDIS_URL, KEYSHIFT_SERVICE_URL, KEYSHIFT_WEB_SOCKET_URL} = process.env
  if (!KEYSHIFT_ADMIN_URL || !KEYSHIFT_REDIS_URL || !KEYSHIFT_SERVICE_URL || !KEYSHIFT_WEB_SOCKET_URL) {
    throw new Error('start the demo with npm run demo')
  }
  return {
    adminUrl: KEYSHIFT_ADMIN_URL,
    redisUrl: KEYSHIFT_REDIS_URL,
    serviceUrl: KEYSHIFT_SERVICE_URL,
    webSocketUrl: KEYSHIFT_WEB_SOCKET_URL,
  }
}

async function story(servers: WorkloadServers): Promise<DemoResult> {
  say(
    'Setup: a topic with 4 partitions, 300 messages per second for 200 users, 4 Shared consumers with one Redis lock per user.',
  )
  const workload = await Workload.open(servers, WORKLOAD)
  const folder = await mkdtemp(join(tmpdir(), 'keyshift-demo-'))
  try {
    say('A worker crashes while it holds a lock without a TTL.')
    await servers.redis.set(LEAKED, lockToken('9'))
    await delay(5000)
    const leakedLockFound = await showBefore()
    await migrate(workload, folder)
    await delay(5000)
    await showAfter(folder)
    return {...(await workload.settle()), leakedLockFound}
  } finally {
    await servers.redis.del(LEAKED)
    await rm(folder, {recursive: true})
    await workload.close()
  }
}

async function showBefore(): Promise<boolean> {
  await keyshift('subscriptions', 'list', TOPIC.full, '--fresh')
  await keyshift('subscriptions', 'inspect', TOPIC.full, SUBSCRIPTION)
  await keyshift('locks', 'scan', '--pattern', `${LOCKS}*`)
  const {locks} = await ask<{locks: Array<{key: string; verdict: string}>}>('locks', 'scan', '--pattern', `${LOCKS}*`)
  return locks.some(({key, verdict}) => key === LEAKED && verdict === 'no-ttl')
}

async function migrate(workload: Workload, folder: string): Promise<void> {
  say('\nThe Key_Shared consumers start. The broker rejects them while Shared consumers are connected, and they retry.')
  const standby = workload.startStandby()
  const plan = join(folder, 'plan.json')
  await keyshift('migrate', 'plan', TOPIC.full, SUBSCRIPTION, '--to', 'Key_Shared', '-o', plan)
  await keyshift('migrate', 'apply', plan, '--yes', '--soak', '5s', '--journal', `file:${folder}`)
  await untilConnected(standby, CONSUMERS)
}

async function showAfter(folder: string): Promise<void> {
  await keyshift('subscriptions', 'inspect', TOPIC.full, SUBSCRIPTION)
  await keyshift('keys', 'ranges', TOPIC.full, SUBSCRIPTION)
  await keyshift('keys', 'owner', TOPIC.full, SUBSCRIPTION, 'user-42', 'user-43')
  await keyshift('backlog', 'show', TOPIC.full, SUBSCRIPTION, '--window', '3s')
  const {migrations} = await ask<{migrations: Array<{id: string}>}>('migrate', 'status', '--journal', `file:${folder}`)
  await keyshift('migrate', 'finish', migrations[0]?.id ?? '', '--yes', '--journal', `file:${folder}`)
}

/** Prints a command, runs it and prints its output. */
async function keyshift(...args: string[]): Promise<void> {
  say(`\n$ ${suggestedCommand(...args)}`)
  say((await run(args)).trimEnd())
}

async function ask<R>(...args: string[]): Promise<R> {
  return (JSON.parse(await run([...args, '--json'])) as {result: R}).result
}

async function run(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [join(ROOT, 'bin', 'run.js'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {...process.env, ...(process.stdout.isTTY ? {FORCE_COLOR: '1'} : {})},
  })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${suggestedCommand(...args)}: exit code ${String(code)}`)
  return Buffer.concat(chunks).toString('utf8')
}

function summary(figures: DemoResult): string {
  const rows: ReadonlyArray<readonly [string, Cell]> = [
    ['messages sent', figures.sent],
    ['messages processed', figures.handled],
    ['lost', figures.lost],
    ['duplicates', figures.duplicates],
    ['overlapping pairs of one key, Shared with Redis locks', figures.overlapsBefore],
    ['overlapping pairs of one key, Key_Shared', figures.overlapsAfter],
    ['delivery pause', renderMs(figures.gapMs)],
    ['leaked lock found', figures.leakedLockFound],
  ]
  return renderTable(
    [
      {head: 'result', cell: ([name]) => name},
      {head: 'value', cell: ([, value]) => value},
    ],
    rows,
  )
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
