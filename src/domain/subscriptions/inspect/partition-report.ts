import type {InternalStats, SubscriptionStats} from '../../../clients/pulsar-admin/types.js'
import type {SubscriptionPartition} from '../../topic-stats/collect-topic-stats.js'
import {type CursorReport, reportCursor} from './cursor-report.js'
import {type ConsumerReport, type DrainingReport, reportConsumers, reportDraining} from './consumer-report.js'
import {type PublisherReport, reportPublishers, reportTopic, type TopicReport} from './topic-report.js'
import {timeOf} from '../../topic-stats/times.js'

/** How often a limit throttled a read since the topic was loaded; counted since 4.0.7. */
export interface ThrottledReport {
  byMessages: number | null
  byBytes: number | null
}

/** Messages by result of the entry filters since the topic was loaded. */
export interface FilterReport {
  processedMessages: number | null
  acceptedMessages: number | null
  rejectedMessages: number | null
  rescheduledMessages: number | null
}

/** Counters and times start when the topic is loaded; a time is null when the event has not happened since. */
export interface PartitionReport {
  /** null on a plain topic */
  partition: number | null
  type: string
  /** the consumer a Failover or Exclusive subscription delivers to */
  activeConsumer: string | null
  keySharedMode: string | null
  /** whether messages of one key may be delivered out of order; null unless it is Key_Shared */
  allowsOutOfOrder: boolean | null
  /** entries: a batch is one */
  backlogEntries: number | null
  /** without delayed messages */
  backlogWithoutDelayedEntries: number | null
  backlogBytes: number | null
  /** age of the oldest unacknowledged message; null when it was not requested and without a backlog */
  oldestAgeMs: number | null
  /** messages */
  unackedMessages: number | null
  delayedMessages: number | null
  delayedIndexBytes: number | null
  replayMessages: number | null
  /** gaps between individually acknowledged entries after the mark-delete position */
  ackHoles: number | null
  /** their size in the stored cursor */
  ackHolesBytes: number | null
  rateOutPerSecond: number | null
  bytesOutPerSecond: number | null
  ackRatePerSecond: number | null
  redeliveryRatePerSecond: number | null
  chunkRatePerSecond: number | null
  expiryRatePerSecond: number | null
  deliveredMessages: number | null
  deliveredBytes: number | null
  expiredMessages: number | null
  lastDeliveredAt: string | null
  lastAckedAt: string | null
  lastMarkDeleteAdvancedAt: string | null
  /** when a consumer last requested messages (flow) */
  lastFlowAt: string | null
  /** when messages last expired */
  lastExpiredAt: string | null
  isBlockedOnUnacked: boolean
  draining: DrainingReport | null
  /** by the level of the limit */
  throttled: {subscription: ThrottledReport; topic: ThrottledReport; broker: ThrottledReport}
  filtered: FilterReport
  properties: Record<string, string>
  /** null when it was not read */
  cursor: CursorReport | null
  consumers: ConsumerReport[]
  topic: TopicReport
  publishers: PublisherReport[]
}

/** Readings of a partition in addition to its statistics. */
export interface PartitionExtras {
  readonly internal: InternalStats | undefined
  readonly oldestAgeMs: number | null
}

export function reportPartition(
  {partition, stats, subscription: own}: SubscriptionPartition,
  name: string,
  {internal, oldestAgeMs}: PartitionExtras,
): PartitionReport {
  return {
    partition,
    type: own.type ?? 'None',
    activeConsumer: own.activeConsumerName ?? null,
    keySharedMode: own.keySharedMode ?? null,
    allowsOutOfOrder: own.type === 'Key_Shared' ? (own.allowOutOfOrderDelivery ?? null) : null,
    ...waiting(own),
    oldestAgeMs,
    ...movement(own),
    ...lastTimes(own),
    isBlockedOnUnacked: own.blockedSubscriptionOnUnackedMsgs ?? false,
    draining: reportDraining(own),
    throttled: throttled(own),
    filtered: {
      processedMessages: own.filterProcessedMsgCount ?? null,
      acceptedMessages: own.filterAcceptedMsgCount ?? null,
      rejectedMessages: own.filterRejectedMsgCount ?? null,
      rescheduledMessages: own.filterRescheduledMsgCount ?? null,
    },
    properties: own.subscriptionProperties ?? {},
    cursor: internal ? reportCursor(internal, name) : null,
    consumers: reportConsumers(own),
    topic: reportTopic(stats),
    publishers: reportPublishers(stats),
  }
}

function waiting(own: SubscriptionStats) {
  return {
    backlogEntries: own.msgBacklog ?? null,
    backlogWithoutDelayedEntries: own.msgBacklogNoDelayed ?? null,
    backlogBytes: atLeastZero(own.backlogSize),
    unackedMessages: own.unackedMessages ?? null,
    delayedMessages: own.msgDelayed ?? null,
    delayedIndexBytes: own.delayedMessageIndexSizeInBytes ?? null,
    replayMessages: own.msgInReplay ?? null,
    ackHoles: own.nonContiguousDeletedMessagesRanges ?? null,
    ackHolesBytes: own.nonContiguousDeletedMessagesRangesSerializedSize ?? null,
  }
}

function movement(own: SubscriptionStats) {
  return {
    rateOutPerSecond: own.msgRateOut ?? null,
    bytesOutPerSecond: own.msgThroughputOut ?? null,
    ackRatePerSecond: own.messageAckRate ?? null,
    redeliveryRatePerSecond: own.msgRateRedeliver ?? null,
    chunkRatePerSecond: own.chunkedMessageRate ?? null,
    expiryRatePerSecond: own.msgRateExpired ?? null,
    deliveredMessages: own.msgOutCounter ?? null,
    deliveredBytes: own.bytesOutCounter ?? null,
    expiredMessages: own.totalMsgExpired ?? null,
  }
}

function lastTimes(own: SubscriptionStats) {
  return {
    lastDeliveredAt: timeOf(own.lastConsumedTimestamp),
    lastAckedAt: timeOf(own.lastAckedTimestamp),
    lastMarkDeleteAdvancedAt: timeOf(own.lastMarkDeleteAdvancedTimestamp),
    lastFlowAt: timeOf(own.lastConsumedFlowTimestamp),
    lastExpiredAt: timeOf(own.lastExpireTimestamp),
  }
}

function throttled(own: SubscriptionStats): PartitionReport['throttled'] {
  return {
    subscription: {
      byMessages: own.dispatchThrottledMsgEventsBySubscriptionLimit ?? null,
      byBytes: own.dispatchThrottledBytesEventsBySubscriptionLimit ?? null,
    },
    topic: {
      byMessages: own.dispatchThrottledMsgEventsByTopicLimit ?? null,
      byBytes: own.dispatchThrottledBytesEventsByTopicLimit ?? null,
    },
    broker: {
      byMessages: own.dispatchThrottledMsgEventsByBrokerLimit ?? null,
      byBytes: own.dispatchThrottledBytesEventsByBrokerLimit ?? null,
    },
  }
}

/** The broker reports −1 for a size that was not requested. */
function atLeastZero(value: number | undefined): number | null {
  return value === undefined || value < 0 ? null : value
}
