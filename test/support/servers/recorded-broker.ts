import {once} from 'node:events'
import {readdir, readFile} from 'node:fs/promises'
import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import {join} from 'node:path'
import type {TestContext} from 'node:test'

import {PulsarAdmin} from '../../../src/clients/pulsar-admin/admin.js'
import type {
  ConsumerStats,
  InternalStats,
  SubscriptionStats,
  TopicStats,
} from '../../../src/clients/pulsar-admin/types.js'
import {collectDiagnosis} from '../../../src/domain/doctor/collect-snapshot.js'
import type {DiagnosisSnapshot} from '../../../src/domain/doctor/facts/diagnosis-snapshot.js'
import {STUCK_AFTER_MS} from '../../../src/domain/progress/thresholds.js'
import {parseTopicName, partitionName} from '../../../src/topic-name.js'
import {ROOT} from '../root.js'

/** Statistics of a stuck subscription, as operators published them. */
export interface Recording {
  /** the public report */
  readonly source: string
  /** what a diagnosis must say, from the report's final answer */
  readonly right: string
  readonly version: string
  /** when it was taken, epoch ms */
  readonly t0: number
  /** settings of the broker */
  readonly config?: Readonly<Record<string, string>>
  /** messages per second that a consumer receives and acknowledges after that */
  readonly live?: Readonly<Record<string, number>>
  readonly subscription: string
  readonly topics: Readonly<Record<string, RecordedTopic>>
}

interface RecordedTopic {
  readonly stats?: TopicStats
  /** of each partition; a plain topic has `stats` */
  readonly partitions?: readonly TopicStats[]
  readonly internal: InternalStats | readonly InternalStats[]
}

export interface RecordedBroker {
  readonly url: string
  readonly topic: string
  /** paths that were requested */
  readonly requests: string[]
}

const FOLDER = join(ROOT, 'test', 'recordings')

/** All recordings by name, or only one. */
export async function recordings(): Promise<Map<string, Recording>> {
  const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.json')).toSorted()
  const texts = await Promise.all(files.map((name) => readFile(join(FOLDER, name), 'utf8')))
  return new Map(files.map((name, at) => [name.replace('.json', ''), JSON.parse(texts[at] ?? '') as Recording]))
}

/** Serves a recording as a broker's admin API until the test ends, as if it were taken now. */
export async function serveRecording(t: TestContext, recording: Recording): Promise<RecordedBroker> {
  const startedAt = Date.now()
  const [topic = '', recorded] = Object.entries(recording.topics)[0] ?? []
  if (recorded === undefined) throw new RangeError('the recording has no topic')
  const requests: string[] = []
  const server = createServer(({url = ''}, response) => {
    const path = new URL(url, 'http://broker').pathname
    requests.push(path)
    const answer = answerTo(path, recording, {topic, recorded}, {startedAt, address: addressOf()})
    response.setHeader('content-type', 'application/json')
    response.statusCode = answer === NOT_FOUND ? 404 : answer === NOT_SET ? 204 : 200
    response.end(typeof answer === 'symbol' ? undefined : JSON.stringify(answer))
  })
  const addressOf = (): string => `127.0.0.1:${String((server.address() as AddressInfo).port)}`
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return {url: `http://${addressOf()}`, topic, requests}
}

/** What doctor reads of a recording, in two samples. */
export async function snapshotOfRecording(t: TestContext, recording: Recording): Promise<DiagnosisSnapshot> {
  const {topic, url} = await serveRecording(t, recording)
  const admin = new PulsarAdmin({url})
  try {
    return await collectDiagnosis(admin, [{topic, subscription: recording.subscription}], {
      ...{windowMs: 300, stuckAfterMs: STUCK_AFTER_MS, sampleEntries: 0, locks: null},
      signal: t.signal,
    })
  } finally {
    await admin.close()
  }
}

const NOT_FOUND = Symbol('404')
const NOT_SET = Symbol('204')

interface Serving {
  readonly startedAt: number
  /** `host:port` */
  readonly address: string
}

