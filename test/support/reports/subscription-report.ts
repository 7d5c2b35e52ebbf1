/** A subscription with two partitions: one with every case that the text must show, one with unknown values only. */
import type {InternalStats, TopicStats} from '../../../src/clients/pulsar-admin/types.js'
import {
  inspectSubscription,
  type SubscriptionReport,
} from '../../../src/domain/subscriptions/inspect/subscription-report.js'
import {parseTopicName, partitionName} from '../../../src/topic-name.js'

const TOPIC = parseTopicName('orders')
const AT = Date.parse('2026-11-23T14:05:09.000Z')
const RATE = {
  dispatchThrottlingRateInMsg: 1,
  dispatchThrottlingRateInByte: -1,
  relativeToPublishRate: false,
  ratePeriodInSecond: 31_536_000,
}

const consumer = {clientVersion: 'Pulsar-Java-v4.2.4', connectedSince: '2026-11-23T15:00:09+01:00', appId: 'orders'}

const busy: TopicStats = {
  msgRateIn: 20,
  storageSize: 92_160,
  msgChunkPublished: true,
  publishRateLimitedTimes: 2,
  waitingPublishers: 1,
  deduplicationStatus: 'Disabled',
  lastPublishTimeStamp: AT - 900,
  ownerBroker: '10.0.0.1:8080',
  publishers: [
    {
      producerName: 'api',
      address: '/10.0.0.9:40110',
      clientVersion: 'Pulsar-Go-0.14',
      msgRateIn: 20,
      msgThroughputIn: 2000,
    },
    {
      producerName: 'sole',
      address: '/10.0.0.9:40112',
      accessMode: 'WaitForExclusive',
      msgRateIn: 0,
      msgThroughputIn: 0,
    },
  ],
  subscriptions: {
    decision: {
      type: 'Key_Shared',
      keySharedMode: 'AUTO_SPLIT',
      isDurable: true,
      isReplicated: false,
      msgBacklog: 12,
      msgBacklogNoDelayed: 10,
      backlogSize: 92_160,
      unackedMessages: 9,
      blockedSubscriptionOnUnackedMsgs: true,
      msgDelayed: 2,
      msgInReplay: 0,
      nonContiguousDeletedMessagesRanges: 2,
      msgRateOut: 12.5,
      lastConsumedTimestamp: AT - 3000,
      lastAckedTimestamp: AT - 4000,
      lastMarkDeleteAdvancedTimestamp: AT - 7_200_000,
      lastConsumedFlowTimestamp: AT - 3000,
      lastExpireTimestamp: 0,
      subscriptionProperties: {owner: 'risk'},
      filterRejectedMsgCount: 3,
      consumersAfterMarkDeletePosition: {'worker-1': '8:3'},
      dispatchThrottledMsgEventsBySubscriptionLimit: 41,
      dispatchThrottledBytesEventsBySubscriptionLimit: 0,
      consumers: [
        {
          ...consumer,
          consumerName: 'worker-0',
          address: '/10.0.0.7:40112',
          availablePermits: 988,
          unackedMessages: 3,
          avgMessagesPerEntry: 4,
          msgRateOut: 12.5,
          lastAckedTimestamp: AT - 4000,
          lastConsumedTimestamp: AT - 3000,
          keyHashRangeArrays: [[1, 16_384]],
          drainingHashesCount: 0,
        },
        {
          ...consumer,
          consumerName: 'worker-1',
          address: '/10.0.0.8:40950',
          availablePermits: -6,
          unackedMessages: 6,
          blockedConsumerOnUnackedMsgs: true,
          avgMessagesPerEntry: 0,
          msgRateOut: 0,
          lastAckedTimestamp: 0,
          lastConsumedTimestamp: AT - 7_200_000,
          keyHashRangeArrays: [[16_385, 65_535]],
          readPositionWhenJoining: '8:3',
          drainingHashesCount: 5,
          drainingHashesUnackedMessages: 6,
          drainingHashesClearedTotal: 1,
        },
      ],
    },
  },
}

/** Mark-delete is blocked by 7:5; after it 7:6 to 7:9 and 8:0 are acknowledged. */
const internal: InternalStats = {
  lastConfirmedEntry: '8:10',
  ledgers: [
    {ledgerId: 7, entries: 10},
    {ledgerId: 8, entries: 0},
  ],
  cursors: {
    decision: {
      markDeletePosition: '7:4',
      readPosition: '8:11',
      waitingReadOp: false,
      pendingReadOps: 1,
      subscriptionHavePendingRead: true,
      subscriptionHavePendingReplayRead: true,
      individuallyDeletedMessages: '[(7:5..7:9],(8:-1..8:0]]',
    },
  },
}

const partitions = [busy, {subscriptions: {decision: {type: 'Shared', consumers: []}}}].map(
  (stats: TopicStats, partition) => ({
    partition,
    name: partitionName(TOPIC, partition),
    stats,
    subscription: stats.subscriptions?.['decision'] ?? {},
  }),
)

export const subscription: SubscriptionReport = inspectSubscription({
  collected: {topic: TOPIC, subscription: 'decision', partitionCount: 2, partitions},
  readAtMs: AT,
  internals: new Map([[0, internal]]),
  oldest: new Map([[0, AT - 7_200_000]]),
  policies: {
    subscription: RATE,
    topic: {
      subscriptionTypesEnabled: ['Exclusive', 'Failover', 'Key_Shared'],
      messageTTL: 0,
      maxConsumers: null,
      retention: {retentionSizeInMB: -1, retentionTimeInMinutes: 1440},
      dispatchRate: null,
      backlogQuotaMap: {destination_storage: {limitSize: 1e10, policy: 'consumer_backlog_eviction'}},
      deduplicationEnabled: undefined,
    },
    namespace: {
      max_consumers_per_topic: 40,
      topicDispatchRate: {standalone: {...RATE, dispatchThrottlingRateInByte: 1e6}},
    },
    settings: null,
  },
})
