// Every migration under load: what is lost, what comes twice, and for how long a partition is silent.
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdtemp, rm} from 'node:fs/promises'
import {randomBytes} from 'node:crypto'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as delay} from 'node:timers/promises'
import {parseArgs} from 'node:util'

import {PulsarAdmin} from '../src/clients/pulsar-admin/admin.js'
import {WebSocketTransport} from '../src/clients/pulsar-messages/websocket.js'
import {connectRedis} from '../src/clients/redis/connect.js'
import {untilConnected, Workload, type WorkloadServers} from '../src/domain/lab/workload.js'
import type {WorkloadCounts, WorkloadFigures} from '../src/domain/lab/workload-counts.js'
import {MIGRATABLE, type MigratableType} from '../src/domain/migration/strategy.js'
import type {MigrationResult} from '../src/domain/migration/run/migration-result.js'
import type {MigrationList} from '../src/domain/migration/journal/status.js'
import {parseTopicName} from '../src/topic-name.js'
import {type CountingProxy, countingProxy} from './counting-proxy.js'
import {median, say} from './say.js'

const {values} = parseArgs({
  options: {
    runs: {type: 'string', default: '3'},
    rate: {type: 'string', default: '1000'},
    consumers: {type: 'string', default: '8'},
    partitions: {type: 'string', default: '8'},
    strategy: {type: 'string'},
    from: {type: 'string'},
    to: {type: 'string'},
    journal: {type: 'string', default: 'cluster'},
    // how long a waiting consumer waits between its tries, in ms
    retry: {type: 'string', default: '100'},
    soak: {type: 'string', default: '0s'},
    // Requests are counted by a proxy, which costs time of its own.
    count: {type: 'boolean', default: false},
  },
})
const RUNS = Number(values.runs)
const CONSUMERS = Number(values.consumers)
const context = JSON.parse(process.env['KEYSHIFT_BENCH_CONTEXT'] ?? '{}') as Record<
  'adminUrl' | 'redisUrl' | 'webSocketUrl',
  string
>
const BIN = join(import.meta.dirname, '..', 'bin', 'run.js')

interface Case {
  readonly strategy: keyof typeof LIMIT_MS
  readonly from: MigratableType
  readonly to: MigratableType
}

interface Run extends WorkloadFigures {
  readonly heldMs: number
  readonly drainMs: number
  /** of the whole of `apply`, in ms */
  readonly wallMs: number
  /** of `apply` to the admin API; null when they were not counted */
  readonly requests: number | null
}

/** What is promised of the longest silence; a Failover subscription adds a delay of the broker's, 1 s by default. */
const LIMIT_MS = {'in-place': 600, 'blue-green': 400} as const
const FAILOVER_DELAY_MS = 1000

const cases = (['blue-green', 'in-place'] as const)
  .flatMap((strategy) =>
    MIGRATABLE.flatMap((from) => MIGRATABLE.filter((to) => to !== from).map((to): Case => ({strategy, from, to}))),
  )
  .filter(
    ({from, strategy, to}) =>
      (values.strategy ?? strategy) === strategy && (values.from ?? from) === from && (values.to ?? to) === to,
  )

const proxy: CountingProxy | null = values.count ? await countingProxy(context.adminUrl) : null
const admin = new PulsarAdmin({url: context.adminUrl})
const transport = new WebSocketTransport({url: context.webSocketUrl})
const connection = await connectRedis(context.redisUrl)
const [redis] = connection.primaries
if (!redis) throw new Error('Redis has no primary')
const version = await admin.brokerVersion()
say(
  `migrations on Pulsar ${version}, ${values.rate} messages a second, ${values.partitions} partitions, ${values.consumers} consumers in each fleet`,
)
try {
  for (const one of cases) await measure(one, {admin, transport, redis})
} finally {
  proxy?.close()
  await Promise.all([transport.close(), connection.close(), admin.close()])
}

async function measure(one: Case, servers: WorkloadServers): Promise<void> {
  const runs: Run[] = []
  for (let at = 0; at < RUNS; at++) runs.push(await migrate(one, servers))
  const sum = (field: 'duplicates' | 'lost' | 'overlapsAcross' | 'overlapsAfter' | 'sent'): string =>
    String(runs.reduce((total, run) => total + run[field], 0))
  const gaps = runs.map(({gapMs}) => gapMs ?? Infinity)
  const limitMs = LIMIT_MS[one.strategy] + (one.to === 'Failover' ? FAILOVER_DELAY_MS : 0)
  say(
    `${one.strategy} ${one.from} → ${one.to}: lost ${sum('lost')}, twice ${sum('duplicates')}, keys at an old and a new consumer ${sum('overlapsAcross')}, at two after the switch ${sum('overlapsAfter')} ` +
      `of ${sum('sent')} messages; longest silence ${median(gaps).toFixed(0)} ms in the median of ${String(RUNS)}, ${(median(gaps) / limitMs).toFixed(2)} of the limit ` +
      `(${gaps.map((gap) => gap.toFixed(0)).join(', ')}); held ${median(runs.map(({heldMs}) => heldMs)).toFixed(0)} ms, ` +
      `of it drain ${median(runs.map(({drainMs}) => drainMs)).toFixed(0)} ms; apply took ${(median(runs.map(({wallMs}) => wallMs)) / 1000).toFixed(1)} s` +
      (proxy ? ` and ${median(runs.map(({requests}) => requests ?? 0)).toFixed(0)} requests` : ''),
  )
}