function answerTo(
  path: string,
  recording: Recording,
  {recorded, topic}: {readonly topic: string; readonly recorded: RecordedTopic},
  serving: Serving,
): unknown {
  const {full, local, namespace, tenant} = parseTopicName(topic)
  const ofTopic = `/admin/v2/persistent/${tenant}/${namespace}/${local}`
  const parts = recorded.partitions ?? []
  const internal = [recorded.internal].flat()
  const statsNow = (stats: TopicStats): TopicStats => replayed(stats, recording, serving.startedAt)
  const named = Object.fromEntries(
    parts.map((part, at) => [partitionName(parseTopicName(full), at).full, statsNow(part)]),
  )
  const whole: Record<string, unknown> = {
    '/admin/v2/brokers': [serving.address],
    '/admin/v2/brokers/version': recording.version,
    '/admin/v2/brokers/configuration/runtime': {statsUpdateFrequencyInSecs: '60', ...recording.config},
    '/admin/v2/broker-stats/topics': {
      [`${tenant}/${namespace}`]: {
        '0x00000000_0xffffffff': {persistent: recorded.stats ? {[full]: statsNow(recorded.stats)} : named},
      },
    },
    [`/admin/v2/namespaces/${tenant}/${namespace}`]: {},
    [`/admin/v2/persistent/${tenant}/${namespace}`]: recorded.stats ? [full] : Object.keys(named),
    [`${ofTopic}/partitions`]: {partitions: parts.length},
  }
  if (path in whole) return whole[path]
  if (recorded.partitions && path === `${ofTopic}/partitioned-stats`)
    return {metadata: {partitions: parts.length}, partitions: named}
  const suffix = /^(?:-partition-(?<part>\d+))?\/(?<what>stats|internalStats)$/.exec(path.replace(ofTopic, ''))?.groups
  if (!path.startsWith(ofTopic)) return NOT_FOUND
  if (suffix) {
    const at = Number(suffix['part'] ?? 0)
    const stats = recorded.stats ?? parts[at]
    return suffix['what'] === 'internalStats' ? (internal[at] ?? NOT_FOUND) : stats ? statsNow(stats) : NOT_FOUND
  }
  return POLICY.test(path) ? NOT_SET : NOT_FOUND
}

const POLICY = /Rate|messageTTL|maxUnacked|Types|Delivery|Quota|Policies|PauseOnAckState/i

/** Moves all times to the present, and adds what the active consumers have done since. */
function replayed(stats: TopicStats, {live = {}, t0}: Recording, startedAt: number): TopicStats {
  const shiftMs = startedAt - t0
  const seconds = (Date.now() - startedAt) / 1000
  const moved = shifted(stats, shiftMs) as TopicStats
  return {
    ...moved,
    subscriptions: Object.fromEntries(
      Object.entries(moved.subscriptions ?? {}).map(([name, subscription]) => {
        const consumers = (subscription.consumers ?? []).map((one) => working(one, live, seconds))
        const handled = Math.floor(Object.values(live).reduce((sum, rate) => sum + rate, 0) * seconds)
        return [name, {...subscription, consumers, ...(handled > 0 ? progressOf(subscription, handled) : {})}]
      }),
    ),
  }
}

function working(consumer: ConsumerStats, live: Readonly<Record<string, number>>, seconds: number): ConsumerStats {
  const handled = Math.floor((live[consumer.consumerName ?? ''] ?? 0) * seconds)
  if (handled === 0) return consumer
  const now = Date.now()
  return {
    ...consumer,
    msgOutCounter: (consumer.msgOutCounter ?? 0) + handled,
    lastAckedTimestamp: now,
    lastConsumedTimestamp: now,
    lastConsumedFlowTimestamp: now,
  }
}

function progressOf({msgBacklog = 0, msgOutCounter = 0}: SubscriptionStats, handled: number): SubscriptionStats {
  const now = Date.now()
  return {
    msgBacklog: msgBacklog - handled,
    msgOutCounter: msgOutCounter + handled,
    lastAckedTimestamp: now,
    lastConsumedTimestamp: now,
    lastConsumedFlowTimestamp: now,
  }
}

function shifted(value: unknown, byMs: number): unknown {
  if (Array.isArray(value)) return value.map((one) => shifted(one, byMs))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([field, inner]: [string, unknown]) => {
      if (field.endsWith('Timestamp') && typeof inner === 'number' && inner > 0) return [field, inner + byMs]
      if (field === 'connectedSince') return [field, new Date(Date.parse(String(inner)) + byMs).toISOString()]
      return [field, shifted(inner, byMs)]
    }),
  )
}
