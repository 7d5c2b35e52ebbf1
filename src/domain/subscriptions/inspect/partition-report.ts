import type {InternalStats, SubscriptionStats} from '../../../clients/pulsar-admin/types.js'
import type {SubscriptionPartition} from '../../topic-stats/collect-topic-stats.js'
import {type CursorReport, reportCursor} from './cursor-report.js'
import {type ConsumerReport, type DrainingReport, reportConsumers, reportDraining} from './consumer-report.js'
import {type PublisherReport, reportPublishers, reportTopic, type TopicReport} from './topic-report.js'
import {timeOf} from '../../topic-stats/times.js'
import {countedUnacked} from '../../topic-stats/unacked-messages.js'

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
  /** joined consumers that receive nothing until mark-delete passes their position, `ledger:entry`; null where the broker does not report them, as of 4.0 */
  waitingForMarkDelete: Array<{consumer: string; position: string}> | null
  topic: TopicReport
  publishers: PublisherReport[]
}

/** Readings of a partition in addition to its statistics. */
export interface PartitionExtras {
  readonly internal: InternalStats | undefined
  readonly oldestAgeMs: number | null
}

export function reportPartition(
  {partition, stats, subscription}: SubscriptionPartition,
  name: string,
  {internal, oldestAgeMs}: PartitionExtras,
): PartitionReport {
  return {
    partition,
    type: subscription.type ?? 'None',
    activeConsumer: subscription.activeConsumerName ?? null,
    keySharedMode: subscription.keySharedMode ?? null,
    allowsOutOfOrder: subscription.type === 'Key_Shared' ? (subscription.allowOutOfOrderDelivery ?? null) : null,
    ...waiting(subscription),
    oldestAgeMs,
    ...movement(subscription),
    ...lastTimes(subscription),
    isBlockedOnUnacked: subscription.blockedSubscriptionOnUnackedMsgs ?? false,
    draining: reportDraining(subscription),
    throttled: throttled(subscription),
    filtered: {
      processedMessages: subscription.filterProcessedMsgCount ?? null,
      acceptedMessages: subscription.filterAcceptedMsgCount ?? null,
      rejectedMessages: subscription.filterRejectedMsgCount ?? null,
      rescheduledMessages: subscription.filterRescheduledMsgCount ?? null,
    },
    properties: subscription.subscriptionProperties ?? {},
    cursor: internal ? reportCursor(internal, name) : null,
    consumers: reportConsumers(subscription),
    waitingForMarkDelete: waitingForMarkDelete(subscription),
    topic: reportTopic(stats),
    publishers: reportPublishers(stats),
  }
}

function waiting(subscription: SubscriptionStats) {
  return {
    backlogEntries: subscription.msgBacklog ?? null,
    backlogWithoutDelayedEntries: subscription.msgBacklogNoDelayed ?? null,
    backlogBytes: atLeastZero(subscription.backlogSize),
    unackedMessages: countedUnacked(subscription.unackedMessages, subscription.type),
    delayedMessages: subscription.msgDelayed ?? null,
    delayedIndexBytes: subscription.delayedMessageIndexSizeInBytes ?? null,
    replayMessages: subscription.msgInReplay ?? null,
    ackHoles: subscription.nonContiguousDeletedMessagesRanges ?? null,
    ackHolesBytes: subscription.nonContiguousDeletedMessagesRangesSerializedSize ?? null,
  }
}

function waitingForMarkDelete({
  consumersAfterMarkDeletePosition: waiting,
}: SubscriptionStats): PartitionReport['waitingForMarkDelete'] {
  if (waiting === undefined) return null
  return Object.entries(waiting)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([consumer, position]) => ({consumer, position}))
}

function movement(subscription: SubscriptionStats) {
  return {
    rateOutPerSecond: subscription.msgRateOut ?? null,
    bytesOutPerSecond: subscription.msgThroughputOut ?? null,
    ackRatePerSecond: subscription.messageAckRate ?? null,
    redeliveryRatePerSecond: subscription.msgRateRedeliver ?? null,
    chunkRatePerSecond: subscription.chunkedMessageRate ?? null,
    expiryRatePerSecond: subscription.msgRateExpired ?? null,
    deliveredMessages: subscription.msgOutCounter ?? null,
    deliveredBytes: subscription.bytesOutCounter ?? null,
    expiredMessages: subscription.totalMsgExpired ?? null,
  }
}

function lastTimes(subscription: SubscriptionStats) {
  return {
    lastDeliveredAt: timeOf(subscription.lastConsumedTimestamp),
    lastAckedAt: timeOf(subscription.lastAckedTimestamp),
    lastMarkDeleteAdvancedAt: timeOf(subscription.lastMarkDeleteAdvancedTimestamp),
    lastFlowAt: timeOf(subscription.lastConsumedFlowTimestamp),
    lastExpiredAt: timeOf(subscription.lastExpireTimestamp),
  }
}

function throttled(subscription: SubscriptionStats): PartitionReport['throttled'] {
  return {
    subscription: {
      byMessages: subscription.dispatchThrottledMsgEventsBySubscriptionLimit ?? null,
      byBytes: subscription.dispatchThrottledBytesEventsBySubscriptionLimit ?? null,
    },
    topic: {
      byMessages: subscription.dispatchThrottledMsgEventsByTopicLimit ?? null,
      byBytes: subscription.dispatchThrottledBytesEventsByTopicLimit ?? null,
    },
    broker: {
      byMessages: subscription.dispatchThrottledMsgEventsByBrokerLimit ?? null,
      byBytes: subscription.dispatchThrottledBytesEventsByBrokerLimit ?? null,
    },
  }
}

/** The broker reports −1 for a size that was not requested. */
function atLeastZero(value: number | undefined): number | null {
  return value === undefined || value < 0 ? null : value
}
