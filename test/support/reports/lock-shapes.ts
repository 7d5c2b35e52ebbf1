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
  /** the library that writes it */
  readonly family: string
  /** whether the format is of no other library, so that a scan names the family; otherwise it is only a candidate */
  readonly isNamed: boolean
  readonly token: string
}

export const UUID = '6f0e1c52-0d3b-4a53-9d6f-3e1f6f0a9b11'
/** 2026-11-25T12:00:00.000Z */
export const NOW = Date.UTC(2026, 10, 25, 12)
const HEX = '9f86d081884c7d659a2feaa0c55ad015'
const UUID_HEX = '9f86d081884c4d659a2feaa0c55ad015'
const BASE64_43 = 'kQ3mZr8vT1pXy0LdNfGh2JsWbEuAoRcIiV4xM5wPq7g'

/** Locks as they are stored according to the sources of their libraries, including libraries that cannot be run here. */
export const LOCK_SHAPES: readonly LockShape[] = [
  {family: 'redisson', isNamed: true, key: 'any', stored: {hash: {[`${UUID}:17`]: '1'}}, token: `${UUID}:17`},
  {
    family: 'redisson-read-write',
    isNamed: true,
    key: 'any',
    stored: {hash: {mode: 'read', [`${UUID}:17`]: '1', [`${UUID}:18`]: '2'}},
    token: `${UUID}:17`,
  },
  {
    family: 'redisson-read-write',
    isNamed: true,
    key: 'any',
    stored: {hash: {mode: 'write', [`${UUID}:17:write`]: '1'}},
    token: `${UUID}:17:write`,
  },
  {family: 'spring-integration', isNamed: false, key: 'orders-lock:7', stored: {string: UUID}, token: UUID},
  {
    family: 'shedlock',
    isNamed: true,
    key: 'job-lock:prod:report',
    stored: {string: `ADDED:2026-11-25T11:59:30.000Z@worker-3:${UUID}`},
    token: `ADDED:2026-11-25T11:59:30.000Z@worker-3:${UUID}`,
  },
  {
    family: 'shedlock',
    isNamed: true,
    key: 'job-lock:default:report',
    stored: {string: 'ADDED:2026-11-25T11:59:30Z@worker-3'},
    token: 'ADDED:2026-11-25T11:59:30Z@worker-3',
  },
  {family: 'node-redlock', isNamed: false, key: 'lock:7', stored: {string: HEX}, token: HEX},
  {family: 'bull', isNamed: true, key: 'bull:mail:42:lock', stored: {string: UUID}, token: UUID},
  {family: 'bull', isNamed: true, key: 'jobs:mail:42:lock', stored: {string: `${UUID}:3`}, token: `${UUID}:3`},
  {family: 'redis-semaphore', isNamed: false, key: 'mutex:7', stored: {string: UUID}, token: UUID},
  {family: 'redis-semaphore', isNamed: true, key: 'semaphore:7', stored: {zset: {[UUID]: NOW - 500}}, token: UUID},
  {
    family: 'redis-py',
    isNamed: true,
    key: 'lock:7',
    stored: {string: 'ab94fd00e8c711f1b1a80242ac110002'},
    token: 'ab94fd00e8c711f1b1a80242ac110002',
  },
  {
    family: 'redis-py',
    isNamed: true,
    key: 'redbeat::lock',
    stored: {string: '5a3e6f00ca6511f0b1a80242ac110002'},
    token: '5a3e6f00ca6511f0b1a80242ac110002',
  },
  {
    family: 'python-redis-lock',
    isNamed: false,
    key: 'lock:7',
    stored: {string: 'kQ3mZr8vT1pXy0LdNfGh2Js+'},
    token: 'kQ3mZr8vT1pXy0LdNfGh2Js+',
  },
  {
    family: 'redsync',
    isNamed: false,
    key: 'lock/7',
    stored: {string: 'kQ3mZr8vT1pXy0LdNfGh2A=='},
    token: 'kQ3mZr8vT1pXy0LdNfGh2A==',
  },
  {
    family: 'bsm-redislock',
    isNamed: false,
    key: 'lock/7',
    stored: {string: 'kQ3mZr8vT1pXy0LdNfG-2Q'},
    token: 'kQ3mZr8vT1pXy0LdNfG-2Q',
  },
  {
    family: 'bsm-redislock',
    isNamed: false,
    key: 'lock/7',
    stored: {string: 'kQ3mZr8vT1pXy0LdNfG-2Q:worker-7'},
    token: 'kQ3mZr8vT1pXy0LdNfG-2Q:worker-7',
  },
  {
    family: 'laravel',
    isNamed: true,
    key: 'app_cache_:laravel_unique_job:App\\Jobs\\Report:7',
    stored: {string: 'Zm3kQ9xT1pXy0LdN'},
    token: 'Zm3kQ9xT1pXy0LdN',
  },
  {
    family: 'laravel',
    isNamed: true,
    key: 'laravel_cache_:orders-lock',
    stored: {string: 'Zm3kQ9xT1pXy0LdN'},
    token: 'Zm3kQ9xT1pXy0LdN',
  },
  {
    family: 'symfony',
    isNamed: true,
    key: 'invoice-7',
    stored: {zset: {[`${BASE64_43}=`]: NOW + 30_000, __write__: NOW + 30_000}},
    token: `${BASE64_43}=`,
  },
  {family: 'symfony', isNamed: false, key: 'lock:invoice-7', stored: {string: `${BASE64_43}=`}, token: `${BASE64_43}=`},
  {
    family: 'sidekiq-unique-jobs',
    isNamed: true,
    key: 'uniquejobs:1b9f27bd7c3d1b9f27bd7c3d1b9f27bd:LOCKED',
    stored: {hash: {b4a577edbccf1d805744efa9: '1795607940.25'}},
    token: 'b4a577edbccf1d805744efa9',
  },
  {
    family: 'medallion',
    isNamed: false,
    key: 'invoice-7',
    stored: {string: `WORKER-3_4711_${UUID_HEX}`},
    token: `WORKER-3_4711_${UUID_HEX}`,
  },
  {
    family: 'redis-mutex',
    isNamed: true,
    key: 'RedisMutex:invoice',
    stored: {string: '1795608005.5'},
    token: '1795608005.5',
  },
  {family: 'redlock-net', isNamed: false, key: 'redlock:invoice', stored: {string: UUID}, token: UUID},
  {family: 'redlock-rb', isNamed: false, key: 'invoice_lock', stored: {string: UUID}, token: UUID},
  {family: 'home-made', isNamed: false, key: 'lock:7', stored: {string: 'worker-3'}, token: 'worker-3'},
  {family: 'home-made', isNamed: false, key: 'lock:7', stored: {string: '1'}, token: '1'},
  {family: 'aioredlock', isNamed: false, key: 'invoice_lock', stored: {string: UUID}, token: UUID},
  {family: 'pottery', isNamed: false, key: 'redlock:invoice', stored: {string: UUID}, token: UUID},
  {
    family: 'redlock-py',
    isNamed: false,
    key: 'lock/7',
    stored: {string: 'kQ3mZr8vT1pXy0LdNfGh2J'},
    token: 'kQ3mZr8vT1pXy0LdNfGh2J',
  },
  {family: 'dramatiq', isNamed: false, key: 'report-mutex', stored: {string: '2'}, token: '2'},
  {
    family: 'warlock',
    isNamed: true,
    key: 'invoice:lock',
    stored: {string: 'q5T9AOjHEfGxqAJCrBEAAg=='},
    token: 'q5T9AOjHEfGxqAJCrBEAAg==',
  },
  {
    family: 'redis-lock-npm',
    isNamed: false,
    key: 'lock.invoice',
    stored: {string: String(NOW + 5001)},
    token: String(NOW + 5001),
  },
  {
    family: 'resque-lock-timeout',
    isNamed: true,
    key: 'resque:lock:Reports::Build:7',
    stored: {string: String(NOW / 1000 + 60)},
    token: String(NOW / 1000 + 60),
  },
  {
    family: 'resque-lock-timeout',
    isNamed: false,
    key: 'lock:Build:7',
    stored: {string: String(NOW / 1000 + 60)},
    token: String(NOW / 1000 + 60),
  },
  {
    family: 'redis-semaphore-rb',
    isNamed: true,
    key: 'SEMAPHORE:reports:GRABBED',
    stored: {hash: {0: '1795607940.25'}},
    token: '0',
  },
  {
    family: 'redis-semaphore-rb',
    isNamed: true,
    key: 'SEMAPHORE:reports:release_locks',
    stored: {string: '1795608011.25'},
    token: '1795608011.25',
  },
  {
    family: 'nextcloud',
    isNamed: true,
    key: '9f86d081884c7d659a2feaa0c55ad015/lockfiles/9f86d081884c7d659a2feaa0c55ad015',
    stored: {string: '"exclusive"'},
    token: '"exclusive"',
  },
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
