// Measures commands on a real broker: the owners of millions of keys, and sampling a backlog.
import {mkdtemp, open, rm} from 'node:fs/promises'
import {Agent, get} from 'node:http'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

import {WebSocket} from 'ws'

import {PulsarAdmin} from '../src/clients/pulsar-admin/admin.js'
import {WebSocketTransport} from '../src/clients/pulsar-messages/websocket.js'
import {parseTopicName, partitionName} from '../src/topic-name.js'
import {measureKeyshift, type Run} from './run-keyshift.js'
import {median, say} from './say.js'

const {adminUrl, webSocketUrl} = JSON.parse(process.env['KEYSHIFT_BENCH_CONTEXT'] ?? '{}') as Record<
  'adminUrl' | 'webSocketUrl',
  string
>
const PARTITIONS = 4
const MESSAGES = 80_000
const REST_ENTRIES = 40_000
const SPEED_KEYS = 3_000_000
const MEMORY_KEYS = [10_000_000, 20_000_000]
const RUNS = 3
const topic = parseTopicName(`bench-${String(process.pid)}`)
const admin = new PulsarAdmin({url: adminUrl})
const transport = new WebSocketTransport({url: webSocketUrl})
const folder = await mkdtemp(join(tmpdir(), 'keyshift-bench-'))
try {
  await admin.createPartitionedTopic(topic, PARTITIONS)
  await admin.createSubscription(topic, 'backlog', 'earliest')
  await fill()
  await benchOwners()
  await benchSampling()
} finally {
  await transport.close()
  await admin.deletePartitionedTopic(topic)
  await Promise.all([admin.close(), rm(folder, {recursive: true})])
}

async function fill(): Promise<void> {
  const producer = await transport.produce(topic)
  for (let at = 0; at < MESSAGES; at += 500) {
    const sending = Array.from({length: 500}, (_, more) =>
      producer.send({key: `user-${String((at + more) % 5000)}`, payload: Buffer.alloc(64)}),
    )
    await Promise.all(sending)
  }
  await producer.close()
}

async function benchOwners(): Promise<void> {
  for (const name of ['bench-0', 'bench-1', 'bench-2']) {
    const options = {topic, subscription: 'keyed', type: 'Key_Shared', name, receiverQueueSize: 1} as const
    await transport.consume({...options, onMessage: () => undefined})
  }
  const args = ['keys', 'owner', topic.full, 'keyed', '--stdin', '--output', 'tsv']
  const file = await writeKeys(SPEED_KEYS)
  const runs: Run[] = []
  for (let at = 0; at < RUNS; at++) runs.push(await run(args, file))
  const rate = SPEED_KEYS / (median(runs.map(({ms}) => ms)) / 1000)
  say(
    `owner --stdin: ${rate.toFixed(0)} keys per second, including the start, ${(rate / 300_000).toFixed(1)} times the goal`,
  )
  const peaks: number[] = []
  for (const count of MEMORY_KEYS) peaks.push((await run(args, await writeKeys(count))).peakMiB)
  say(
    `owner --stdin: peak memory ${peaks.map(String).join(' and ')} MiB for ${MEMORY_KEYS.map(String).join(' and ')} keys, ` +
      `${((peaks[1] ?? 0) / (peaks[0] ?? 1)).toFixed(2)} times the memory for twice the keys`,
  )
}

async function benchSampling(): Promise<void> {
  const sample = ['keys', 'sample', topic.full, 'backlog', '--time-limit', '5m', '--json']
  const readings = [
    {source: 'rest', max: REST_ENTRIES, goal: 2000, of: 'entries'},
    {source: 'websocket', max: MESSAGES, goal: 15_000, of: 'messages'},
  ]
  for (const {goal, max, of, source} of readings) {
    await run([...sample, '--source', source, '--max', String(max)]) // warms up the broker
    const runs: Run[] = []
    for (let at = 0; at < RUNS; at++) runs.push(await run([...sample, '--source', source, '--max', String(max)]))
    const start = await run([...sample, '--source', source, '--max', '1'])
    const ms = median(runs.map((run) => run.ms))
    const rate = max / ((ms - start.ms) / 1000)
    const limit = source === 'rest' ? await bareRequests(max) : await bareFrames()
    const bare = source === 'rest' ? 'requests' : 'frames'
    say(
      `sample by ${source}: ${rate.toFixed(0)} ${of} per second without the start, ${(rate / goal).toFixed(2)} times the goal, ` +
        `${((max / ms) * 1000).toFixed(0)} including the start` +
        `; ${(rate / limit).toFixed(2)} of a loop of bare ${bare}; peak memory ${String(Math.max(...runs.map(({peakMiB}) => peakMiB)))} MiB`,
    )
  }
}

function run(args: readonly string[], input?: string): Promise<Run> {
  return measureKeyshift([...args, '--admin-url', adminUrl], input)
}

async function writeKeys(count: number): Promise<string> {
  const path = join(folder, `keys-${String(count)}`)
  const file = await open(path, 'w')
  for (let at = 0; at < count; at += 10_000) {
    await file.write(Array.from({length: 10_000}, (_, more) => `user-${String(at + more)}\n`).join(''))
  }
  await file.close()
  return path
}

/** Entries per second that Node's HTTP client reads with the same number of concurrent requests, without using the answers. */
async function bareRequests(count: number): Promise<number> {
  const agent = new Agent({keepAlive: true, maxSockets: 16})
  const {tenant, namespace, local} = partitionName(topic, 0)
  const path = `${adminUrl}/admin/v2/persistent/${tenant}/${namespace}/${local}/examinemessage?initialPosition=earliest`
  let next = 0
  const startedAt = performance.now()
  const work = async (): Promise<void> => {
    while (next < count) {
      const number = (next++ % 5000) + 1
      await new Promise((resolve, reject) => {
        get(`${path}&messagePosition=${String(number)}`, {agent}, (answer) => {
          answer.resume().once('end', resolve)
        }).once('error', reject)
      })
    }
  }
  await Promise.all(Array.from({length: 16}, work))
  agent.destroy()
  return count / ((performance.now() - startedAt) / 1000)
}

/** Messages per second that arrive on the same number of sockets as keyshift uses, without using the messages. */
async function bareFrames(): Promise<number> {
  let left = MESSAGES
  const {tenant, namespace} = topic
  const finished = Promise.withResolvers<undefined>()
  const startedAt = performance.now()
  const sockets = Array.from({length: PARTITIONS}, (_, partition) => {
    const path = `${tenant}/${namespace}/${partitionName(topic, partition).local}`
    const socket = new WebSocket(
      `${webSocketUrl}/ws/v2/reader/persistent/${path}?messageId=earliest&receiverQueueSize=1000`,
      {
        perMessageDeflate: false,
      },
    )
    socket.on('message', () => {
      socket.send('{}')
      if (--left === 0) finished.resolve(undefined)
    })
    return socket
  })
  await finished.promise
  for (const socket of sockets) socket.close()
  return MESSAGES / ((performance.now() - startedAt) / 1000)
}
