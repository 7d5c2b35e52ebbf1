/**
 * The broker's own shapes, with its field names, as far as keyshift reads them. Fields differ between versions: all but
 * the oldest are optional, and unknown ones are ignored. Source: checked on 3.0.7, 4.0.7 and 4.2.4.
 */

export type SubscriptionType = 'Exclusive' | 'Failover' | 'Key_Shared' | 'None' | 'Shared'

/** One consumer of one subscription on one partition. */
export interface ConsumerStats {
  /** the role of its login; 4.0 and later */
  appId?: string
  consumerName?: string
  address?: string
  connectedSince?: string
  clientVersion?: string
  /** metadata that its program sets */
  metadata?: Record<string, string>
  availablePermits?: number
  unackedMessages?: number
  /** 0 before its first delivery */
  avgMessagesPerEntry?: number
  blockedConsumerOnUnackedMsgs?: boolean
  msgRateOut?: number
  msgThroughputOut?: number
  msgRateRedeliver?: number
  messageAckRate?: number
  chunkedMessageRate?: number
  msgOutCounter?: number
  bytesOutCounter?: number
  /** `ledger:entry`; 3.x and the classic dispatcher */
  readPositionWhenJoining?: string
  lastAckedTimestamp?: number
  lastConsumedTimestamp?: number
  /** time of its last flow (permit request), epoch ms; 0 for none since the topic was loaded */
  lastConsumedFlowTimestamp?: number
  firstMessagesSentTimestamp?: number
  firstConsumedFlowTimestamp?: number
  /** `[start, end]`, inclusive; 4.0 and later. */
  keyHashRangeArrays?: Array<[number, number]>
  /** The same as text, `"[start, end]"`; 3.x and the classic dispatcher. */
  keyHashRanges?: string[]
  drainingHashesCount?: number
  drainingHashesClearedTotal?: number
  drainingHashesUnackedMessages?: number
  drainingHashes?: Array<{hash: number; unackMsgs: number; blockedAttempts: number}>
}

export interface SubscriptionStats {
  type?: string
  keySharedMode?: string
  allowOutOfOrderDelivery?: boolean
  activeConsumerName?: string
  isDurable?: boolean
  isReplicated?: boolean
  /** Entries: a batch is one. */
  msgBacklog?: number
  msgBacklogNoDelayed?: number
  backlogSize?: number
  earliestMsgPublishTimeInBacklog?: number
  /** Messages. */
  unackedMessages?: number
  blockedSubscriptionOnUnackedMsgs?: boolean
  msgDelayed?: number
  msgInReplay?: number
  msgRateOut?: number
  msgThroughputOut?: number
  msgRateRedeliver?: number
  messageAckRate?: number
  chunkedMessageRate?: number
  msgRateExpired?: number
  msgOutCounter?: number
  bytesOutCounter?: number
  totalMsgExpired?: number
  /** these five: epoch ms; 0 for never since the topic was loaded */
  lastConsumedFlowTimestamp?: number
  lastConsumedTimestamp?: number
  lastAckedTimestamp?: number
  lastMarkDeleteAdvancedTimestamp?: number
  lastExpireTimestamp?: number
  nonContiguousDeletedMessagesRanges?: number
  /** joined consumers that get nothing until mark-delete passes this `ledger:entry`, by name; 3.x and the classic dispatcher */
  consumersAfterMarkDeletePosition?: Record<string, string>
  nonContiguousDeletedMessagesRangesSerializedSize?: number
  delayedMessageIndexSizeInBytes?: number
  /** 4.0 and later */
  drainingHashesCount?: number
  drainingHashesClearedTotal?: number
  drainingHashesUnackedMessages?: number
  filterProcessedMsgCount?: number
  filterAcceptedMsgCount?: number
  filterRejectedMsgCount?: number
  filterRescheduledMsgCount?: number
  subscriptionProperties?: Record<string, string>
  /** Reads that a rate limit of the subscription throttled; 4.0.7 and later, as the next five. */
  dispatchThrottledMsgEventsBySubscriptionLimit?: number
  dispatchThrottledBytesEventsBySubscriptionLimit?: number
  dispatchThrottledMsgEventsByTopicLimit?: number
  dispatchThrottledBytesEventsByTopicLimit?: number
  dispatchThrottledMsgEventsByBrokerLimit?: number
  dispatchThrottledBytesEventsByBrokerLimit?: number
  consumers?: ConsumerStats[]
}

/** One producer on one partition. */
export interface PublisherStats {
  producerName?: string
  producerId?: number
  address?: string
  connectedSince?: string
  clientVersion?: string
  accessMode?: string
  metadata?: Record<string, string>
  msgRateIn?: number
  msgThroughputIn?: number
  /** bytes; 0 while nothing is published */
  averageMsgSize?: number
  chunkedMessageRate?: number
}

export interface TopicStats {
  msgRateIn?: number
  msgThroughputIn?: number
  msgInCounter?: number
  bytesInCounter?: number
  averageMsgSize?: number
  msgChunkPublished?: boolean
  storageSize?: number
  offloadedStorageSize?: number
  publishRateLimitedTimes?: number
  ongoingTxnCount?: number
  waitingPublishers?: number
  deduplicationStatus?: string
  /** only with producers in an exclusive access mode */
  topicEpoch?: number
  lastPublishTimeStamp?: number
  ownerBroker?: string
  publishers?: PublisherStats[]
  subscriptions?: Record<string, SubscriptionStats>
}

export interface PartitionedTopicStats extends TopicStats {
  metadata?: {partitions?: number}
  /** Keyed by the partition's full name. The broker silently omits partitions whose statistics failed. */
  partitions?: Record<string, TopicStats>
}

export interface CursorStats {
  /** `ledger:entry` */
  markDeletePosition?: string
  readPosition?: string
  /** waits at the end of the topic for an entry */
  waitingReadOp?: boolean
  pendingReadOps?: number
  /** entries acknowledged since the topic was loaded, also individually; expired and skipped entries count as acknowledged */
  messagesConsumedCounter?: number
  state?: string
  /** the dispatcher has requested entries and not received them yet */
  subscriptionHavePendingRead?: boolean
  subscriptionHavePendingReplayRead?: boolean
  individuallyDeletedMessages?: string
}

export interface InternalStats {
  lastConfirmedEntry?: string
  ledgers?: Array<{ledgerId: number; entries: number}>
  /** Keyed by the URL-encoded subscription name. */
  cursors?: Record<string, CursorStats>
}

export interface DispatchRate {
  dispatchThrottlingRateInMsg: number
  dispatchThrottlingRateInByte: number
  relativeToPublishRate: boolean
  ratePeriodInSecond: number
}

export interface AutoSubscriptionCreation {
  allowAutoSubscriptionCreation: boolean
}

/** The maximum backlog of a topic, and what happens above it. −1 and 0 are unlimited. */
export interface BacklogQuota {
  /** `consumer_backlog_eviction` drops the oldest messages; the other policies stop producers */
  policy?: string
  /** bytes */
  limitSize?: number
  /** seconds */
  limitTime?: number
}
