import type {LockFamily} from './family.js'

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
      confidence: 0.97,
    },
  ],
  lease: {ttlMs: 10_000, renewEveryMs: null, expiresByValue: true},
  release: {how: 'compare-and-delete'},
}
