import type {Rehearsal} from '../../../src/domain/rehearsal/rehearse.js'

/** A rehearsal that drained the backlog, with a hot key and a consumer that owns few keys. */
export const rehearsal: Rehearsal = {
  topic: 'persistent://public/default/orders',
  subscription: 'decision',
  processMs: 5,
  tookMs: 6120,
  stoppedBy: 'end',
  drainMs: 5020,
  backlogEntries: 10_000,
  cursors: [{partition: 0, before: '12:3', after: '12:3'}],
  removedLeftovers: 0,
  messages: 10_000,
  keylessMessages: 0,
  distinctKeys: {count: 1280, isExact: true},
  consumers: [
    {
      ...{name: 'orders-worker-7d9f8b6c5-0', messages: 5210, share: 0.521, busyShare: 0.99},
      waitMs: {p50: 1240, p95: 4800, max: 5010},
    },
    {
      ...{name: 'orders-worker-7d9f8b6c5-1', messages: 4790, share: 0.479, busyShare: 0.87},
      waitMs: {p50: 310, p95: 1900, max: 2300},
    },
    {
      ...{name: 'orders-worker-7d9f8b6c5-2', messages: 0, share: 0, busyShare: 0},
      waitMs: {p50: null, p95: null, max: null},
    },
  ],
  hotKeys: [
    {key: 'customer-8812345', messages: 1370, share: 0.137, consumer: 'orders-worker-7d9f8b6c5-0'},
    {key: 'customer-7', messages: 96, share: 0.0096, consumer: 'orders-worker-7d9f8b6c5-1'},
  ],
  headOfLine: {messages: 1370, share: 0.137, p95Ms: 3020, maxMs: 4100},
}
