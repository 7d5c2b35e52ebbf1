import type {LockFamily} from './family.js'
import {UUID4} from './template.js'

export const SIDEKIQ: LockFamily = {
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
      shows: 'a hash of jobs with a time under uniquejobs:DIGEST:LOCKED',
      confidence: 0.999,
    },
    // Version 6: the id of the job that has the digest.
    {
      type: 'string',
      key: 'uniquejobs:(?<digest>.+):EXISTS',
      token: '[0-9a-f]{24}',
      isUnambiguous: true,
      shows: 'the id of a job under uniquejobs:DIGEST:EXISTS',
      confidence: 0.999,
    },
  ],
  // Its locks have no TTL by default: the reaper deletes locks whose job no longer exists.
  lease: {ttlMs: null, renewEveryMs: null, expiresByValue: true},
  companions: [
    {type: 'string', key: 'uniquejobs:${digest}:INFO', lock: 'uniquejobs:${digest}:LOCKED', role: 'info'},
    {type: 'list', key: 'uniquejobs:${digest}:QUEUED', lock: 'uniquejobs:${digest}:LOCKED', role: 'waiters'},
    {type: 'list', key: 'uniquejobs:${digest}:PRIMED', lock: 'uniquejobs:${digest}:LOCKED', role: 'waiters'},
    {type: 'hash', key: 'uniquejobs:${digest}:GRABBED', role: 'info'},
    {type: 'set', key: 'unique:keys', role: 'index'},
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

/** The value contains the expiry. The key has no TTL; after that time the next client takes the lock over. */
export const REDIS_MUTEX: LockFamily = {
  name: 'redis-mutex',
  title: 'redis-mutex (Ruby)',
  forms: [
    {
      type: 'string',
      key: '(?:.*:)?RedisMutex:.+',
      token: '(?<expiresAtSeconds>\\d{10}\\.\\d+)',
      isUnambiguous: true,
      shows: 'a time with fractions under RedisMutex:NAME',
      confidence: 0.99,
    },
  ],
  lease: {ttlMs: 10_000, renewEveryMs: null, expiresByValue: true},
  release: {how: 'compare-and-delete'},
}

export const REDLOCK_RB: LockFamily = {
  name: 'redlock-rb',
  title: 'redlock-rb',
  forms: [{type: 'string', token: UUID4, needsContext: true, shows: 'a random UUID', confidence: 0.3}],
  lease: {ttlMs: null, renewEveryMs: null, alwaysExpires: true},
  onSeveralServers: true,
  release: {how: 'compare-and-delete'},
}

/** A name of a Ruby class, and the arguments of the job. */
const JOB = '[A-Z]\\w*(?:::[A-Z]\\w*)*(?::.*)?'

/** The value is the end of the lease, or `true` without a timeout. The key has no TTL; after the end the next job takes it over. */
export const RESQUE_LOCK_TIMEOUT: LockFamily = {
  name: 'resque-lock-timeout',
  title: 'resque-lock-timeout',
  forms: [
    {
      type: 'string',
      key: `(?:.*:)?resque:(?:.*:)?(?:loner:)?lock:${JOB}`,
      token: '(?<expiresAtSeconds>1[4-9]\\d{8})|true',
      shows: 'a time in seconds under resque:lock:JOB',
      confidence: 0.98,
    },
    {
      type: 'string',
      key: `(?:.*:)?lock:${JOB}`,
      token: '(?<timeSeconds>1[4-9]\\d{8})',
      needsContext: true,
      shows: 'a time in seconds under lock:JOB',
      confidence: 0.75,
    },
  ],
  lease: {ttlMs: null, renewEveryMs: null},
  release: {how: 'compare-and-delete'},
}

/** dv/redis-semaphore: the hash of the resources in use, with the time at which each was taken. The free ones are in a list. */
export const REDIS_SEMAPHORE_RB: LockFamily = {
  name: 'redis-semaphore-rb',
  title: 'redis-semaphore (Ruby)',
  forms: [
    {
      type: 'hash',
      key: 'SEMAPHORE:(?<name>.+):GRABBED',
      token: '\\d+(?:\\.\\d+)?',
      entry: '(?<acquiredAtSeconds>\\d{10}(?:\\.\\d+)?)',
      holders: 'many',
      isUnambiguous: true,
      shows: 'a hash of numbers with a time under SEMAPHORE:NAME:GRABBED',
      confidence: 0.999,
    },
    {
      type: 'string',
      key: 'SEMAPHORE:(?<name>.+):release_locks',
      token: '(?<expiresAtSeconds>\\d{10}(?:\\.\\d+)?)',
      isUnambiguous: true,
      shows: 'a time under SEMAPHORE:NAME:release_locks',
      confidence: 0.999,
    },
  ],
  // A stale client is detected from the time in the hash, by the option stale_client_timeout.
  lease: {ttlMs: null, renewEveryMs: null, expiresByValue: true},
  companions: [
    {type: 'list', key: 'SEMAPHORE:${name}:AVAILABLE', role: 'info'},
    {type: 'string', key: 'SEMAPHORE:${name}:EXISTS', role: 'info'},
    {type: 'string', key: 'SEMAPHORE:${name}:VERSION', role: 'info'},
  ],
  release: {
    how: 'never',
    instead: 'its resource must be returned to the list of free ones; use signal(TOKEN) or delete! of the semaphore',
  },
}

/** GitLab: many leases are not canceled at the end of the work, so that it starts only once in that time. */
export const GITLAB: LockFamily = {
  name: 'gitlab',
  title: 'GitLab ExclusiveLease',
  forms: [
    {
      type: 'string',
      key: '(?:.*:)?gitlab:exclusive_lease:(?<name>.+)',
      token: UUID4,
      isUnambiguous: true,
      shows: 'a random UUID under gitlab:exclusive_lease:NAME',
      confidence: 0.9999,
    },
  ],
  lease: {ttlMs: null, renewEveryMs: null, outlivesWork: true, alwaysExpires: true},
  isTokenUnique: true,
  release: {how: 'compare-and-delete'},
}

/** Discourse: the value is the end of the lease in seconds, and the TTL is one second longer. */
export const DISCOURSE: LockFamily = {
  name: 'discourse',
  title: 'Discourse DistributedMutex',
  forms: [
    {
      type: 'string',
      token: '(?<expiresAtSeconds>1[4-9]\\d{8})',
      endsBeforeTtlMs: {least: 900, most: 2100},
      needsContext: true,
      shows: 'a time in seconds, 1 to 2 s before the TTL ends',
      confidence: 0.95,
    },
  ],
  lease: {ttlMs: null, renewEveryMs: null, alwaysExpires: true},
  release: {how: 'compare-and-delete'},
}

/** Kredis: the number of slots that are taken. The key stays with 0. */
export const KREDIS: LockFamily = {
  name: 'kredis',
  title: 'Kredis slots',
  forms: [
    {
      type: 'string',
      token: '(?<free>0)|(?<holders>[1-9]\\d{0,2})',
      needsContext: true,
      shows: 'a small number',
      confidence: 0.1,
    },
  ],
  lease: {ttlMs: null, renewEveryMs: null},
  release: {how: 'compare-and-delete'},
}
