import type {ConsumerStats, SubscriptionStats, TopicStats} from '../../../clients/pulsar-admin/types.js'
import type {LockRelation} from '../../locks/recognition/lock-record.js'
import type {AppliedPolicies} from '../../policies/applied-policies.js'

/** Everything that a diagnosis needs: the same snapshot gives the same findings on any machine, at any time. */
export interface DiagnosisSnapshot {
  readonly format: 'keyshift.diagnosis-snapshot/v1'
  /** ISO 8601, by the clock of the machine that took it */
  readonly takenAt: string
  readonly brokerVersion: string
  readonly settings: BrokerLimits
  readonly topics: readonly TopicSnapshot[]
  /** topics of a pattern that could not be read, and why */
  readonly failed: ReadonlyArray<{readonly topic: string; readonly cause: string}>
}

/** The broker's settings that set limits; null if this login may not read them. */
export interface BrokerLimits {
  /** messages */
  readonly maxUnackedPerConsumer: number | null
  readonly maxUnackedPerSubscription: number | null
  /** messages in the replay queue from which on Key_Shared stops reading: per consumer, and per subscription */
  readonly lookAheadPerConsumer: number | null
  readonly lookAheadPerSubscription: number | null
  /** ack holes that the broker persists; those above the limit are lost when the topic is reloaded */
  readonly maxAckHolesKept: number | null
  /** whether Key_Shared subscriptions use the classic dispatcher, which has no limit on its replay queue */
  readonly isKeySharedClassic: boolean | null
}

export interface TopicSnapshot {
  readonly topic: string
  /** the subscription that was requested by name; null for all */
  readonly subscription: string | null
  /** null on a topic without partitions */
  readonly partitionCount: number | null
  /** null in a snapshot that was taken without them */
  readonly policies: TopicLimits | null
  /** the first sample and the second one */
  readonly samples: readonly [TopicSample, TopicSample]
  /** by subscription, only for one that was given by name: what a few entries of its backlog contain */
  readonly messageSamples: Readonly<Record<string, MessageSample>>
  /** by subscription, only if requested: the Redis locks that block its messages */
  readonly locks: Readonly<Record<string, readonly BlockingLock[]>>
}

/** A Redis lock that blocks the messages of a key. */
export interface BlockingLock {
  readonly lock: string
  /** the message key */
  readonly key: string
  readonly partition: number | null
  readonly holder: string | null
  readonly relation: LockRelation | null
  /** the consumer that receives the messages; null if any consumer may */
  readonly consumer: {readonly name: string | null; readonly address: string | null} | null
  readonly messages: number
  readonly oldestAgeMs: number | null
  /** null if the lock never expires */
  readonly ttlMs: number | null
  readonly heldAtLeastMs: number | null
}

/** Limits of a subscription, and where each is set. A limit that nothing points to is not read, so it is unknown. */
export type SubscriptionLimits = Pick<
  AppliedPolicies,
  | 'dispatchRate'
  | 'maxUnackedMessagesPerConsumer'
  | 'maxUnackedMessagesPerSubscription'
  | 'pausesOnAckStatePersistent'
  | 'topicDispatchRate'
>

export interface TopicLimits {
  readonly bySubscription: Readonly<Record<string, SubscriptionLimits>>
  /** seconds; 0 if messages never expire; null if unknown */
  readonly messageTtlSeconds: number | null
  /** size and age of the backlog above which the broker drops the oldest messages; null if no quota does so */
  readonly evictsAbove: {readonly bytes: number | null; readonly seconds: number | null}
}

export interface TopicSample {
  /** epoch ms, by the clock of the machine that took the sample */
  readonly atMs: number
  readonly partitions: readonly PartitionSample[]
}

export interface PartitionSample {
  readonly partition: number | null
  readonly messagesIn: number | null
  readonly ongoingTransactions: number | null
  readonly subscriptions: Readonly<Record<string, SampledSubscription>>
  /** by subscription, only where a backlog does not move */
  readonly cursors: Readonly<Record<string, CursorSample>>
}

