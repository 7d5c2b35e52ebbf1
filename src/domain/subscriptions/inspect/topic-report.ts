import type {PublisherStats, TopicStats} from '../../../clients/pulsar-admin/types.js'
import {byNameAndAddress} from '../../topic-stats/consumers.js'
import {timeOf, utcOf} from '../../topic-stats/times.js'

/** One producer on one partition. */
export interface PublisherReport {
  name: string | null
  /** distinguishes the producers of one connection */
  id: number | null
  address: string | null
  connectedSince: string | null
  clientVersion: string | null
  /** `Exclusive` and `WaitForExclusive` reject other producers */
  accessMode: string | null
  metadata: Record<string, string>
  ratePerSecond: number | null
  bytesPerSecond: number | null
  /** null without published messages */
  averageMessageBytes: number | null
  chunkRatePerSecond: number | null
  /** always null: brokers report it for consumers only */
  messagesPerEntry: number | null
}

/** Statistics of a partition's topic itself; counters start when it is loaded. */
export interface TopicReport {
  /** `host:port` */
  ownerBroker: string | null
  rateInPerSecond: number | null
  bytesInPerSecond: number | null
  publishedMessages: number | null
  publishedBytes: number | null
  averageMessageBytes: number | null
  lastPublishedAt: string | null
  /** size of all stored messages, including acknowledged ones */
  storageBytes: number | null
  /** the part of it in tiered storage */
  offloadedBytes: number | null
  deduplicationStatus: string | null
  /** whether chunked messages were published */
  hasChunks: boolean | null
  /** how often an exclusive producer took over; null without one */
  epoch: number | null
  /** producers waiting for an exclusive one to disconnect */
  waitingPublishers: number | null
  /** how often a publish rate throttled producers */
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

/** The broker reports 0 as the average of no messages. */
function someBytes(average: number | undefined): number | null {
  return average === undefined || average <= 0 ? null : average
}
