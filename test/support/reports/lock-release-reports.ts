import type {LockInspection} from '../../../src/domain/locks/inspect/collect-lock.js'
import type {LockReleases} from '../../../src/domain/locks/release/execute-release.js'
import type {PlannedRelease, ReleasePlan} from '../../../src/domain/locks/release/release-plan.js'
import type {LockHolder} from '../../../src/domain/locks/recognition/recognized-lock.js'
import type {LockRecord} from '../../../src/domain/locks/recognition/lock-record.js'
import {locks} from './lock-reports.js'

const CLIENT = '7f3b9a52-3c1e-4f7a-9d0b-2b6e5c8a1d34'
const holder: LockHolder = {
  token: `${CLIENT}:31`,
  text: null,
  host: null,
  pid: null,
  thread: 31,
  consumer: null,
  instance: CLIENT,
}
const plainHolder: LockHolder = {
  token: 'worker-3.orders.svc.cluster.local_4711_9c1e',
  text: null,
  host: 'worker-3.orders.svc.cluster.local',
  pid: 4711,
  thread: null,
  consumer: null,
  instance: null,
}
const [first] = locks.locks
if (!first) throw new Error('the report of the scan has no lock')

/** A fair lock of Redisson that is held for too long, with a disconnected waiter in its queue. */
const fair: LockRecord = {
  ...first,
  key: 'lock:order:eu-central-1:customer-8812345',
  family: 'redisson',
  group: null,
  candidates: [{family: 'redisson', likelihood: 0.999}],
  holder,
  reentrancy: 2,
  ttlMs: 21_000,
  idleMs: 9000,
  heldAtLeastMs: 7_500_000,
  heldSource: 'first-seen',
  verdict: 'held-too-long',
  verdicts: ['held-too-long'],
  confidence: 0.999,
}
const plain: LockRecord = {...first, key: 'lock:user:42', holder: plainHolder}
const renewed: LockRecord = {
  ...first,
  key: 'lock:user:43',
  ttlMs: 28_000,
  heldAtLeastMs: 2000,
  verdict: 'healthy',
  verdicts: ['healthy'],
}

const release: LockInspection['release'] = {
  action: 'delete',
  reason: null,
  holder: null,
  graceMs: null,
  alsoDelete: ['redisson_lock_queue:{lock:order:eu-central-1:customer-8812345}'],
  waitQueue: {
    queue: 'redisson_lock_queue:{lock:order:eu-central-1:customer-8812345}',
    deadlines: 'redisson_lock_timeout:{lock:order:eu-central-1:customer-8812345}',
    disconnected: ['a1:9'],
    channel: ['redisson_lock__channel:{lock:order:eu-central-1:customer-8812345}:', ''],
  },
  notify: {
    by: 'publish',
    channel: 'redisson_lock__channel:{lock:order:eu-central-1:customer-8812345}:b2:4',
    message: '0',
  },
  watchMs: null,
}

/** A lock with a wait queue, companion keys and connections that may belong to its holder. */
export const inspection: LockInspection = {
  address: 'redis://10.0.0.8:6379',
  lock: fair,
  format: 'Redisson fair lock',
  candidates: [
    {
      family: 'redisson',
      likelihood: 0.999,
      evidence: ['a hash of UUID:THREAD with a count', 'TTL within the default of the library'],
    },
  ],
  holders: [holder],
  companions: [
    {key: 'redisson_lock_queue:{lock:order:eu-central-1:customer-8812345}', role: 'wait queue', entries: []},
    {key: 'redisson_lock_timeout:{lock:order:eu-central-1:customer-8812345}', role: 'deadlines', entries: []},
  ],
  waiters: {
    subscribers: 3,
    queue: [
      {waiter: 'a1:9', isSubscribed: false},
      {waiter: 'b2:4', isSubscribed: true},
      {waiter: 'c3:5', isSubscribed: null},
    ],
  },
  connections: {
    clients: 12,
    connectedBeforeLock: 7,
    isIdentifiable: true,
    candidates: [
      {
        ...{address: '10.0.2.17:47474', name: 'orders-worker-3', user: 'orders', ageMs: 9_000_000, idleMs: 400},
        ...{matchedBy: 'name', connectedBeforeLock: true},
      },
      {
        ...{address: '10.0.2.17:51002', name: '', user: 'orders', ageMs: 60_000, idleMs: 60_000},
        ...{matchedBy: 'host', connectedBeforeLock: false},
      },
    ],
  },
  missingRight: null,
  release,
}

/** A lock with an unknown format, without an expiry. */
export const unknownInspection: LockInspection = {
  ...inspection,
  lock: {
    ...fair,
    ...{
      key: 'lock:batch',
      family: 'unknown',
      group: null,
      candidates: [],
      holder: null,
      holders: null,
      reentrancy: null,
      ttlMs: null,
    },
    ...{heldAtLeastMs: null, heldSource: null, verdict: 'unknown-format', verdicts: ['unknown-format'], confidence: 0},
  },
  format: null,
  candidates: [],
  holders: [],
  companions: [],
  waiters: {subscribers: null, queue: []},
  connections: null,
  release: {
    ...release,
    ...{action: 'keep', reason: 'its format is unknown, so it is possibly not a lock'},
    ...{alsoDelete: [], waitQueue: null, notify: null},
  },
}

const NOTHING = {
  reason: null,
  holder: null,
  graceMs: null,
  alsoDelete: [],
  waitQueue: null,
  notify: null,
  watchMs: null,
}
const snapshot: PlannedRelease['snapshot'] = {keyBase64: '', type: 'string', entriesBase64: [], expiresAtMs: -1}

export const releasePlan: ReleasePlan = {
  format: 'keyshift.release-plan/v1',
  createdAt: '2026-01-02T03:04:05.000Z',
  expiresAt: '2026-01-02T03:19:05.000Z',
  address: 'redis://10.0.0.8:6379',
  releases: [
    {...release, lock: fair, snapshot},
    {...NOTHING, action: 'expire', graceMs: 60_000, lock: plain, snapshot},
    {
      ...NOTHING,
      action: 'keep',
      reason: 'the lock has several holders; give one with --holder',
      lock: renewed,
      snapshot,
    },
  ],
  digest: '',
}

export const skipped = [{key: 'lock:user:99', reason: 'the key does not exist'}]

/** A release that stopped early, because locks differed from their plan. */
export const releases: LockReleases = {
  address: 'redis://10.0.0.8:6379',
  planDigest: '',
  complete: false,
  stopped: '5 of the last 20 locks differ from the plan',
  releases: [
    {
      ...{key: fair.key, family: fair.family, action: 'delete', result: 'released', reason: null},
      ...{notified: {channel: 'redisson_lock__channel:b2:4', receivers: 1}, removedWaiters: ['a1:9']},
    },
    {
      ...{key: 'lock:user:42', family: 'string lock', action: 'expire', result: 'released', reason: null},
      ...{notified: null, removedWaiters: []},
    },
    {
      ...{key: 'lock:user:43', family: 'string lock', action: 'delete', result: 'renewed'},
      ...{reason: 'its expiry changed since the plan', notified: null, removedWaiters: []},
    },
    {
      ...{key: 'lock:user:44', family: 'string lock', action: 'delete', result: 'refused'},
      ...{reason: 'the release stopped before this lock', notified: null, removedWaiters: []},
    },
  ],
  summary: {changed: 0, ended: 0, failed: 0, refused: 1, released: 2, renewed: 1},
  replicas: {wanted: 2, confirmed: 1},
}
