import type {Explanation} from '../../../src/domain/why/explain-key.js'

const lock = 'lock:user-42'
const holder = 'worker-9/8f14e45fceea467fa8f53b2b7c1d9a01'

/** A key whose messages are blocked by a lock, while consumers join and leave. */
export const explanation: Explanation = {
  topic: 'persistent://public/default/orders',
  subscription: 'decision',
  key: 'user-42',
  partition: 0,
  slot: 5188,
  consumer: {name: 'worker-2', address: '10.0.2.17:47474'},
  asOf: '2026-01-02T03:04:05.000Z',
  changing: true,
  chain: [
    {
      subject: 'partition',
      message: 'partition 0 (JavaStringHash, detected from 12 messages)',
      evidence: [
        {field: 'hashingScheme', value: 'JavaStringHash'},
        {field: 'source', value: 'messages'},
        {field: 'messagesSeen', value: '12'},
      ],
    },
    {subject: 'slot', message: 'slot 5188', evidence: [{field: 'slot', value: '5188'}]},
    {
      subject: 'owner',
      message: 'consumer worker-2',
      evidence: [
        {field: 'type', value: 'Key_Shared'},
        {field: 'address', value: '10.0.2.17:47474'},
        {field: 'lastAckedTimestamp', value: '2026-01-02T03:02:34.501Z'},
        {field: 'joined', value: 'worker-3'},
      ],
    },
    {
      subject: 'backlog',
      message: '73 unacked messages, the oldest delivered or awaiting redelivery',
      evidence: [
        {field: 'entries read', value: '146 of 146'},
        {field: 'messages of the key', value: '73'},
        {field: 'oldestPosition', value: '1393:3'},
        {field: 'oldestAgeMs', value: '83458'},
      ],
    },
    {
      subject: 'lock',
      message: `Redis lock held by ${holder}`,
      evidence: [
        {field: 'lock', value: lock},
        {field: 'relation', value: 'no-consumer'},
        {field: 'ttlMs', value: 'none'},
        {field: 'verdict', value: 'key-stalled'},
      ],
    },
  ],
  verdict: {
    code: 'locked',
    message: `73 messages of user-42, oldest 83 s; may be blocked by a Redis lock held by ${holder}, not a connected consumer; worker-2 has acked nothing on partition 0 for 90 s: it is waiting for the lock, or it is hung`,
    confidence: 'medium',
    next: `keyshift locks inspect ${lock}`,
  },
}
