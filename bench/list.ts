// Measures the list of a namespace with 1000 partitions against sequential requests, and the list of a cluster whose broker
// answers with 300 MB: memory, and the time of the first row.
import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as delay} from 'node:timers/promises'

import pLimit from 'p-limit'

import {PulsarAdmin} from '../src/clients/pulsar-admin/admin.js'
import type {SubscriptionStats} from '../src/clients/pulsar-admin/types.js'
import {WebSocketTransport} from '../src/clients/pulsar-messages/websocket.js'
import {EVERY_SUBSCRIPTION, listSubscriptions} from '../src/domain/subscriptions/list/collect-subscription-list.js'
import {parsePattern} from '../src/domain/subscriptions/list/topic-pattern.js'
import {parseTopicName, partitionName, type TopicName} from '../src/topic-name.js'
import {namespaceText, serveCopy, writeNamespaces} from '../test/support/servers/broker-stats.js'
import {mavenClasspath} from '../test/support/fleets/programs.js'
import {countingProxy} from './counting-proxy.js'
import {measureCommand, measureKeyshift} from './run-keyshift.js'
import {median, say} from './say.js'

const {adminUrl, webSocketUrl} = JSON.parse(process.env['KEYSHIFT_BENCH_CONTEXT'] ?? '{}') as Record<
  'adminUrl' | 'webSocketUrl',
  string
>
const [TOPICS, PARTITIONS, RUNS] = [250, 4, 5]
const SUBSCRIPTIONS = ['decision', 'audit']
const GOAL = 20
/** The newest version whose dependencies Maven can resolve. It works with any broker. */
const TOOL = '4.0.8'
const TOOL_TOPICS = 20
const LARGE_BYTES = 300_000_000
const MOST_MIB = 200
const NAMESPACE = `public/bench-list-${String(process.pid)}`

const admin = new PulsarAdmin({url: adminUrl})
const transport = new WebSocketTransport({url: webSocketUrl})
const proxy = await countingProxy(adminUrl)
const topics = Array.from({length: TOPICS}, (_, at) => parseTopicName(`persistent://${NAMESPACE}/topic-${String(at)}`))
await ofNamespace('PUT')
try {
  const limit = pLimit(8)
  await Promise.all(topics.map((topic) => limit(() => makeTopic(topic))))
  const recorded = await recordedSubscription()
  await benchSpeed()
  await benchShellLoop()
  await benchPulsarAdmin()
  await benchMemory(recorded)
} finally {
  await transport.close()
  await ofNamespace('DELETE')
  proxy.close()
  await admin.close()
}

async function ofNamespace(method: 'DELETE' | 'PUT'): Promise<void> {
  const answer = await fetch(`${adminUrl}/admin/v2/namespaces/${NAMESPACE}?force=true`, {method})
  if (!answer.ok) throw new Error(`${method} of ${NAMESPACE} answered ${String(answer.status)} ${await answer.text()}`)
}

async function makeTopic(topic: TopicName): Promise<void> {
  await admin.createPartitionedTopic(topic, PARTITIONS)
  for (const subscription of SUBSCRIPTIONS) await admin.createSubscription(topic, subscription, 'earliest')
}

/** A subscription with a consumer from broker-stats, as soon as they contain all topics. */
async function recordedSubscription(): Promise<SubscriptionStats> {
  const [topic] = topics
  if (!topic) throw new Error('no topic')
  const options = {topic, subscription: 'decision', type: 'Shared', name: 'worker-0', receiverQueueSize: 10} as const
  await transport.consume({...options, onMessage: () => undefined})
  for (;;) {
    let loaded = 0
    let recorded: SubscriptionStats | undefined
    for await (const some of await admin.brokerTopics()) {
      const ours = some.filter(({namespace}) => namespace === NAMESPACE)
      loaded += ours.length
      recorded ??= ours.flatMap(({stats}) => Object.values(stats.subscriptions ?? {})).find(hasConsumer)
    }
    if (recorded && loaded >= TOPICS * PARTITIONS) return recorded
    await delay(500)
  }
}

function hasConsumer({consumers = []}: SubscriptionStats): boolean {
  return consumers.length > 0
}

async function benchSpeed(): Promise<void> {
  const list = ['subscriptions', 'list', NAMESPACE, '--json']
  proxy.take()
  await measureKeyshift([...list, '--admin-url', proxy.url])
  const requests = proxy.take()
  const wholes: number[] = []
  const bare: number[] = []
  for (let run = 0; run < RUNS; run++) {
    wholes.push((await measureKeyshift([...list, '--admin-url', adminUrl])).ms)
    bare.push(await elapsedMs(listed))
  }
  const oneByOne = await elapsedMs(async () => {
    for (const topic of topics) {
      for (let index = 0; index < PARTITIONS; index++) await admin.topicStats(partitionName(topic, index))
    }
  })
  say(
    `subscriptions list of ${String(TOPICS * PARTITIONS * SUBSCRIPTIONS.length)} partitions' subscriptions: ${String(requests)} requests, ` +
      `median ${median(bare).toFixed(0)} ms of ${String(RUNS)}: ${(oneByOne / median(bare)).toFixed(1)} times faster than one request ` +
      `for each partition after the other (${oneByOne.toFixed(0)} ms), goal ${String(GOAL)}; ` +
      `whole commands ${median(wholes).toFixed(0)} ms: ${(oneByOne / median(wholes)).toFixed(1)} times`,
  )
}

