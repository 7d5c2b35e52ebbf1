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
      confidence: 0.97,
    },
    {type: 'string', token: '[A-Za-z0-9+/]{43}=', needsContext: true, confidence: 0.8},
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
      confidence: 0.95,
    },
    {type: 'string', key: '.*laravel.*', token: '[A-Za-z0-9]{16}', needsContext: true, confidence: 0.7},
  ],
  lease: {ttlMs: null, renewEveryMs: null},
  release: {how: 'compare-and-delete'},
}
