import type {Diagnosis} from '../../../src/domain/doctor/diagnose.js'

export const diagnosis: Diagnosis = {
  asOf: '2026-01-02T03:04:05.000Z',
  brokerVersion: '4.0.5',
  subscriptions: 3,
  complete: true,
  failed: [],
  findings: [
    {
      code: 'draining-slot-blocked',
      severity: 'error',
      message:
        'messages of slot 4711 on partition 3 wait until worker-1 has acknowledged 2 older ones: the slot is another consumer’s by now',
      subject: {
        topic: 'persistent://public/default/orders',
        subscription: 'decision',
        partitions: [3],
        consumer: {name: 'worker-1', address: '10.0.0.7:4000'},
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
        {command: 'restart worker-1', cost: 'its unacknowledged messages are delivered again, to others'},
      ],
      links: [],
    },
    {
      code: 'known-bugs',
      severity: 'info',
      message: 'Key_Shared has known faults in Pulsar 4.0.5',
      subject: {
        topic: 'persistent://public/default/orders',
        subscription: 'decision',
        partitions: [],
        consumer: null,
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
