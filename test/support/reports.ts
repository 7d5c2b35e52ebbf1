/** One report of each kind, with everything in it that a text has to tell: the unknown, the missing, the blocked. */
import type {BacklogReport} from '../../src/domain/backlog/report.js'
import type {MigrationPlan} from '../../src/domain/migration/plan.js'
import type {MigrationResult} from '../../src/domain/migration/result.js'
import type {MigrationList} from '../../src/domain/migration/status.js'
import type {SubscriptionReport} from '../../src/domain/subscriptions/inspect.js'
import type {SubscriptionList} from '../../src/domain/subscriptions/list.js'

const topic = 'persistent://public/default/orders'
const SUBSCRIPTION = 'decision'
const at = '2026-11-23T14:05:09.000Z'

const noFigures = {
  backlogEntries: null,
  backlogMessages: null,
  messagesPerEntry: null,
  backlogBytes: null,
  unackedMessages: null,
  delayedMessages: null,
  replayMessages: null,
  ackHoles: null,
  oldestAgeMs: null,
  oldestAgeBy: null,
  rateInPerSecond: null,
  rateOutPerSecond: null,
  slopePerSecond: null,
  drainMs: {low: null, high: null},
  drainReason: 'unknown',
  markDelete: null,
  completeness: 1,
  wasReloaded: false,
  verdict: null,
} as const

export const backlog: BacklogReport = {
  topic,
  subscription: SUBSCRIPTION,
  windowMs: 10_000,
  looks: 11,
  lookedAt: at,
  partitions: [
    {
      partition: 0,
      ...noFigures,
      backlogEntries: 120,
      backlogMessages: 1200,
      messagesPerEntry: 10,
      backlogBytes: 92_160,
      unackedMessages: 40,
      delayedMessages: 7,
      replayMessages: 0,
      ackHoles: 3,
      oldestAgeMs: 95_000,
      oldestAgeBy: 'message',
      rateInPerSecond: 75,
      rateOutPerSecond: 90.25,
      slopePerSecond: -15.25,
      drainMs: {low: 6000, high: 150_000},
      drainReason: null,
      markDelete: 'held',
      verdict: 'draining',
      consumers: [
        {
          name: 'worker-0',
          address: '10.0.0.7:40112',
          deliveredMessages: 902,
          settledMessages: 900,
          unackedMessages: 12,
          availablePermits: 988,
          ackRatePerSecond: 88.5,
          lastAckedAt: at,
          verdict: 'acking',
        },
        {
          name: null,
          address: '10.0.0.8:40950',
          deliveredMessages: 0,
          settledMessages: 0,
          unackedMessages: 28,
          availablePermits: 0,
          ackRatePerSecond: null,
          lastAckedAt: null,
          verdict: 'stopped',
        },
      ],
    },
    {
      partition: 1,
      ...noFigures,
      backlogEntries: 0,
      backlogMessages: 0,
      backlogBytes: 0,
      unackedMessages: 0,
      delayedMessages: 0,
      replayMessages: 0,
      ackHoles: 0,
      rateInPerSecond: 0,
      rateOutPerSecond: 0,
      slopePerSecond: 0,
      drainMs: {low: 0, high: 0},
      drainReason: null,
      markDelete: 'still',
      wasReloaded: true,
      verdict: 'empty',
      consumers: [],
    },
    {partition: 2, ...noFigures, completeness: 3 / 11, consumers: []},
    {
      partition: 3,
      ...noFigures,
      backlogEntries: 50_000,
      slopePerSecond: -40,
      drainMs: {low: 800_000, high: null},
      drainReason: null,
      verdict: 'draining',
      consumers: [],
    },
  ],
  total: {...noFigures, backlogEntries: 50_120, drainReason: 'stalled', verdict: 'stalled'},
}

const warning = {severity: 'warn', isWaivable: false, isAccepted: false} as const

