import {once} from 'node:events'
import {createServer, type ServerResponse} from 'node:http'
import type {AddressInfo} from 'node:net'
import {Readable} from 'node:stream'
import {pipeline} from 'node:stream/promises'

import type {SubscriptionStats, TopicStats} from '../../../src/clients/pulsar-admin/types.js'

/** One subscription with a consumer, recorded from the broker-stats of a 4.2.4 broker. */
const RECORDED: SubscriptionStats & Record<string, unknown> = {
  consumers: [
    {
      ...{address: '/127.0.0.1:48294', consumerName: 'worker-0', availablePermits: 6},
      ...{connectedSince: '2026-11-28T10:34:01.675004561Z', msgRateOut: 10.211, msgThroughputOut: 1151.443},
      ...{msgRateRedeliver: 0, avgMessagesPerEntry: 1, messageAckRate: 9.795, unackedMessages: 2},
      ...{blockedConsumerOnUnackedMsgs: false, clientVersion: 'Pulsar-Java-v4.2.4', metadata: {}},
    },
  ],
  ...{msgBacklog: 4, msgRateExpired: 0, msgRateOut: 21.072, messageAckRate: 20.203, msgThroughputOut: 2376.93},
  ...{msgRateRedeliver: 0, numberOfEntriesSinceFirstNotAckedMessage: 5, totalNonContiguousDeletedMessagesRange: 0},
  ...{type: 'Shared', filterProcessedMsgCount: 0, filterAcceptedMsgCount: 0, filterRejectedMsgCount: 0},
  ...{filterRescheduledMsgCount: 0, blockedSubscriptionOnUnackedMsgs: false, unackedMessages: 4},
}

const CONSUMERS = 4
const PARTITIONS = 4
const TOPICS_IN_NAMESPACE = 20
export const ROWS_IN_NAMESPACE = 2 * TOPICS_IN_NAMESPACE

/** Statistics of a partition: two subscriptions with several consumers, whose names differ between namespaces. */
function statsOf(recorded: SubscriptionStats, namespace: number, topic: number): TopicStats {
  const consumers = Array.from({length: CONSUMERS}, (_, at) => ({
    ...recorded.consumers?.[0],
    consumerName: (namespace * 1_000_003 + topic * 101 + at).toString(36),
  }))
  const subscription = {...recorded, consumers}
  return {msgRateIn: 17.821, subscriptions: {decision: subscription, audit: subscription}}
}

/** The JSON of one namespace of broker-stats, without a comma at its end. Half of the topics are partitioned. */
export function namespaceText(namespace: number, recorded: SubscriptionStats = RECORDED): string {
  const path = `tenant-${String(namespace % 10)}/ns-${String(namespace)}`
  const bundles: Record<string, {persistent: Record<string, TopicStats>}> = {}
  for (let topic = 0; topic < TOPICS_IN_NAMESPACE; topic++) {
    const name = `persistent://${path}/topic-${String(topic)}`
    const isPartitioned = topic % 2 === 1
    for (let part = 0; part < (isPartitioned ? PARTITIONS : 1); part++) {
      const {persistent} = (bundles[`0x${String(part)}0000000_0x${String(part + 1)}0000000`] ??= {persistent: {}})
      persistent[isPartitioned ? `${name}-partition-${String(part)}` : name] = statsOf(recorded, namespace, topic)
    }
  }
  return `${JSON.stringify(path)}:${JSON.stringify(bundles)}`
}

/**
 * Writes namespaces at the pace of the reader, until the reader disconnects.
 *
 * @param upTo the minimum number of characters.
 * @returns the number of namespaces.
 */
export async function writeNamespaces(
  response: ServerResponse,
  upTo: number,
  recorded?: SubscriptionStats,
): Promise<number> {
  let count = 0
  const texts = function* (): Generator<string> {
    for (let written = 0; written < upTo; count++) {
      const text = `${count === 0 ? '' : ','}${namespaceText(count, recorded)}`
      written += text.length
      yield text
    }
  }
  await pipeline(Readable.from(texts()), response, {end: false}).catch(() => undefined)
  return count
}

export interface CopyServer {
  readonly url: string
  /** `host:port` */
  readonly address: string
  close(): void
}

/** A broker that serves only its broker-stats. @param brokers the active brokers; by default only this one. */
export async function serveCopy(
  answer: (response: ServerResponse) => Promise<void> | void,
  brokers?: () => readonly string[],
): Promise<CopyServer> {
  const server = createServer(({url = ''}, response) => {
    response.setHeader('content-type', 'application/json')
    if (url.endsWith('/broker-stats/topics')) void answer(response)
    else if (url.endsWith('/brokers')) response.end(JSON.stringify(brokers?.() ?? [address]))
    else response.end('{"statsUpdateFrequencyInSecs":"60"}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = `127.0.0.1:${String((server.address() as AddressInfo).port)}`
  return {
    url: `http://${address}`,
    address,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
