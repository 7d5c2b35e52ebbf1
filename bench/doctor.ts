// Measures doctor on a topic with 1000 partitions (requests, wall time, memory) and why on a topic with 64 partitions.
import {PulsarAdmin} from '../src/clients/pulsar-admin/admin.js'
import {WebSocketTransport} from '../src/clients/pulsar-messages/websocket.js'
import {parseTopicName, type TopicName} from '../src/topic-name.js'
import {countingProxy} from './counting-proxy.js'
import {measureKeyshift} from './run-keyshift.js'
import {median, say} from './say.js'

const {adminUrl, webSocketUrl} = JSON.parse(process.env['KEYSHIFT_BENCH_CONTEXT'] ?? '{}') as Record<
  'adminUrl' | 'webSocketUrl',
  string
>
const MOST_MIB = 250
const WINDOW = '3s'
const KEYS = 30
const admin = new PulsarAdmin({url: adminUrl})
const transport = new WebSocketTransport({url: webSocketUrl})
const proxy = await countingProxy(adminUrl)
const topics: TopicName[] = []
try {
  const large = await makeTopic(1000)
  proxy.take()
  const {ms, peakMiB} = await measureKeyshift([
    'doctor',
    large.full,
    '--window',
    WINDOW,
    '--admin-url',
    proxy.url,
    '--json',
  ])
  say(
    `doctor of 1000 partitions: ${String(proxy.take())} requests, ${(ms / 1000).toFixed(1)} s with its window of ${WINDOW}, ` +
      `peak memory ${String(peakMiB)} MiB, ${(peakMiB / MOST_MIB).toFixed(2)} times the limit`,
  )
  const keyed = await makeTopic(64)
  for (const name of ['bench-0', 'bench-1', 'bench-2']) {
    const options = {topic: keyed, subscription: 'decision', type: 'Key_Shared', name, receiverQueueSize: 10} as const
    await transport.consume({...options, onMessage: () => undefined})
  }
  const times: number[] = []
  for (let at = 0; at < KEYS; at++) {
    const args = ['why', keyed.full, 'decision', `user-${String(at)}`, '--admin-url', proxy.url, '--json']
    times.push((await measureKeyshift(args)).ms)
  }
  say(
    `why on 64 partitions: median ${String(Math.round(median(times)))} ms of ${String(KEYS)} commands, ` +
      `${(median(times) / 1000).toFixed(2)} times one second; ${String(Math.round(proxy.take() / KEYS))} requests each`,
  )
} finally {
  await transport.close()
  for (const topic of topics) await admin.deletePartitionedTopic(topic)
  proxy.close()
  await admin.close()
}

async function makeTopic(partitions: number): Promise<TopicName> {
  const topic = parseTopicName(`bench-doctor-${String(process.pid)}-${String(partitions)}`)
  await admin.createPartitionedTopic(topic, partitions)
  topics.push(topic)
  await admin.createSubscription(topic, 'decision', 'earliest')
  const producer = await transport.produce(topic)
  for (let at = 0; at < 200; at++) await producer.send({key: `user-${String(at)}`, payload: Buffer.alloc(64)})
  await producer.close()
  return topic
}
