import type {ConsumerStats, SubscriptionStats} from '../../../clients/pulsar-admin/types.js'
import {reportedConsumers} from '../../keys/assignment/reported-consumers.js'
import {byNameAndAddress} from '../../topic-stats/consumers.js'
import {timeOf, utcOf} from '../../topic-stats/times.js'
import {countedUnacked} from '../../topic-stats/unacked-messages.js'

/** Slots that moved to another consumer. The broker blocks them until the old consumer has acknowledged its messages. */
export interface DrainingReport {
  slots: number
  /** messages */
  unackedMessages: number | null
  /** slots that finished draining since the topic was loaded */
  clearedSlots: number | null
}

export interface ConsumerReport {
  name: string | null
  address: string | null
  connectedSince: string | null
  clientVersion: string | null
  /** the role of its login; reported since 4.0 */
  role: string | null
  /** properties set by the application */
  metadata: Record<string, string>
  /** permits: messages that the broker may still send to it; may be negative with batches */
  availablePermits: number | null
  /** messages */
  unackedMessages: number | null
  isBlockedOnUnacked: boolean
  /** average batch size; above 1 the producers batch; null before any delivery */
  messagesPerEntry: number | null
  ratePerSecond: number | null
  bytesPerSecond: number | null
  ackRatePerSecond: number | null
  redeliveryRatePerSecond: number | null
  chunkRatePerSecond: number | null
  /** messages, since the topic was loaded */
  deliveredMessages: number | null
  deliveredBytes: number | null
  lastAckedAt: string | null
  lastDeliveredAt: string | null
  /** when it last requested messages (flow) */
  lastFlowAt: string | null
  firstDeliveredAt: string | null
  firstFlowAt: string | null
  /** number of slots that it owns; null unless the subscription is Key_Shared */
  keyHashSlots: number | null
  /** slots that it owned before; reported since 4.0 */
  draining: DrainingReport | null
  /** `ledger:entry`: before 4.0, a consumer that joins receives only messages before it until those are acknowledged */
  readPositionWhenJoining: string | null
}

export function reportConsumers(subscription: SubscriptionStats): ConsumerReport[] {
  const isKeyShared = subscription.type === 'Key_Shared'
  return reportedConsumers(subscription)
    .map(({ranges, stats}) => ({
      ...reportConsumer(stats, subscription.type),
      keyHashSlots: isKeyShared ? ranges.reduce((sum, {end, start}) => sum + end - start + 1, 0) : null,
    }))
    .toSorted(byNameAndAddress)
}

/** null when the broker does not report it. */
export function reportDraining(stats: ConsumerStats | SubscriptionStats): DrainingReport | null {
  if (stats.drainingHashesCount === undefined) return null
  return {
    slots: stats.drainingHashesCount,
    unackedMessages: stats.drainingHashesUnackedMessages ?? null,
    clearedSlots: stats.drainingHashesClearedTotal ?? null,
  }
}

function reportConsumer(stats: ConsumerStats, type: string | undefined): Omit<ConsumerReport, 'keyHashSlots'> {
  return {
    name: stats.consumerName ?? null,
    address: stats.address ?? null,
    connectedSince: utcOf(stats.connectedSince),
    clientVersion: stats.clientVersion ?? null,
    role: stats.appId ?? null,
    metadata: stats.metadata ?? {},
    availablePermits: stats.availablePermits ?? null,
    unackedMessages: countedUnacked(stats.unackedMessages, type),
    isBlockedOnUnacked: stats.blockedConsumerOnUnackedMsgs ?? false,
    messagesPerEntry: stats.avgMessagesPerEntry === 0 ? null : (stats.avgMessagesPerEntry ?? null),
    ratePerSecond: stats.msgRateOut ?? null,
    bytesPerSecond: stats.msgThroughputOut ?? null,
    ackRatePerSecond: stats.messageAckRate ?? null,
    redeliveryRatePerSecond: stats.msgRateRedeliver ?? null,
    chunkRatePerSecond: stats.chunkedMessageRate ?? null,
    deliveredMessages: stats.msgOutCounter ?? null,
    deliveredBytes: stats.bytesOutCounter ?? null,
    lastAckedAt: timeOf(stats.lastAckedTimestamp),
    lastDeliveredAt: timeOf(stats.lastConsumedTimestamp),
    lastFlowAt: timeOf(stats.lastConsumedFlowTimestamp),
    firstDeliveredAt: timeOf(stats.firstMessagesSentTimestamp),
    firstFlowAt: timeOf(stats.firstConsumedFlowTimestamp),
    draining: reportDraining(stats),
    readPositionWhenJoining: stats.readPositionWhenJoining ?? null,
  }
}
