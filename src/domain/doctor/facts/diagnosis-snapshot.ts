import type {DispatchRate, SubscriptionStats, TopicStats} from '../../../clients/pulsar-admin/types.js'
import type {LockRelation} from '../../locks/recognition/lock-record.js'

/** Everything that a diagnosis needs: the same snapshot gives the same findings, wherever and whenever. */
export interface DiagnosisSnapshot {
  readonly format: 'keyshift.diagnosis-snapshot/v1'
  /** ISO 8601, of the machine that took it */
  readonly takenAt: string
  readonly brokerVersion: string
  readonly settings: BrokerLimits
  readonly topics: readonly TopicSnapshot[]
  /** topics of a pattern that could not be looked at, and why */
  readonly failed: ReadonlyArray<{readonly topic: string; readonly cause: string}>
}

/** The broker's settings that set limits; null where this login may not read them. */
export interface BrokerLimits {
  /** messages */
  readonly maxUnackedPerConsumer: number | null
  readonly maxUnackedPerSubscription: number | null
  /** messages waiting to be replayed, from which Key_Shared reads no further: for each consumer, and in all */
  readonly lookAheadPerConsumer: number | null
  readonly lookAheadPerSubscription: number | null
  /** ack holes that survive a restart of the broker */
  readonly maxAckHolesKept: number | null
}

export interface TopicSnapshot {
  readonly topic: string
  /** null on a plain topic */
  readonly partitionCount: number | null
  /** null in snapshots where nobody could read them */
  readonly policies: TopicLimits | null
  /** The first look and the last one. */
  readonly samples: readonly [TopicSample, TopicSample]
  /** what a few entries of the backlog show, by subscription; of those that were asked for by name */
  readonly messageSamples: Readonly<Record<string, MessageSample>>
  /** locks behind which messages wait, by subscription; of those for which it was asked */
  readonly locks: Readonly<Record<string, readonly BlockingLock[]>>
}

/** A Redis lock that keeps messages of a key from being handled. */
export interface BlockingLock {
  readonly lock: string
  /** of the messages */
  readonly key: string
  readonly partition: number | null
  readonly holder: string | null
  readonly relation: LockRelation | null
  /** who gets the messages; null where anybody may */
  readonly consumer: {readonly name: string | null; readonly address: string | null} | null
  readonly messages: number
  readonly oldestAgeMs: number | null
  /** null for one that never ends */
  readonly ttlMs: number | null
  readonly heldAtLeastMs: number | null
}

export interface TopicLimits {
  /** by subscription; null where it has no rate of its own, and none where they can't be read */
  readonly dispatchRates: Readonly<Record<string, DispatchRate | null>>
  /** seconds; 0 where messages live for ever; null where it is not known */
  readonly messageTtlSeconds: number | null
  /** bytes and seconds of backlog above which the oldest messages are dropped; null where none are for that */
  readonly evictsAbove: {readonly bytes: number | null; readonly seconds: number | null}
}

export interface TopicSample {
  /** epoch ms of the machine that looked */
  readonly atMs: number
  readonly partitions: readonly PartitionSample[]
}

export interface PartitionSample {
  readonly partition: number | null
  readonly messagesIn: number | null
  readonly subscriptions: Readonly<Record<string, SubscriptionStats>>
}

/** What messages of a backlog show. */
export interface MessageSample {
  readonly entries: number
  readonly messages: number
  readonly keylessMessages: number
  readonly mixedBatches: number
  /** the most frequent key, and its messages; null without keys */
  readonly topKey: {readonly key: string; readonly messages: number; readonly partition: number | null} | null
}

const SUBSCRIPTION_FIELDS: ReadonlyArray<keyof SubscriptionStats> = [
  ...(['type', 'keySharedMode', 'allowOutOfOrderDelivery', 'activeConsumerName', 'isDurable', 'msgBacklog'] as const),
  ...([
    'backlogSize',
    'earliestMsgPublishTimeInBacklog',
    'unackedMessages',
    'blockedSubscriptionOnUnackedMsgs',
  ] as const),
  ...(['msgDelayed', 'msgInReplay', 'msgOutCounter', 'nonContiguousDeletedMessagesRanges'] as const),
  ...(['lastMarkDeleteAdvancedTimestamp', 'dispatchThrottledMsgEventsBySubscriptionLimit'] as const),
]
const CONSUMER_FIELDS = [
  ...(['consumerName', 'address', 'connectedSince', 'clientVersion', 'availablePermits', 'unackedMessages'] as const),
  ...(['avgMessagesPerEntry', 'blockedConsumerOnUnackedMsgs', 'msgOutCounter', 'lastAckedTimestamp'] as const),
  ...(['lastConsumedTimestamp', 'lastConsumedFlowTimestamp', 'keyHashRangeArrays', 'keyHashRanges'] as const),
  ...(['drainingHashes'] as const),
]

/** A partition's statistics without what a diagnosis does not need: properties and metadata may hold secrets. */
export function samplePartition(
  partition: number | null,
  {msgInCounter, subscriptions = {}}: TopicStats,
  only: string | null,
): PartitionSample {
  const wanted = Object.entries(subscriptions).filter(([name]) => only === null || name === only)
  return {
    partition,
    messagesIn: msgInCounter ?? null,
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
