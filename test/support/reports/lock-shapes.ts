import type {SampledKey} from '../../../src/domain/locks/reading/sampled-key.js'

/** The value of a key: a string, the fields of a hash, the scores of a zset, or the elements of a list or set. */
export type Stored =
  | {readonly string: string}
  | {readonly hash: Readonly<Record<string, string>>}
  | {readonly zset: Readonly<Record<string, number>>}
  | {readonly list: readonly string[]}
  | {readonly set: readonly string[]}

export interface Shape {
  readonly key: string
  readonly stored: Stored
}

export interface LockShape extends Shape {
  readonly family: string
  readonly token: string
}

export const UUID = '6f0e1c52-0d3b-4a53-9d6f-3e1f6f0a9b11'
/** 2026-11-25T12:00:00.000Z */
export const NOW = Date.UTC(2026, 10, 25, 12)
const HEX = '9f86d081884c7d659a2feaa0c55ad015'
const BASE64_43 = 'kQ3mZr8vT1pXy0LdNfGh2JsWbEuAoRcIiV4xM5wPq7g'

/** Locks as they are stored according to the sources of their libraries, including libraries that cannot be run here. */
export const LOCK_SHAPES: readonly LockShape[] = [
  {family: 'redisson', key: 'any', stored: {hash: {[`${UUID}:17`]: '1'}}, token: `${UUID}:17`},
  {
    family: 'redisson-read-write',
    key: 'any',
    stored: {hash: {mode: 'read', [`${UUID}:17`]: '1', [`${UUID}:18`]: '2'}},
    token: `${UUID}:17`,
  },
  {
    family: 'redisson-read-write',
    key: 'any',
    stored: {hash: {mode: 'write', [`${UUID}:17:write`]: '1'}},
    token: `${UUID}:17:write`,
  },
  {family: 'spring-integration', key: 'orders-lock:7', stored: {string: UUID}, token: UUID},
  {
    family: 'shedlock',
    key: 'job-lock:prod:report',
    stored: {string: `ADDED:2026-11-25T11:59:30.000Z@worker-3:${UUID}`},
    token: `ADDED:2026-11-25T11:59:30.000Z@worker-3:${UUID}`,
  },
  {
    family: 'shedlock',
    key: 'job-lock:default:report',
    stored: {string: 'ADDED:2026-11-25T11:59:30Z@worker-3'},
    token: 'ADDED:2026-11-25T11:59:30Z@worker-3',
  },
  {family: 'node-redlock', key: 'lock:7', stored: {string: HEX}, token: HEX},
  {family: 'bull', key: 'bull:mail:42:lock', stored: {string: UUID}, token: UUID},
  {family: 'bull', key: 'jobs:mail:42:lock', stored: {string: `${UUID}:3`}, token: `${UUID}:3`},
  {family: 'redis-semaphore', key: 'mutex:7', stored: {string: UUID}, token: UUID},
  {family: 'redis-semaphore', key: 'semaphore:7', stored: {zset: {[UUID]: NOW - 500}}, token: UUID},
  {
    family: 'redis-py',
    key: 'lock:7',
    stored: {string: 'ab94fd00e8c711f1b1a80242ac110002'},
    token: 'ab94fd00e8c711f1b1a80242ac110002',
  },
  {
    family: 'redis-py',
    key: 'redbeat::lock',
    stored: {string: '5a3e6f00ca6511f0b1a80242ac110002'},
    token: '5a3e6f00ca6511f0b1a80242ac110002',
  },
  {
    family: 'python-redis-lock',
    key: 'lock:7',
    stored: {string: 'kQ3mZr8vT1pXy0LdNfGh2Js+'},
    token: 'kQ3mZr8vT1pXy0LdNfGh2Js+',
  },
  {family: 'redsync', key: 'lock/7', stored: {string: 'kQ3mZr8vT1pXy0LdNfGh2A=='}, token: 'kQ3mZr8vT1pXy0LdNfGh2A=='},
  {family: 'bsm-redislock', key: 'lock/7', stored: {string: 'kQ3mZr8vT1pXy0LdNfG-2J'}, token: 'kQ3mZr8vT1pXy0LdNfG-2J'},
  {
    family: 'bsm-redislock',
    key: 'lock/7',
    stored: {string: 'kQ3mZr8vT1pXy0LdNfG-2Jworker-7'},
    token: 'kQ3mZr8vT1pXy0LdNfG-2Jworker-7',
  },
  {
    family: 'laravel',
    key: 'app_cache_:laravel_unique_job:App\\Jobs\\Report:7',
    stored: {string: 'Zm3kQ9xT1pXy0LdN'},
    token: 'Zm3kQ9xT1pXy0LdN',
  },
  {
    family: 'laravel',
    key: 'laravel_cache_:orders-lock',
    stored: {string: 'Zm3kQ9xT1pXy0LdN'},
    token: 'Zm3kQ9xT1pXy0LdN',
  },
  {
    family: 'symfony',
    key: 'invoice-7',
    stored: {zset: {[`${BASE64_43}=`]: NOW + 30_000, __write__: NOW + 30_000}},
    token: `${BASE64_43}=`,
  },
  {family: 'symfony', key: 'lock:invoice-7', stored: {string: `${BASE64_43}=`}, token: `${BASE64_43}=`},
  {
    family: 'sidekiq-unique-jobs',
    key: 'uniquejobs:1b9f27bd7c3d1b9f27bd7c3d1b9f27bd:LOCKED',
    stored: {hash: {b4a577edbccf1d805744efa9: '1795607940.25'}},
    token: 'b4a577edbccf1d805744efa9',
  },
  {
    family: 'medallion',
    key: 'invoice-7',
    stored: {string: `WORKER-3_4711_${HEX}`},
    token: `WORKER-3_4711_${HEX}`,
  },
  {family: 'redis-mutex', key: 'RedisMutex:invoice', stored: {string: '1795608005.5'}, token: '1795608005.5'},
  {family: 'redlock-net', key: 'redlock:invoice', stored: {string: UUID}, token: UUID},
  {family: 'uuid', key: 'invoice_lock', stored: {string: UUID}, token: UUID},
  {family: 'plain', key: 'lock:7', stored: {string: 'worker-3'}, token: 'worker-3'},
  {family: 'plain', key: 'lock:7', stored: {string: '1'}, token: '1'},
]

