/**
 * Creates one incident on real servers and writes what keyshift shows of it: an image of the terminal, and the same as
 * text. A worker crashed while it held a Redis lock without a TTL; the worker that now gets that user's messages
 * waits for the lock and stops acknowledging.
 */
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

import {type Addresses, defaultAddresses} from '../src/cli/connection/default-addresses.js'
import type {PulsarAdmin} from '../src/clients/pulsar-admin/admin.js'
import type {MessageConsumer, MessageTransport} from '../src/clients/pulsar-messages/transport.js'
import type {WorkloadServers} from '../src/domain/lab/workload.js'
import {suggestedCommand} from '../src/suggested-command.js'
import {parseTopicName} from '../src/topic-name.js'
import {waitUntil} from '../src/wait-until.js'
import {withServers} from './servers.js'
import {terminalSvg} from './terminal-svg.js'

const ROOT = join(import.meta.dirname, '..')
const COLUMNS = 100
const TENANT = 'shop'
const NAMESPACE = `${TENANT}/prod`
const TOPIC = parseTopicName(`persistent://${NAMESPACE}/orders`)
const SUBSCRIPTION = 'decision'
const WORKERS = ['worker-1', 'worker-2', 'worker-3']
const FIRST_USER = 30
const USERS = 20
const PUBLISH_EVERY_MS = 50
const LOCKED_USER = 'user-42'
const LOCK = `lock:${LOCKED_USER}`
const KEY_PATTERN = ['--key-pattern', 'lock:{key}', '--holder-pattern', '{consumer}/*']
/** The incident is complete when doctor reports these. */
const FINDINGS = ['locked-key', 'consumer-not-reading']
const TIMEOUT_MS = 180_000

const COMMANDS = [
  ['subscriptions', 'list', NAMESPACE],
  ['doctor', 'orders', SUBSCRIPTION, ...KEY_PATTERN],
  ['why', 'orders', SUBSCRIPTION, LOCKED_USER, ...KEY_PATTERN],
]

const {value: addresses} = await defaultAddresses(ROOT)
const config = await mkdtemp(join(tmpdir(), 'keyshift-incident-'))
try {
  await withServers(addresses, 'websocket', (servers) => withIncident(servers, capture))
} finally {
  await rm(config, {recursive: true})
}

async function capture(): Promise<void> {
  await addContext(addresses)
  const isComplete = await waitUntil(async () => ((await hasFindings()) ? true : undefined), {
    everyMs: 2000,
    timeoutMs: TIMEOUT_MS,
  })
  if (isComplete !== true) throw new Error(`doctor did not report ${FINDINGS.join(' and ')}`)
  const shown: string[] = []
  for (const words of COMMANDS) {
    const output = withoutTestAddresses(await keyshift(words, {FORCE_COLOR: '1', COLUMNS: String(COLUMNS)}))
    shown.push(`\u001B[2m$\u001B[22m \u001B[1m${suggestedCommand(...words)}\u001B[22m\n${output.trimEnd()}`)
  }
  const folder = join(ROOT, 'docs', 'images')
  await mkdir(folder, {recursive: true})
  await writeFile(join(folder, 'incident.svg'), terminalSvg(shown.join('\n\n'), COLUMNS))
  process.stdout.write(`${shown.join('\n\n')}\n`)
}

/** Shows loopback addresses, which only the test servers have, as those of other hosts. */
function withoutTestAddresses(output: string): string {
  return output.replaceAll('127.0.0.1', '10.0.2.17')
}

/** Runs an action while the incident lasts; removes all of it afterwards. */
async function withIncident({admin, redis, transport}: WorkloadServers, act: () => Promise<void>): Promise<void> {
  await createTopic(admin)
  const consumers: MessageConsumer[] = []
  const producer = await transport.produce(TOPIC)
  let sent = 0
  const load = setInterval(() => {
    const key = `user-${String(FIRST_USER + (sent++ % USERS))}`
    void producer.send({key, payload: Buffer.from('order')})
  }, PUBLISH_EVERY_MS)
  try {
    for (const name of WORKERS) consumers.push(await consume(transport, name))
    await redis.set(LOCK, 'worker-9/8f14e45fceea467fa8f53b2b7c1d9a01', 'NX')
    await act()
  } finally {
    clearInterval(load)
    await redis.del(LOCK)
    await producer.close()
    await Promise.all(consumers.map((consumer) => consumer.close()))
    await deleteTopic()
  }
}

/** A worker with one thread: it acknowledges every message until it waits forever for the lock of the locked user. */
async function consume(transport: MessageTransport, name: string): Promise<MessageConsumer> {
  let isBlocked = false
  const joining: Promise<MessageConsumer> = transport.consume({
    topic: TOPIC,
    subscription: SUBSCRIPTION,
    type: 'Key_Shared',
    name,
    receiverQueueSize: 50,
    onMessage: (message) => {
      isBlocked ||= message.key === LOCKED_USER
      if (!isBlocked) void joining.then((consumer) => consumer.ack(message))
    },
  })
  return joining
}

async function hasFindings(): Promise<boolean> {
  const words = ['doctor', 'orders', SUBSCRIPTION, ...KEY_PATTERN, '--json']
  const {result} = JSON.parse(await keyshift(words)) as {result: {findings: Array<{code: string}>}}
  process.stderr.write(`${result.findings.map(({code}) => code).join(', ')}\n`)
  return FINDINGS.every((wanted) => result.findings.some(({code}) => code === wanted))
}

async function createTopic(admin: PulsarAdmin): Promise<void> {
  const clusters = (await ask('GET', '/clusters')) as string[]
  await ask('PUT', `/tenants/${TENANT}`, {allowedClusters: clusters.filter((name) => name !== 'global')})
  await ask('PUT', `/namespaces/${NAMESPACE}`, {})
  await admin.createPartitionedTopic(TOPIC, 4)
  await admin.createSubscription(TOPIC, SUBSCRIPTION, 'earliest')
}

async function deleteTopic(): Promise<void> {
  await ask('DELETE', `/namespaces/${NAMESPACE}?force=true`)
  await ask('DELETE', `/tenants/${TENANT}`)
}

async function ask(method: string, path: string, body?: object): Promise<unknown> {
  const answer = await fetch(`${addresses.adminUrl}/admin/v2${path}`, {
    method,
    ...(body === undefined ? {} : {body: JSON.stringify(body), headers: {'content-type': 'application/json'}}),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path}: HTTP ${String(answer.status)} ${text}`)
  return text === '' ? null : JSON.parse(text)
}

/** A context as a user has it, so that no address of the test servers is part of a command. */
async function addContext({adminUrl, redisUrl, serviceUrl, webSocketUrl}: Addresses): Promise<void> {
  const where = ['--admin-url', adminUrl, '--service-url', serviceUrl, '--web-socket-url', webSocketUrl]
  await keyshift([
    'context',
    'add',
    'prod',
    ...where,
    '--redis-url',
    redisUrl,
    '--namespace',
    NAMESPACE,
    '--use',
    '--yes',
  ])
}

async function keyshift(words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const child = spawn(process.execPath, [join(ROOT, 'bin', 'run.js'), ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {PATH: process.env['PATH'], HOME: config, XDG_CONFIG_HOME: config, ...env},
  })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`keyshift ${words.join(' ')} ended with ${String(code)}`)
  return Buffer.concat(chunks).toString('utf8')
}