async function migrate({from, strategy, to}: Case, servers: WorkloadServers): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), 'keyshift-bench-'))
  const namespace = `public/bench-${randomBytes(4).toString('hex')}`
  await fetch(`${context.adminUrl}/admin/v2/namespaces/${namespace}`, {method: 'PUT'})
  const workload = await Workload.open(servers, {
    topic: parseTopicName(`persistent://${namespace}/load`),
    partitions: Number(values.partitions),
    subscription: 'decision',
    ratePerSecond: Number(values.rate),
    keys: 2000,
    retryMs: Number(values.retry),
    consumers: CONSUMERS,
    lockPrefix: `${namespace}:`,
    lockTtlMs: 5000,
    work: {workMs: 5, slowEvery: 97, slowMs: 60},
    from,
    to,
  })
  try {
    await delay(1000)
    const plan = join(folder, 'plan.json')
    await keyshift<object>(
      'migrate',
      'plan',
      workload.topic.full,
      'decision',
      '--to',
      to,
      '--strategy',
      strategy,
      '-o',
      plan,
    )
    proxy?.take()
    const startedAt = Date.now()
    const result = strategy === 'in-place' ? await inPlace(workload, plan) : await blueGreen(workload, plan, namespace)
    const wallMs = Date.now() - startedAt
    const requests = proxy?.take() ?? null
    await delay(1500)
    const figures = await workload.settle()
    sayRepeated(workload.counts, result)
    return {...figures, heldMs: result.gapMs ?? Infinity, drainMs: result.drainMs ?? Infinity, wallMs, requests}
  } finally {
    await workload.close()
    await rm(folder, {recursive: true})
    await fetch(`${context.adminUrl}/admin/v2/namespaces/${namespace}?force=true`, {method: 'DELETE'})
  }
}

/** What came twice, so that a figure that should be 0 can be explained. */
function sayRepeated(tally: WorkloadCounts, {findings, id, switchedAt}: MigrationResult): void {
  const repeated = [...Map.groupBy(tally.handlings, ({sequence}) => sequence).values()].filter(
    (rows) => rows.length > 1,
  )
  if (repeated.length === 0) return
  const switchedMs = Date.parse(switchedAt ?? '')
  const told = repeated.slice(0, 5).map((rows) =>
    rows
      .map(({consumer, endedAt, fleet, receivedAt}) => {
        const [from, to] = [receivedAt - switchedMs, endedAt - switchedMs].map((ms) => ms.toFixed(0))
        return `${fleet} ${consumer} ${String(from)} to ${String(to)} ms`
      })
      .join(' and '),
  )
  const codes = findings.map(({code}) => code).join(', ')
  say(
    `  ${id}: ${String(repeated.length)} came twice, after the switch: ${told.join('; ')}; findings: ${codes || 'none'}`,
  )
}

async function inPlace(workload: Workload, plan: string): Promise<MigrationResult> {
  const standby = workload.startStandby()
  const result = await keyshift<MigrationResult>(
    'migrate',
    'apply',
    plan,
    '--yes',
    '--soak',
    values.soak,
    '--journal',
    values.journal,
  )
  await untilConnected(standby, CONSUMERS)
  return result
}

async function blueGreen(workload: Workload, plan: string, namespace: string): Promise<MigrationResult> {
  const running = keyshift<MigrationResult>(
    'migrate',
    'apply',
    plan,
    '--yes',
    '--postpone',
    '--soak',
    values.soak,
    '--journal',
    values.journal,
  )
  const where = ['--journal', values.journal, '--namespace', namespace]
  let id: string | undefined
  while (id === undefined) {
    const {migrations} = await keyshift<MigrationList>('migrate', 'list', ...where)
    id = migrations.find(({readyToCutOver}) => readyToCutOver)?.id
  }
  const {migrations} = await keyshift<MigrationList>('migrate', 'status', id, ...where)
  const standby = workload.startStandby(workload.topic, migrations[0]?.newSubscription ?? '')
  await delay(500)
  await keyshift('migrate', 'cutover', id, '--yes', ...where)
  const result = await running
  await untilConnected(standby, CONSUMERS)
  return result
}

async function keyshift<R>(...args: string[]): Promise<R> {
  const addresses = ['--admin-url', proxy?.url ?? context.adminUrl]
  if (args[1] === 'apply') addresses.push('--web-socket-url', context.webSocketUrl)
  const child = spawn(process.execPath, [BIN, ...args, '--json', ...addresses], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  const [code] = (await once(child, 'close')) as [number | null]
  const text = Buffer.concat(chunks).toString('utf8')
  if (code !== 0) throw new Error(`keyshift ${args.join(' ')} ended with ${String(code)}: ${text}`)
  return (JSON.parse(text) as {result: R}).result
}