/** Keys that are not locks; some have values in the format of a lock. */
export const OTHER_SHAPES: readonly Shape[] = [
  {key: 'session:7', stored: {string: UUID}},
  {key: 'sess:kQ3m', stored: {string: '{"cookie":{"maxAge":null},"user":7}'}},
  {key: 'cache:md5', stored: {string: HEX}},
  {key: 'etag:/index.html', stored: {string: 'kQ3mZr8vT1pXy0LdNfGh2A=='}},
  {key: 'oauth:state', stored: {string: 'kQ3mZr8vT1pXy0LdNfG-2J'}},
  {key: 'counter:visits', stored: {string: '1048576'}},
  {key: 'feature:dark-mode', stored: {string: 'true'}},
  {key: 'clock:offset', stored: {string: '1'}},
  {key: 'blockchain:head', stored: {string: HEX}},
  {key: 'leaderboard', stored: {zset: {ann: 1200, bob: 900}}},
  {key: 'user:7', stored: {hash: {name: 'Ann', mode: 'dark', count: '3'}}},
  {key: 'user:8', stored: {hash: {[UUID]: '1'}}},
  {key: 'devices', stored: {hash: {[`${UUID}:17`]: 'phone'}}},
  {key: 'queue:mail', stored: {list: ['a', 'b']}},
  {key: 'bull:mail:42', stored: {hash: {name: 'send', data: '{}', timestamp: '1795607940000'}}},
  {key: 'bull:mail:stalled-check', stored: {string: '1795607940000'}},
  {key: 'tags:7', stored: {set: ['red', 'blue']}},
  {key: 'trending', stored: {zset: {[HEX]: NOW}}},
  {key: 'html:/', stored: {string: '<html><body>locked</body></html>'}},
  {key: 'blocked-users', stored: {set: ['7', '9']}},
  {key: 'release:latest', stored: {string: '4.2.4'}},
  {key: 'redisson_lock_token:{orders}', stored: {string: '12'}},
  {key: 'lock-signal:orders', stored: {list: ['1']}},
  {key: 'uniquejobs:digests', stored: {zset: {'uniquejobs:1b9f': 1_795_607_940.25}}},
]

/** A sample of a key with this value. */
export function rawOf({key, stored}: Shape, more: Partial<SampledKey> = {}): SampledKey {
  const [type = ''] = Object.keys(stored)
  return {
    key: Buffer.from(key),
    name: key,
    type,
    expiresAtMs: NOW + 5000,
    idleSeconds: 2,
    entries: entriesOf(stored),
    atMs: NOW,
    ...more,
  }
}

function entriesOf(stored: Stored): SampledKey['entries'] {
  const pairs = (row: Readonly<Record<string, number | string>>): SampledKey['entries'] =>
    Object.entries(row).map(([token, entry]) => [Buffer.from(token), Buffer.from(String(entry))])
  if ('string' in stored) return [[Buffer.from(stored.string), null]]
  if ('hash' in stored) return pairs(stored.hash)
  if ('zset' in stored) return pairs(stored.zset)
  return ('list' in stored ? stored.list : stored.set).map((element) => [Buffer.from(element), null])
}