/** One request after the other, as a shell has them: whole commands on both sides. */
async function benchShellLoop(): Promise<void> {
  const urls = topics.flatMap(({local, namespace, tenant}) =>
    Array.from({length: PARTITIONS}, (_, index) => {
      return `${adminUrl}/admin/v2/persistent/${tenant}/${namespace}/${local}-partition-${String(index)}/stats`
    }),
  )
  const loop = await measureCommand(['sh', '-c', 'for url; do curl -sf "$url"; done', 'sh', ...urls])
  const {ms} = await measureKeyshift(['subscriptions', 'list', NAMESPACE, '--json', '--admin-url', adminUrl])
  say(
    `curl in a shell's loop over ${String(urls.length)} partitions: ${(loop.ms / 1000).toFixed(1)} s; ` +
      `the command subscriptions list is ${(loop.ms / ms).toFixed(1)} times faster, goal ${String(GOAL)}`,
  )
}

/** Pulsar's command-line tool, run once per topic like in a shell loop. */
async function benchPulsarAdmin(): Promise<void> {
  const classpath = mavenClasspath(`org.apache.pulsar:pulsar-client-tools:${TOOL}`, `org.apache.pulsar:pulsar:${TOOL}`)
  if (classpath === null) {
    say('pulsar-admin is not available')
    return
  }
  const folder = await mkdtemp(join(tmpdir(), 'keyshift-bench-'))
  const conf = join(folder, 'client.conf')
  await writeFile(conf, `webServiceUrl=${adminUrl}\n`)
  const tool = [
    'java',
    '-Dslf4j.internal.verbosity=ERROR',
    '-cp',
    classpath,
    'org.apache.pulsar.admin.cli.PulsarAdminTool',
    conf,
  ]
  const loop = await elapsedMs(async () => {
    for (const {full} of topics.slice(0, TOOL_TOPICS)) {
      await measureCommand([...tool, 'topics', 'partitioned-stats', '--per-partition', full])
    }
  })
  await rm(folder, {recursive: true})
  const allMs = (loop / TOOL_TOPICS) * TOPICS
  const {ms} = await measureKeyshift(['subscriptions', 'list', NAMESPACE, '--json', '--admin-url', adminUrl])
  say(
    `pulsar-admin ${TOOL}, one command per topic: ${(loop / 1000).toFixed(1)} s for ${String(TOOL_TOPICS)}, ` +
      `${(allMs / 1000).toFixed(0)} s for all ${String(TOPICS)}; the command subscriptions list is ${(allMs / ms).toFixed(0)} times faster`,
  )
}

async function elapsedMs(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

async function listed(): Promise<void> {
  const {matched, source} = await listSubscriptions(admin, {
    ...EVERY_SUBSCRIPTION,
    pattern: parsePattern(NAMESPACE),
    isFresh: false,
    openBroker: () => Promise.resolve(admin),
  })
  if (source !== 'broker-stats' || matched !== TOPICS * SUBSCRIPTIONS.length)
    throw new Error(`${source}, ${String(matched)}`)
}

async function benchMemory(recorded: SubscriptionStats): Promise<void> {
  for (const output of ['ndjson', 'json', 'table']) {
    const {promise: firstRow, resolve: onFirstRow} = Promise.withResolvers<undefined>()
    const server = await serveCopy(async (response) => {
      response.write('{')
      const count = await writeNamespaces(response, LARGE_BYTES, recorded)
      if (output === 'ndjson') await firstRow // the answer ends after the first row: without early rows this never ends
      response.end(`,${namespaceText(count, recorded)}}`)
    })
    const args = ['subscriptions', 'list', '--admin-url', server.url, '--output', output]
    const {ms, peakMiB} = await measureKeyshift(args, undefined, () => {
      onFirstRow(undefined)
    })
    server.close()
    say(
      `subscriptions list --output ${output} of ${String(LARGE_BYTES / 1e6)} MB: peak memory ${String(peakMiB)} MiB, ` +
        `${(peakMiB / MOST_MIB).toFixed(2)} times the limit, ${(ms / 1000).toFixed(1)} s` +
        (output === 'ndjson' ? ', first row before the last byte was sent' : ''),
    )
  }
}
