import type {Diagnosis} from '../../../src/domain/doctor/diagnose.js'
import type {DoctorFinding} from '../../../src/domain/doctor/facts/doctor-finding.js'

export const diagnosis: Diagnosis = {
  asOf: '2026-01-02T03:04:05.000Z',
  brokerVersion: '4.0.5',
  subscriptions: 4,
  checked: [
    {topic: 'persistent://public/default/orders', subscription: 'audit'},
    {topic: 'persistent://public/default/orders', subscription: 'decision'},
    {topic: 'persistent://public/default/payments', subscription: 'audit'},
    {topic: 'persistent://public/default/payments', subscription: 'decision'},
  ],
  complete: false,
  failed: [{topic: 'persistent://public/default/returns', cause: 'the broker answered 503'}],
  ignoredFindings: 2,
  findings: [
    {
      code: 'draining-slot-blocked',
      severity: 'error',
      message:
        '8 draining slots are blocked on partition 3: worker-1 must first ack 2 older messages of slot 4711, which is now assigned to another consumer',
      subject: {
        topic: 'persistent://public/default/orders',
        subscription: 'decision',
        partitions: [3],
        consumer: {name: 'worker-1', address: '10.0.0.7:4000'},
        consumers: [{name: 'worker-1', address: '10.0.0.7:4000'}],
        slot: 4711,
        key: null,
      },
      evidence: Array.from({length: 8}, (_, at) => ({
        field: `drainingHashes[${String(4711 + at)}].unackMsgs`,
        value: '2',
      })),
      since: '2026-01-02T03:00:00.000Z',
      remedies: [
        {command: 'keyshift subscriptions inspect persistent://public/default/orders decision', cost: 'none'},
        {
          command: 'restart consumer worker-1',
          cost: 'its unacked messages are delivered to other consumers; partially processed messages are processed again',
        },
      ],
      links: [],
    },
    ...['audit', 'decision'].map((name): DoctorFinding => ({
      code: 'consumer-without-permits',
      severity: 'warn',
      message: '5 consumers have no permits and no unacked messages',
      subject: {
        topic: 'persistent://public/default/payments',
        subscription: name,
        partitions: [0, 1],
        consumer: null,
        consumers: Array.from({length: 5}, (_, at) => ({name: `worker-${String(at)}`, address: null})),
        slot: null,
        key: null,
      },
      evidence: [{field: 'msgBacklog', value: '1200'}],
      since: '2026-01-02T01:04:05.000Z',
      remedies: [
        {command: `keyshift subscriptions inspect persistent://public/default/payments ${name}`, cost: 'none'},
      ],
      links: ['apache/pulsar#20000'],
    })),
    {
      code: 'known-bugs',
      severity: 'info',
      message: 'Key_Shared has 1 known bug in Pulsar 4.0.5: messages may not be delivered after a consumer disconnects',
      subject: {
        topic: 'persistent://public/default/orders',
        subscription: 'decision',
        partitions: [],
        consumer: null,
        consumers: [],
        slot: null,
        key: null,
      },
      evidence: [{field: 'brokerVersion', value: '4.0.5'}],
      since: null,
      remedies: [{command: 'upgrade the broker', cost: 'a rolling restart'}],
      links: ['apache/pulsar#24736'],
    },
  ],
}
