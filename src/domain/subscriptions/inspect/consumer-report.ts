import type {ConsumerStats, SubscriptionStats} from '../../../clients/pulsar-admin/types.js'
import {reportedConsumers} from '../../keys/assignment/reported-consumers.js'
import {byNameAndAddress} from '../../topic-stats/consumers.js'
import {timeOf, utcOf} from '../../topic-stats/times.js'

/** Slots that have gone to another consumer, who gets none of their messages until the old one has acknowledged its own. */
export interface DrainingReport {
  slots: number
  /** messages */
  unackedMessages: number | null
  /** slots that are no longer draining, since the topic was loaded */
  clearedSlots: number | null
}

export interface ConsumerReport {
  name: string | null
  address: string | null
  connectedSince: string | null
  clientVersion: string | null
  /** the role it logged in with; brokers from 4.0 tell it */
  role: string | null
  /** what its program says of itself */
  metadata: Record<string, string>
  /** messages the consumer can still be sent; may be negative with batches */
  availablePermits: number | null
  /** messages */
  unackedMessages: number | null
  isBlockedOnUnacked: boolean
  /** above 1 producers batch; null before it was given any */
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
  /** when it last asked for messages */
  lastFlowAt: string | null
  firstDeliveredAt: string | null
  firstFlowAt: string | null
  /** how many slots of the key space are its own; null unless the subscription is Key_Shared */
  keyHashSlots: number | null
  /** slots that were its own; brokers from 4.0 tell it */
  draining: DrainingReport | null
  /** `ledger:entry`: before 4.0, a consumer that joined gets only what lies before it until all that is acknowledged */
  readPositionWhenJoining: string | null
}

export function reportConsumers(subscription: SubscriptionStats): ConsumerReport[] {
  const isKeyShared = subscription.type === 'Key_Shared'
  return reportedConsumers(subscription)
    .map(({ranges, stats}) => ({
      ...reportConsumer(stats),
      keyHashSlots: isKeyShared ? ranges.reduce((sum, {end, start}) => sum + end - start + 1, 0) : null,
    }))
    .toSorted(byNameAndAddress)
}

/** null where the broker does not tell. */
export function reportDraining(stats: ConsumerStats | SubscriptionStats): DrainingReport | null {
  if (stats.drainingHashesCount === undefined) return null
  return {
    slots: stats.drainingHashesCount,
    unackedMessages: stats.drainingHashesUnackedMessages ?? null,
    clearedSlots: stats.drainingHashesClearedTotal ?? null,
  }
}

function reportConsumer(stats: ConsumerStats): Omit<ConsumerReport, 'keyHashSlots'> {
  return {
    name: stats.consumerName ?? null,
    address: stats.address ?? null,
    connectedSince: utcOf(stats.connectedSince),
    clientVersion: stats.clientVersion ?? null,
    role: stats.appId ?? null,
    metadata: stats.metadata ?? {},
    availablePermits: stats.availablePermits ?? null,
    unackedMessages: stats.unackedMessages ?? null,
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
