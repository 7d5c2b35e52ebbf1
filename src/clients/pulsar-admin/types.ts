/**
 * The broker's own shapes, with its own field names, as far as keyshift reads them. Fields come and go between versions:
 * all but the oldest are optional, and unknown ones are ignored. Source: facts checked on 3.0.7, 4.0.7 and 4.2.4.
 */

export type SubscriptionType = 'Exclusive' | 'Failover' | 'Key_Shared' | 'None' | 'Shared'

/** One consumer of one subscription on one partition. */
export interface ConsumerStats {
  consumerName?: string
  address?: string
  connectedSince?: string
  clientVersion?: string
  /** what its program says of itself */
  metadata?: Record<string, string>
  availablePermits?: number
  unackedMessages?: number
  avgMessagesPerEntry?: number
  blockedConsumerOnUnackedMsgs?: boolean
  msgRateOut?: number
  messageAckRate?: number
  msgOutCounter?: number
  lastAckedTimestamp?: number
  lastConsumedTimestamp?: number
  /** when it last asked for messages, epoch ms; 0 for never since the topic was loaded */
  lastConsumedFlowTimestamp?: number
  /** `[start, end]`, inclusive; 4.0 and later. */
  keyHashRangeArrays?: Array<[number, number]>
  /** The same as text, `"[start, end]"`; 3.x and the classic dispatcher. */
  keyHashRanges?: string[]
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
  backlogSize?: number
  earliestMsgPublishTimeInBacklog?: number
  /** Messages. */
  unackedMessages?: number
  blockedSubscriptionOnUnackedMsgs?: boolean
  msgDelayed?: number
  msgInReplay?: number
  msgRateOut?: number
  msgRateRedeliver?: number
  msgOutCounter?: number
  /** epoch ms; 0 for never since the topic was loaded */
  lastMarkDeleteAdvancedTimestamp?: number
  nonContiguousDeletedMessagesRanges?: number
  subscriptionProperties?: Record<string, string>
  /** Reads that a rate limit of the subscription held back; 4.0.7 and later. */
  dispatchThrottledMsgEventsBySubscriptionLimit?: number
  consumers?: ConsumerStats[]
}

export interface TopicStats {
  msgRateIn?: number
  msgInCounter?: number
  msgChunkPublished?: boolean
  ownerBroker?: string
  publishers?: Array<{producerName?: string; clientVersion?: string}>
  subscriptions?: Record<string, SubscriptionStats>
}

export interface PartitionedTopicStats extends TopicStats {
  metadata?: {partitions?: number}
  /** Keyed by the partition's full name; partitions whose statistics failed are silently left out by the broker. */
  partitions?: Record<string, TopicStats>
}

export interface CursorStats {
  /** `ledger:entry` */
  markDeletePosition?: string
  readPosition?: string
  /** parked at the end of the topic until an entry comes */
  waitingReadOp?: boolean
  /** the dispatcher has asked for entries and not got them yet */
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

/** namespace → bundle → domain → topic → statistics, as GET /broker-stats/topics gives them. */
export type BrokerTopics = Record<string, Record<string, Record<string, Record<string, TopicStats>>>>

export interface AutoSubscriptionCreation {
  allowAutoSubscriptionCreation: boolean
}

/** How much a topic's backlog may be, and what happens then. A limit of −1 or 0 is none. */
export interface BacklogQuota {
  /** `consumer_backlog_eviction` drops the oldest messages; the others stop producers */
  policy?: string
  /** bytes */
  limitSize?: number
  /** seconds */
  limitTime?: number
}
