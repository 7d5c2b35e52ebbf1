import type {LockFamily} from './family.js'

/** A zset since Symfony 5.2, a string before. The code of either version fails on the key of the other. */
export const SYMFONY: LockFamily = {
  name: 'symfony',
  title: 'Symfony Lock RedisStore',
  forms: [
    {
      type: 'zset',
      token: '[A-Za-z0-9+/]{43}=',
      entry: '(?<expiresAtMs>\\d{13})(?:\\.\\d+)?',
      optionalField: '__write__',
      holders: 'many',
      shows: '32 random bytes in base64 with the end of the lease as score',
      confidence: 0.99,
    },
    {
      type: 'string',
      token: '(?<random>[A-Za-z0-9+/]{43})=',
      needsContext: true,
      shows: '32 random bytes in base64',
      confidence: 0.7,
    },
  ],
  lease: {ttlMs: 300_000, renewEveryMs: null},
  release: {how: 'compare-and-delete'},
}

export const LARAVEL: LockFamily = {
  name: 'laravel',
  title: 'Laravel cache lock, unique jobs, WithoutOverlapping',
  forms: [
    {
      type: 'string',
      key: '.*(?:laravel_unique_job:|laravel-queue-overlap:|framework/schedule-).+',
      token: '\\S+',
      isUnambiguous: true,
      shows: 'the key of a unique job, an overlap lock or a scheduled task',
      confidence: 0.99,
    },
    {
      type: 'string',
      key: '.*laravel.*',
      token: '[A-Za-z0-9]{16}',
      needsContext: true,
      shows: '16 random letters and digits under a key with laravel',
      confidence: 0.97,
    },
    {
      type: 'string',
      token: '(?<random>[A-Za-z0-9]{16})',
      needsContext: true,
      shows: '16 random letters and digits',
      confidence: 0.3,
    },
  ],
  lease: {ttlMs: null, renewEveryMs: null},
  release: {how: 'compare-and-delete'},
}

/**
 * File locks of Nextcloud and ownCloud: the number of shared holders, or `exclusive`. 0 means free. Each acquisition sets the TTL
 * again, so the expiry distinguishes a lock that was acquired again.
 */
export const NEXTCLOUD: LockFamily = {
  name: 'nextcloud',
  title: 'Nextcloud and ownCloud file lock',
  forms: [
    {
      type: 'string',
      key: '(?:.*/)?lockfiles/[0-9a-f]{32}',
      token: '(?<free>0)|(?<holders>[1-9]\\d{0,5})|exclusive',
      isUnambiguous: true,
      shows: 'a count or exclusive under lockfiles/HASH',
      confidence: 0.999,
    },
  ],
  lease: {ttlMs: 3_600_000, renewEveryMs: null},
  release: {how: 'compare-and-delete'},
}
