import type {PublisherStats, TopicStats} from '../../../clients/pulsar-admin/types.js'
import {byNameAndAddress} from '../../topic-stats/consumers.js'
import {timeOf, utcOf} from '../../topic-stats/times.js'

/** One producer on one partition. */
export interface PublisherReport {
  name: string | null
  /** tells apart the producers of one connection */
  id: number | null
  address: string | null
  connectedSince: string | null
  clientVersion: string | null
  /** `Exclusive` and `WaitForExclusive` producers keep others out */
  accessMode: string | null
  metadata: Record<string, string>
  ratePerSecond: number | null
  bytesPerSecond: number | null
  /** null while nothing is published */
  averageMessageBytes: number | null
  chunkRatePerSecond: number | null
  /** null: brokers tell it of consumers, not of producers */
  messagesPerEntry: number | null
}

/** What a partition's topic tells beside its subscriptions; counters are since it was loaded. */
export interface TopicReport {
  /** `host:port` */
  ownerBroker: string | null
  rateInPerSecond: number | null
  bytesInPerSecond: number | null
  publishedMessages: number | null
  publishedBytes: number | null
  averageMessageBytes: number | null
  lastPublishedAt: string | null
  /** everything that is kept, whether or not it is acknowledged */
  storageBytes: number | null
  /** the part of it that was moved to other storage */
  offloadedBytes: number | null
  deduplicationStatus: string | null
  /** whether messages came in chunks */
  hasChunks: boolean | null
  /** how often an exclusive producer took over; null where there was none */
  epoch: number | null
  /** producers that wait for an exclusive one to leave */
  waitingPublishers: number | null
  /** how often a publish rate held producers back */
  publishThrottledTimes: number | null
  ongoingTransactions: number | null
}

export function reportTopic(stats: TopicStats): TopicReport {
  return {
    ownerBroker: stats.ownerBroker ?? null,
    rateInPerSecond: stats.msgRateIn ?? null,
    bytesInPerSecond: stats.msgThroughputIn ?? null,
    publishedMessages: stats.msgInCounter ?? null,
    publishedBytes: stats.bytesInCounter ?? null,
    averageMessageBytes: someBytes(stats.averageMsgSize),
    lastPublishedAt: timeOf(stats.lastPublishTimeStamp),
    storageBytes: stats.storageSize ?? null,
    offloadedBytes: stats.offloadedStorageSize ?? null,
    deduplicationStatus: stats.deduplicationStatus ?? null,
    hasChunks: stats.msgChunkPublished ?? null,
    epoch: stats.topicEpoch ?? null,
    waitingPublishers: stats.waitingPublishers ?? null,
    publishThrottledTimes: stats.publishRateLimitedTimes ?? null,
    ongoingTransactions: stats.ongoingTxnCount ?? null,
  }
}

export function reportPublishers({publishers = []}: TopicStats): PublisherReport[] {
  return publishers.map(reportPublisher).toSorted(byNameAndAddress)
}

function reportPublisher(stats: PublisherStats): PublisherReport {
  return {
    name: stats.producerName ?? null,
    id: stats.producerId ?? null,
    address: stats.address ?? null,
    connectedSince: utcOf(stats.connectedSince),
    clientVersion: stats.clientVersion ?? null,
    accessMode: stats.accessMode ?? null,
    metadata: stats.metadata ?? {},
    ratePerSecond: stats.msgRateIn ?? null,
    bytesPerSecond: stats.msgThroughputIn ?? null,
    averageMessageBytes: someBytes(stats.averageMsgSize),
    chunkRatePerSecond: stats.chunkedMessageRate ?? null,
    messagesPerEntry: null,
  }
}

/** An average of nothing is written as 0. */
function someBytes(average: number | undefined): number | null {
  return average === undefined || average <= 0 ? null : average
}