export const plan: MigrationPlan = {
  format: 'keyshift.plan/v1',
  createdAt: at,
  expiresAt: '2026-11-23T15:05:09.000Z',
  cluster: 'standalone',
  brokerVersion: '4.2.4',
  topic,
  partitions: 4,
  subscription: SUBSCRIPTION,
  newSubscription: null,
  from: 'Shared',
  to: 'Key_Shared',
  strategy: 'in-place',
  consumersSeen: ['shared-0', 'shared-1'],
  expectConsumers: null,
  policies: {subscriptionTypesEnabled: null, dispatchRate: null, autoSubscriptionCreation: null},
  allowedTypes: ['Exclusive', 'Failover', 'Key_Shared', 'Shared'],
  findings: [
    {...warning, code: 'same-consumer-names', message: 'several consumers share a name', evidence: []},
    {
      code: 'mixed-batches',
      severity: 'block',
      message: 'producers batch',
      evidence: [],
      isWaivable: true,
      isAccepted: true,
    },
  ],
  expected: {gapMs: {low: 200, high: 650}, failoverDelayMs: 0, redeliveredMessages: 0},
  steps: [
    {id: 'fence', title: 'forbid Shared and Key_Shared consumers to subscribe'},
    {id: 'pause', title: 'hold delivery'},
  ],
  digest: 'd'.repeat(64),
}

export const result: MigrationResult = {
  id: '20261123-140509-3fa9',
  state: 'done',
  topic,
  subscription: SUBSCRIPTION,
  newSubscription: null,
  strategy: 'in-place',
  from: 'Shared',
  to: 'Key_Shared',
  gapMs: 640,
  gap: {oursMs: 520, hooksMs: 0, fleetMs: 120},
  drainMs: 210,
  switchedAt: at,
  partitions: [{partition: null, type: 'Key_Shared', consumers: 4, markDelete: '9:1115'}],
  stragglers: ['shared-0', 'shared-1'],
  findings: [
    {...warning, code: 'fewer-consumers', message: '8 consumers were expected, a partition has 4 so far', evidence: []},
  ],
}

export const migrations: MigrationList = {
  journal: 'cluster',
  migrations: [
    {
      id: result.id,
      topic,
      subscription: SUBSCRIPTION,
      newSubscription: null,
      from: 'Shared',
      to: 'Key_Shared',
      strategy: 'in-place',
      state: 'running',
      step: 'drain',
      waitingFor: 'acknowledgements from shared-1 (3 unacked)',
      readyToCutOver: false,
      gapMs: 5100,
      runBy: 'ann@ops-1 pid 4711',
      startedAt: at,
      lastHeartbeat: at,
      isFenced: true,
      requests: [{id: '5f2c81', verb: 'abort', by: 'bob@ops-2', at}],
    },
  ],
}

const consumer = {clientVersion: 'Pulsar-Java-v4.2.4', connectedSince: at, ratePerSecond: 12.5, lastAckedAt: at}

export const subscription: SubscriptionReport = {
  topic,
  subscription: SUBSCRIPTION,
  partitionCount: 2,
  type: null,
  isDurable: true,
  isReplicated: null,
  partitions: [
    {
      partition: 0,
      type: 'Shared',
      activeConsumer: null,
      keySharedMode: null,
      backlogEntries: 12,
      backlogBytes: 900,
      unackedMessages: 3,
      delayedMessages: 0,
      replayMessages: null,
      ackHoles: 2,
      rateOutPerSecond: 12.5,
      redeliveryRatePerSecond: 0,
      isBlockedOnUnacked: false,
      consumers: [
        {
          ...consumer,
          name: 'shared-0',
          address: '/10.0.0.7:1',
          availablePermits: 7,
          unackedMessages: 3,
          isBlockedOnUnacked: true,
        },
      ],
    },
    {
      partition: 1,
      type: 'Key_Shared',
      activeConsumer: null,
      keySharedMode: 'AUTO_SPLIT',
      backlogEntries: null,
      backlogBytes: null,
      unackedMessages: null,
      delayedMessages: null,
      replayMessages: null,
      ackHoles: null,
      rateOutPerSecond: null,
      redeliveryRatePerSecond: null,
      isBlockedOnUnacked: false,
      consumers: [],
    },
  ],
  total: {consumers: 1, backlogEntries: null, unackedMessages: null, rateOutPerSecond: null},
}

export const list: SubscriptionList = {
  source: 'broker-stats',
  asOf: at,
  maxAgeMs: 60_000,
  complete: false,
  subscriptions: [
    {
      topic,
      subscription: SUBSCRIPTION,
      type: 'Shared',
      partitions: 4,
      consumers: 8,
      backlogEntries: 1200,
      unackedMessages: 40,
      rateOutPerSecond: 299.75,
    },
    {
      topic: 'persistent://public/default/plain',
      subscription: 'audit',
      type: null,
      partitions: null,
      consumers: 0,
      backlogEntries: null,
      unackedMessages: null,
      rateOutPerSecond: null,
    },
  ],
}
