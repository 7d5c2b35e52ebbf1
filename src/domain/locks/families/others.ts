import type {LockFamily} from './family.js'
import {UUID} from './template.js'

/** Random bytes in base64 contain letters of both cases; words and numbers do not. */
const MIXED = '(?=.{0,21}[A-Z])(?=.{0,21}[a-z])'

const REDSYNC: LockFamily = {
  name: 'redsync',
  title: 'go-redsync 4: 16 random bytes, in base64',
  forms: [{type: 'string', token: '[A-Za-z0-9+/]{22}==', needsContext: true, confidence: 0.9}],
  lease: {ttlMs: 8000, renewEveryMs: null},
  onSeveralServers: true,
  release: {how: 'compare-and-delete'},
}

const BSM: LockFamily = {
  name: 'bsm-redislock',
  title: "bsm/redislock: 16 random bytes in base64, then the caller's metadata",
  forms: [
    {type: 'string', token: `${MIXED}[\\w-]{22}`, needsContext: true, confidence: 0.85},
    {type: 'string', token: `${MIXED}[\\w-]{22}(?<consumer>.+)`, needsContext: true, confidence: 0.5},
  ],
  lease: {ttlMs: null, renewEveryMs: null},
  release: {how: 'compare-and-delete'},
}

const LARAVEL: LockFamily = {
  name: 'laravel',
  title: 'Laravel cache lock, unique jobs, WithoutOverlapping',
  forms: [
    {
      type: 'string',
      key: '.*(?:laravel_unique_job:|laravel-queue-overlap:|framework/schedule-).+',
      token: '\\S+',
      isUnambiguous: true,
      confidence: 0.95,
    },
    {type: 'string', key: '.*laravel.*', token: '[A-Za-z0-9]{16}', needsContext: true, confidence: 0.7},
  ],
  lease: {ttlMs: null, renewEveryMs: null},
  release: {how: 'compare-and-delete'},
}

/** A zset since Symfony 5.2, a string before. The code of either version fails on the key of the other. */
const SYMFONY: LockFamily = {
  name: 'symfony',
  title: 'Symfony Lock RedisStore',
  forms: [
    {
      type: 'zset',
      token: '[A-Za-z0-9+/]{43}=',
      entry: '(?<expiresAtMs>\\d{13})(?:\\.\\d+)?',
      optionalField: '__write__',
      holders: 'many',
      confidence: 0.97,
    },
    {type: 'string', token: '[A-Za-z0-9+/]{43}=', needsContext: true, confidence: 0.8},
  ],
  lease: {ttlMs: 300_000, renewEveryMs: null},
  release: {how: 'compare-and-delete'},
}

const SIDEKIQ: LockFamily = {
  name: 'sidekiq-unique-jobs',
  title: 'sidekiq-unique-jobs',
  forms: [
    {
      type: 'hash',
      key: 'uniquejobs:(?<digest>.+):LOCKED',
      token: '.+',
      entry: '(?<acquiredAtSeconds>\\d{10}(?:\\.\\d+)?)',
      holders: 'many',
      isUnambiguous: true,
      confidence: 0.99,
    },
  ],
  // Its locks have no TTL by default: the reaper deletes locks whose job no longer exists.
  lease: {ttlMs: null, renewEveryMs: null, expiresByValue: true},
  companions: [
    {type: 'string', key: 'uniquejobs:${digest}:INFO', lock: 'uniquejobs:${digest}:LOCKED', role: 'info'},
    {type: 'list', key: 'uniquejobs:${digest}:QUEUED', lock: 'uniquejobs:${digest}:LOCKED', role: 'waiters'},
    {type: 'list', key: 'uniquejobs:${digest}:PRIMED', lock: 'uniquejobs:${digest}:LOCKED', role: 'waiters'},
    {type: 'string', key: 'uniquejobs:*', role: 'info'},
    {type: 'list', key: 'uniquejobs:*', role: 'info'},
    {type: 'zset', key: 'uniquejobs:digests', role: 'index'},
    {type: 'zset', key: 'uniquejobs:expiring_digests', role: 'index'},
  ],
  release: {
    how: 'never',
    instead:
      'its digest and queues must be deleted too; use SidekiqUniqueJobs::Digests.new.delete_by_digest or its web page',
  },
}

const MEDALLION: LockFamily = {
  name: 'medallion',
  title: 'Medallion DistributedLock.Redis',
  forms: [{type: 'string', token: '(?<host>.+)_(?<pid>\\d+)_[0-9a-f]{32}', confidence: 0.97}],
  lease: {ttlMs: 30_000, renewEveryMs: 9000},
  onSeveralServers: true,
  release: {how: 'compare-and-delete'},
}

/** The value contains the expiry. The key has no TTL; after that time the next client takes the lock over. */
const REDIS_MUTEX: LockFamily = {
  name: 'redis-mutex',
  title: 'redis-mutex (Ruby)',
  forms: [
    {
      type: 'string',
      key: '(?:.*:)?RedisMutex:.+',
      token: '(?<expiresAtSeconds>\\d{10}\\.\\d+)',
      isUnambiguous: true,
      confidence: 0.97,
    },
  ],
  lease: {ttlMs: 10_000, renewEveryMs: null, expiresByValue: true},
  release: {how: 'compare-and-delete'},
}

const REDLOCK_NET: LockFamily = {
  name: 'redlock-net',
  title: 'RedLock.net',
  forms: [{type: 'string', key: 'redlock:(?<name>.+)', token: UUID, confidence: 0.9}],
  lease: {ttlMs: null, renewEveryMs: null},
  onSeveralServers: true,
  release: {how: 'compare-and-delete'},
}

const UUID_TOKEN: LockFamily = {
  name: 'uuid',
  title: 'SET NX with a UUID: redlock-rb, aioredlock and many custom locks',
  forms: [{type: 'string', token: UUID, needsContext: true, confidence: 0.8}],
  lease: {ttlMs: null, renewEveryMs: null},
  onSeveralServers: true,
  release: {how: 'compare-and-delete'},
}

/** Matched last: a short string under a key that is expected to be a lock. */
const PLAIN: LockFamily = {
  name: 'plain',
  title: 'SET NX with a custom token',
  forms: [
    {type: 'string', token: '(?:1|true|yes|ok|lock|locked)', needsContext: true, confidence: 0.4},
    {type: 'string', token: '[^\\s{}\\[\\]"<>]{1,256}', needsContext: true, confidence: 0.7},
  ],
  lease: {ttlMs: null, renewEveryMs: null},
  release: {how: 'compare-and-delete'},
}

export const OTHER_FAMILIES: readonly LockFamily[] = [
  SIDEKIQ,
  SYMFONY,
  LARAVEL,
  MEDALLION,
  REDIS_MUTEX,
  REDLOCK_NET,
  REDSYNC,
]
export const LAST_FAMILIES: readonly LockFamily[] = [UUID_TOKEN, BSM, PLAIN]
