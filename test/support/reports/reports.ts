/** One report of each kind, with every case that its text must show: unknown, missing and blocked. */
import type {GapReport} from '../../../src/domain/backlog/gap-report.js'
import type {BacklogReport} from '../../../src/domain/backlog/backlog-report.js'
import type {MigrationPlan} from '../../../src/domain/migration/plan/plan.js'
import type {MigrationResult} from '../../../src/domain/migration/run/migration-result.js'
import type {MigrationList} from '../../../src/domain/migration/journal/status.js'
import type {SubscriptionList} from '../../../src/domain/subscriptions/list/subscription-row.js'

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
  rateAckedPerSecond: null,
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
  samples: 11,
  sampledAt: at,
  ...{partitionCount: 1, missingOn: []},
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
      rateAckedPerSecond: 9.1,
      slopePerSecond: -15.25,
      drainMs: {low: 6000, high: 150_000},
      drainReason: null,
      markDelete: 'blocked',
      verdict: 'draining',
      consumers: [
        {
          name: 'worker-0',
          address: '10.0.0.7:40112',
          deliveredMessages: 902,
          ackedOrReturnedMessages: 900,
          unackedMessages: 12,
          availablePermits: 988,
          ackRatePerSecond: 88.5,
          lastAckedAt: '2026-11-23T14:05:08.600Z',
          hasAcked: true,
          verdict: 'acking',
        },
        {
          name: null,
          address: '10.0.0.8:40950',
          deliveredMessages: 0,
          ackedOrReturnedMessages: 0,
          unackedMessages: 28,
          availablePermits: 0,
          ackRatePerSecond: null,
          lastAckedAt: null,
          hasAcked: false,
          verdict: 'not-acking',
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
      drainMs: {low: 0, high: 0},
      drainReason: null,
      markDelete: 'unchanged',
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
const SAMPLE_COMMAND = 'keyshift keys sample persistent://public/default/orders decision'

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
    {
      ...warning,
      code: 'same-consumer-names',
      message:
        'several consumers have the same name (shared-1). The broker assigns key ranges by consumer name: give each consumer its own stable name',
      evidence: [],
      next: [],
    },
    {
      code: 'mixed-key-batches',
      severity: 'block',
      message:
        '3 of 400 sampled entries are batches with several keys: Key_Shared delivers a batch by the key of its first message, so one key can reach several consumers. Switch the producers to the key-based batcher',
      evidence: [],
      next: [],
      isWaivable: true,
      isAccepted: true,
    },
    {
      ...warning,
      code: 'keys-unseen',
      severity: 'info',
      message:
        'only 400 entries of the backlog were sampled: messages without a key and batches of several keys may still exist',
      evidence: [],
      next: [SAMPLE_COMMAND],
    },
  ],
  expected: {gapMs: {low: 200, high: 650}, failoverDelayMs: 0, redeliveredMessages: 0},
  steps: [
    {id: 'restrict-types', title: 'block Shared and Key_Shared consumers from subscribing to the topic'},
    {id: 'pause', title: 'pause delivery (set the subscription dispatch rate to 1 message/year)'},
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
  gap: {keyshiftMs: 520, hooksMs: 0, consumersMs: 120},
  drainMs: 210,
  switchedAt: at,
  partitions: [{partition: null, type: 'Key_Shared', consumers: 4, markDelete: '9:1115'}],
  refusedConsumers: ['shared-0', 'shared-1'],
  findings: [
    {
      ...warning,
      code: 'fewer-consumers',
      message: '8 consumers expected, the partition with the fewest has 4',
      evidence: [],
      next: [],
    },
  ],
}

export const migrations: MigrationList = {
  journal: 'cluster',
  unreadable: [],
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
      waitingFor: 'acks from shared-1 (3 unacked)',
      readyToCutOver: false,
      gapMs: 5100,
      runBy: 'ann@ops-1 pid 4711',
      startedAt: at,
      lastHeartbeat: at,
      hasRestrictions: true,
      requests: [{id: '5f2c81', verb: 'abort', by: 'bob@ops-2', at}],
    },
  ],
}

export const list: SubscriptionList = {
  source: 'broker-stats',
  sourceReason: null,
  asOf: at,
  maxAgeMs: 60_000,
  complete: false,
  failedBrokers: [],
  matched: 3,
  stalledUnknown: 0,
  subscriptions: [
    {
      topic,
      subscription: SUBSCRIPTION,
      type: 'Shared',
      partitions: 4,
      consumers: 8,
      partitionsWithoutConsumer: 1,
      backlogEntries: 1200,
      spread: {least: 100, most: 700, mostOn: 2},
      unackedMessages: 40,
      rateOutPerSecond: 299.75,
      isBlocked: true,
      isStalled: false,
      unackedSince: '2026-11-23T14:04:21.000Z',
    },
    {
      topic: 'persistent://public/default/plain',
      subscription: 'audit',
      type: null,
      partitions: null,
      consumers: 0,
      partitionsWithoutConsumer: 0,
      backlogEntries: null,
      spread: null,
      unackedMessages: null,
      rateOutPerSecond: null,
      isBlocked: false,
      isStalled: null,
      unackedSince: null,
    },
  ],
}

export const gaps: GapReport = {
  topic: 'persistent://public/default/orders',
  subscription: 'decision',
  asOf: '2026-01-02T03:04:05.000Z',
  ...{partitionCount: 2, missingOn: []},
  gaps: [
    {
      ...{partition: 0, first: '7:5', last: '7:5', entries: 1, ageMs: 240_000},
      ...{publishedAt: '2026-01-02T03:00:05.000Z', key: 'user-42', isKeyBase64: false, consumer: null},
    },
    {
      ...{partition: 1, first: '8:90', last: '9:3', entries: 14, ageMs: null},
      ...{publishedAt: null, key: null, isKeyBase64: null, consumer: 'worker-1'},
    },
  ],
  total: {gaps: 5, entries: 41},
}

export const noGaps: GapReport = {...gaps, gaps: [], total: {gaps: 0, entries: 0}}
