import type {ConsumerStats, SubscriptionStats} from '../../../src/clients/pulsar-admin/types.js'
import type {DiagnosisSnapshot} from '../../../src/domain/doctor/facts/diagnosis-snapshot.js'

export const NOW = Date.parse('2026-11-27T12:00:00Z')
const AN_HOUR_AGO = '2026-11-27T11:00:00Z'

export type SubscriptionSample = Partial<SubscriptionStats> & {messagesIn?: number}

/** Two samples, 3 s apart, of a Key_Shared subscription on a topic without partitions. */
export function snapshotOf(
  before: SubscriptionSample,
  now: SubscriptionSample = before,
  more: Partial<DiagnosisSnapshot> = {},
): DiagnosisSnapshot {
  const sample = (
    atMs: number,
    {messagesIn = 100, ...stats}: SubscriptionSample,
  ): DiagnosisSnapshot['topics'][number]['samples'][0] => ({
    atMs,
    partitions: [
      {
        ...{partition: null, messagesIn, ongoingTransactions: null, cursors: {}},
        subscriptions: {decision: {type: 'Key_Shared', msgOutCounter: 50, ...stats}},
      },
    ],
  })
  return {
    format: 'keyshift.diagnosis-snapshot/v1',
    takenAt: new Date(NOW - 3000).toISOString(),
    brokerVersion: '4.2.4',
    settings: {
      maxUnackedPerConsumer: 50_000,
      maxUnackedPerSubscription: 200_000,
      lookAheadPerConsumer: 2000,
      lookAheadPerSubscription: 20_000,
      maxAckHolesKept: 10_000,
      isKeySharedClassic: false,
    },
    topics: [
      {
        ...{
          topic: 'persistent://public/default/orders',
          subscription: 'decision',
          partitionCount: null,
          policies: null,
          messageSamples: {},
          locks: {},
        },
        samples: [sample(NOW - 3000, before), sample(NOW, now)],
      },
    ],
    failed: [],
    ...more,
  }
}

export const worker = (name: string, more: Partial<ConsumerStats> = {}): ConsumerStats => ({
  ...{consumerName: name, address: `/10.0.0.1:${String(4000 + name.length)}`, connectedSince: AN_HOUR_AGO},
  ...{availablePermits: 100, unackedMessages: 0, lastAckedTimestamp: NOW - 500},
  ...more,
})

/** The values of apache/pulsar#23845. */
export const REPLAY_STUCK: SubscriptionSample = {
  msgBacklog: 40,
  msgInReplay: 40,
  lastMarkDeleteAdvancedTimestamp: NOW - 60_000,
  consumers: [worker('a'), worker('bb')],
}
/** The values of apache/pulsar#26288. */
export const NEGATIVE_PERMITS: SubscriptionSample = {msgBacklog: 40, consumers: [worker('a', {availablePermits: -177})]}

/** Causes that only an old broker has: snapshots with the values of the bug reports. */
export const REPLAYS = [
  {
    what: 'messages in the replay queue are not redelivered',
    report: '#23845',
    code: 'replay-stuck',
    sample: REPLAY_STUCK,
    version: '4.0.5',
  },
  {
    what: 'negative permits',
    report: '#26288',
    code: 'negative-permits',
    sample: NEGATIVE_PERMITS,
    version: '4.2.4',
  },
] as const