/** What the broker has read of a partition for a subscription. */
export interface CursorSample {
  /** `ledger:entry`, as the next three; null if the broker does not report it */
  readonly markDeletePosition: string | null
  readonly readPosition: string | null
  readonly lastConfirmedEntry: string | null
  /** the oldest entry that is not acknowledged */
  readonly firstUnackedEntry: string | null
  /** entries that are not acknowledged; null if unknown, as the next one */
  readonly unackedEntries: number | null
  /** entries of the backlog that the broker has not read for this subscription */
  readonly unreadEntries: number | null
  /** whether the dispatcher waits for entries that it has requested; null on brokers that do not report it */
  readonly hasPendingRead: boolean | null
  readonly hasPendingReplayRead: boolean | null
}

/** The statistics that a snapshot contains; rules can read no others. */
export type SampledSubscription = Pick<SubscriptionStats, (typeof SUBSCRIPTION_FIELDS)[number]> & {
  readonly consumers?: Array<Pick<ConsumerStats, (typeof CONSUMER_FIELDS)[number]>>
}

export interface SampledTopKey {
  readonly key: string
  readonly messages: number
  readonly partition: number | null
  /** Whether a space in the key may be another character, which HTTP headers cannot carry. Older snapshots do not have it. */
  readonly isUncertain?: boolean
}

/** What the sampled messages of a backlog contain. */
export interface MessageSample {
  readonly entries: number
  readonly messages: number
  readonly keylessMessages: number
  readonly mixedBatches: number
  /** the most frequent key and the number of its messages; null if no message has a key */
  readonly topKey: SampledTopKey | null
}

const SUBSCRIPTION_FIELDS = [
  ...(['type', 'keySharedMode', 'allowOutOfOrderDelivery', 'activeConsumerName', 'isDurable', 'msgBacklog'] as const),
  ...([
    'backlogSize',
    'earliestMsgPublishTimeInBacklog',
    'unackedMessages',
    'blockedSubscriptionOnUnackedMsgs',
  ] as const),
  ...(['msgDelayed', 'msgInReplay', 'msgOutCounter', 'nonContiguousDeletedMessagesRanges'] as const),
  ...(['lastMarkDeleteAdvancedTimestamp', 'lastAckedTimestamp', 'lastConsumedTimestamp', 'msgRateRedeliver'] as const),
  ...(['consumersAfterMarkDeletePosition'] as const),
  ...(['dispatchThrottledMsgEventsBySubscriptionLimit', 'dispatchThrottledBytesEventsBySubscriptionLimit'] as const),
  ...(['dispatchThrottledMsgEventsByTopicLimit', 'dispatchThrottledBytesEventsByTopicLimit'] as const),
  ...(['dispatchThrottledMsgEventsByBrokerLimit', 'dispatchThrottledBytesEventsByBrokerLimit'] as const),
]
const CONSUMER_FIELDS = [
  ...(['consumerName', 'address', 'connectedSince', 'clientVersion', 'availablePermits', 'unackedMessages'] as const),
  ...(['avgMessagesPerEntry', 'blockedConsumerOnUnackedMsgs', 'msgOutCounter', 'lastAckedTimestamp'] as const),
  ...(['lastConsumedTimestamp', 'lastConsumedFlowTimestamp', 'keyHashRangeArrays', 'keyHashRanges'] as const),
  ...(['drainingHashes', 'msgRateRedeliver', 'readPositionWhenJoining'] as const),
]

/** A partition's statistics, reduced to what a diagnosis needs: properties and metadata may contain secrets. */
export function samplePartition(
  partition: number | null,
  {msgInCounter, ongoingTxnCount, subscriptions = {}}: TopicStats,
  only: string | null,
): PartitionSample {
  const wanted = Object.entries(subscriptions).filter(([name]) => only === null || name === only)
  return {
    partition,
    messagesIn: msgInCounter ?? null,
    ongoingTransactions: ongoingTxnCount ?? null,
    cursors: {},
    subscriptions: Object.fromEntries(
      wanted.map(([name, stats]) => [
        name,
        {
          ...pick(stats, SUBSCRIPTION_FIELDS),
          consumers: (stats.consumers ?? []).map((one) => pick(one, CONSUMER_FIELDS)),
        },
      ]),
    ),
  }
}

function pick<T extends object, K extends keyof T>(from: T, fields: readonly K[]): Pick<T, K> {
  return Object.fromEntries(fields.filter((field) => field in from).map((field) => [field, from[field]])) as Pick<T, K>
}
