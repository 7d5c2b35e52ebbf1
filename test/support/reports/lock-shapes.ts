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
/** a minute before NOW */
const UUID1_HEX = 'ab94fd00e8c711f1b1a80242ac110002'
const BASE64_43 = 'kQ3mZr8vT1pXy0LdNfGh2JsWbEuAoRcIiV4xM5wPq7g'

/** A string whose family a scan names. */
const named = (family: string, key: string, token: string): LockShape => ({
  family,
  isNamed: true,
  key,
  stored: {string: token},
  token,
})
/** A string that may be of this family and of others. */
const likely = (family: string, key: string, token: string): LockShape => ({
  ...named(family, key, token),
  isNamed: false,
})

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
  likely('spring-integration', 'orders-lock:7', UUID),
  named('shedlock', 'job-lock:prod:report', `ADDED:2026-11-25T11:59:30.000Z@worker-3:${UUID}`),
  named('shedlock', 'job-lock:default:report', 'ADDED:2026-11-25T11:59:30Z@worker-3'),
  likely('node-redlock', 'lock:7', HEX),
  named('bull', 'bull:mail:42:lock', UUID),
  named('bull', 'jobs:mail:42:lock', `${UUID}:3`),
  likely('redis-semaphore', 'mutex:7', UUID),
  {family: 'redis-semaphore', isNamed: true, key: 'semaphore:7', stored: {zset: {[UUID]: NOW - 500}}, token: UUID},
  named('redis-py', 'lock:7', 'ab94fd00e8c711f1b1a80242ac110002'),
  named('redbeat', 'redbeat::lock', '5a3e6f00ca6511f0b1a80242ac110002'),
  likely('python-redis-lock', 'lock:7', 'kQ3mZr8vT1pXy0LdNfGh2Js+'),
  likely('redsync', 'lock/7', 'kQ3mZr8vT1pXy0LdNfGh2A=='),
  likely('bsm-redislock', 'lock/7', 'kQ3mZr8vT1pXy0LdNfG-2Q'),
  likely('bsm-redislock', 'lock/7', 'kQ3mZr8vT1pXy0LdNfG-2Q:worker-7'),
  named('laravel', 'app_cache_:laravel_unique_job:App\\Jobs\\Report:7', 'Zm3kQ9xT1pXy0LdN'),
  named('laravel', 'laravel_cache_:orders-lock', 'Zm3kQ9xT1pXy0LdN'),
  {
    family: 'symfony',
    isNamed: true,
    key: 'invoice-7',
    stored: {zset: {[`${BASE64_43}=`]: NOW + 30_000, __write__: NOW + 30_000}},
    token: `${BASE64_43}=`,
  },
  likely('symfony', 'lock:invoice-7', `${BASE64_43}=`),
  {
    family: 'sidekiq-unique-jobs',
    isNamed: true,
    key: 'uniquejobs:1b9f27bd7c3d1b9f27bd7c3d1b9f27bd:LOCKED',
    stored: {hash: {b4a577edbccf1d805744efa9: '1795607940.25'}},
    token: 'b4a577edbccf1d805744efa9',
  },
  likely('medallion', 'invoice-7', `WORKER-3_4711_${UUID_HEX}`),
  named('redis-mutex', 'RedisMutex:invoice', '1795608005.5'),
  likely('redlock-net', 'redlock:invoice', UUID),
  likely('redlock-rb', 'invoice_lock', UUID),
  likely('home-made', 'lock:7', 'worker-3'),
  likely('home-made', 'lock:7', '1'),
  likely('aioredlock', 'invoice_lock', UUID),
  likely('pottery', 'redlock:invoice', UUID),
  likely('redlock-py', 'lock/7', 'kQ3mZr8vT1pXy0LdNfGh2J'),
  likely('dramatiq', 'report-mutex', '2'),
  named('warlock', 'invoice:lock', 'q5T9AOjHEfGxqAJCrBEAAg=='),
  likely('redis-lock-npm', 'lock.invoice', String(NOW + 5001)),
  named('resque-lock-timeout', 'resque:lock:Reports::Build:7', String(NOW / 1000 + 60)),
  likely('resque-lock-timeout', 'lock:Build:7', String(NOW / 1000 + 60)),
  {
    family: 'redis-semaphore-rb',
    isNamed: true,
    key: 'SEMAPHORE:reports:GRABBED',
    stored: {hash: {0: '1795607940.25'}},
    token: '0',
  },
  named('redis-semaphore-rb', 'SEMAPHORE:reports:release_locks', '1795608011.25'),
  named('nextcloud', '9f86d081884c7d659a2feaa0c55ad015/lockfiles/9f86d081884c7d659a2feaa0c55ad015', '"exclusive"'),
  {
    family: 'redisson-permits',
    isNamed: true,
    key: '{reports}:timeout',
    stored: {zset: {kQ3mZr8vT1pXy0Ld: NOW + 30_000, other: 922_337_203_685_477}},
    token: 'kQ3mZr8vT1pXy0Ld',
  },
  named('lock4j', 'lock4j:com.example.Reports.build#7', UUID_HEX),
  named('jetcache', 'reports:7_#RL#', UUID),
  named('arq', 'arq:in-progress:4f1c', '1'),
  named('asynq', 'asynq:{mail}:unique:send:4f1c', UUID),
  named('celery-singleton', `SINGLETONLOCK_${HEX}`, UUID),
  named('rq', 'rq:scheduler-lock:mail', '4711'),
  named('tooz', '_tooz_reports_lock', UUID1_HEX),
  named('dogpile-cache', '_lock:reports', UUID1_HEX),
  // The TTL of these samples ends 5 s after NOW.
  named('discourse', 'default:report-lock', String(NOW / 1000 + 4)),
  named('gitlab', 'gitlab:exclusive_lease:reports', UUID),
  likely('kredis', 'report-mutex', '2'),
  named('medallion-read-write', 'invoice.writer', `WORKER-3_4711_${UUID_HEX}`),
  {
    family: 'medallion-read-write',
    isNamed: true,
    key: 'invoice.readers',
    stored: {set: [`WORKER-3_4711_${UUID_HEX}`, `WORKER-4_7_${UUID_HEX}`]},
    token: `WORKER-3_4711_${UUID_HEX}`,
  },
  {
    family: 'medallion-semaphore',
    isNamed: true,
    key: 'invoice',
    stored: {zset: {[`WORKER-3_4711_${UUID_HEX}`]: NOW + 30_000}},
    token: `WORKER-3_4711_${UUID_HEX}`,
  },
  named('sidekiq-unique-jobs', `uniquejobs:${HEX}:EXISTS`, 'b4a577edbccf1d805744efa9'),
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
