import type {LockFamily} from './family.js'
import {UUID4} from './template.js'

/** `uuid1().hex`: the 13th digit is the version, the 17th the variant. One in 64 random tokens has both. */
const UUID1 = '(?<uuid1>[0-9a-f]{12}1[0-9a-f]{3}[89ab][0-9a-f]{15})'

export const REDIS_PY: LockFamily = {
  name: 'redis-py',
  title: 'redis-py Lock, also under celery-once and django-redis',
  forms: [
    {
      type: 'string',
      token: UUID1,
      needsContext: true,
      shows: 'UUID of version 1 in hex, with a recent time',
      confidence: 0.97,
    },
  ],
  lease: {ttlMs: null, renewEveryMs: null},
  isTokenUnique: true,
  release: {how: 'compare-and-delete'},
}

export const PYTHON_REDIS_LOCK: LockFamily = {
  name: 'python-redis-lock',
  title: 'python-redis-lock: 18 random bytes, in base64',
  forms: [
    {
      type: 'string',
      key: 'lock:(?<name>.+)',
      token: '(?=[^A-Z]*[A-Z])(?=[^a-z]*[a-z])(?<random>[A-Za-z0-9+/]{24})',
      shows: '18 random bytes in base64 under lock:NAME',
      confidence: 0.88,
    },
    {
      type: 'string',
      key: 'lock:(?<name>.+)',
      token: '(?!\\d+$)[^\\s{}\\[\\]"<>]{3,256}',
      needsContext: true,
      shows: 'any token under lock:NAME, as with its option id',
      confidence: 0.12,
    },
  ],
  lease: {ttlMs: null, renewEveryMs: null},
  companions: [{type: 'list', key: 'lock-signal:${name}', role: 'signal'}],
  release: {
    how: 'compare-and-delete',
    notify: {by: 'push', list: 'lock-signal:${name}', element: '1', expireMs: 1000},
  },
}

/** `''.join(random.choice(letters and digits))`. One in 15 of these tokens ends like 16 bytes in base64. */
export const REDLOCK_PY: LockFamily = {
  name: 'redlock-py',
  title: 'redlock-py',
  forms: [
    {
      type: 'string',
      token: '(?=[^A-Z]*[A-Z])(?=[^a-z]*[a-z])(?<random>[A-Za-z0-9]{21}[B-PR-Za-fh-vx-z0-9])',
      needsContext: true,
      shows: '22 random letters and digits',
      confidence: 0.6,
    },
    {
      type: 'string',
      token: '(?=[^A-Z]*[A-Z])(?=[^a-z]*[a-z])(?<random>[A-Za-z0-9]{22})',
      needsContext: true,
      shows: '22 random letters and digits',
      confidence: 0.1,
    },
  ],
  lease: {ttlMs: null, renewEveryMs: null, alwaysExpires: true},
  onSeveralServers: true,
  release: {how: 'compare-and-delete'},
}

export const AIOREDLOCK: LockFamily = {
  name: 'aioredlock',
  title: 'aioredlock',
  forms: [{type: 'string', token: UUID4, needsContext: true, shows: 'a random UUID', confidence: 0.25}],
  lease: {ttlMs: 10_000, renewEveryMs: null, alwaysExpires: true},
  onSeveralServers: true,
  release: {how: 'compare-and-delete'},
}

export const POTTERY: LockFamily = {
  name: 'pottery',
  title: 'pottery Redlock',
  forms: [
    {
      type: 'string',
      key: 'redlock:(?<name>.+)',
      token: UUID4,
      shows: 'a random UUID under redlock:NAME',
      confidence: 0.5,
    },
  ],
  lease: {ttlMs: 10_000, renewEveryMs: null, alwaysExpires: true},
  onSeveralServers: true,
  release: {how: 'compare-and-delete'},
}

/** tooz (OpenStack): a lock of redis-py that the coordinator extends at its heartbeat. */
export const TOOZ: LockFamily = {
  name: 'tooz',
  title: 'tooz coordinator',
  forms: [
    {
      type: 'string',
      key: '_tooz_(?<name>.+)_lock',
      token: UUID1,
      shows: 'UUID of version 1 in hex under _tooz_NAME_lock',
      confidence: 0.9999,
    },
  ],
  lease: {ttlMs: 30_000, renewEveryMs: null, alwaysExpires: true},
  isTokenUnique: true,
  release: {how: 'compare-and-delete'},
}

/** The region of dogpile.cache that a process computes. Its lock is one of redis-py, without a TTL by default. */
export const DOGPILE: LockFamily = {
  name: 'dogpile-cache',
  title: 'dogpile.cache',
  forms: [
    {
      type: 'string',
      key: '_lock(?<name>.+)',
      token: UUID1,
      shows: 'UUID of version 1 in hex under _lockKEY',
      confidence: 0.999,
    },
  ],
  lease: {ttlMs: null, renewEveryMs: null},
  isTokenUnique: true,
  release: {how: 'compare-and-delete'},
}
