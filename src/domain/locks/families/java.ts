import type {LockFamily} from './family.js'
import {UUID, UUID4, UUID4_HEX} from './template.js'

/** RedissonLock, RedissonFairLock, RedissonFencedLock, RedissonSpinLock, RedissonReadLock, RedissonWriteLock (3.x, 4.x). */
export const REDISSON: LockFamily = {
  name: 'redisson',
  title: 'Redisson lock, also fair, spin and multi-lock, and RFencedLock',
  forms: [
    {
      type: 'hash',
      token: `(?<instance>${UUID}):(?<thread>\\d+)`,
      entry: '(?<count>\\d{1,9})',
      shows: 'a hash of UUID:THREAD with a count',
      confidence: 0.999,
    },
  ],
  lease: {ttlMs: 30_000, renewEveryMs: 10_000},
  companions: [
    {type: 'list', key: 'redisson_lock_queue:${tagged}', role: 'waiters'},
    {type: 'zset', key: 'redisson_lock_timeout:${tagged}', role: 'deadlines'},
    {type: 'string', key: 'redisson_lock_token:${tagged}', role: 'counter'},
    {type: 'string', key: 'redisson_unlock_latch:${tagged}:*', role: 'info'},
  ],
  onSeveralServers: true,
  release: {
    how: 'compare-and-delete',
    notify: {
      by: 'publish',
      channel: 'redisson_lock__channel:${tagged}',
      message: '0',
      waiterChannel: 'redisson_lock__channel:${tagged}:${waiter}',
    },
  },
}

export const REDISSON_READ_WRITE: LockFamily = {
  name: 'redisson-read-write',
  title: 'Redisson read-write lock',
  forms: [
    {
      type: 'hash',
      token: `(?<instance>${UUID}):(?<thread>\\d+)(?::write)?`,
      entry: '(?<count>\\d{1,9})',
      requiredField: 'mode',
      holders: 'many',
      shows: 'a hash of UUID:THREAD with a count and the field mode',
      confidence: 0.999,
    },
  ],
  lease: {ttlMs: 30_000, renewEveryMs: 10_000},
  companions: [{type: 'string', key: '${tagged}:*:rwlock_timeout:*', role: 'hold'}],
  release: {
    how: 'compare-and-delete',
    notify: {by: 'publish', channel: 'redisson_rwlock:${tagged}', message: '1'},
    deletesCompanions: ['hold'],
  },
}

/** RedisLockRegistry: each registry instance has one id, which is the token of all its locks. */
export const SPRING: LockFamily = {
  name: 'spring-integration',
  title: 'Spring Integration RedisLockRegistry',
  forms: [
    {
      type: 'string',
      key: '(?<registry>[^:]+):(?<name>.+)',
      token: `(?<instance>${UUID4})`,
      needsContext: true,
      shows: 'a random UUID under REGISTRY:NAME',
      confidence: 0.4,
    },
  ],
  lease: {ttlMs: 60_000, renewEveryMs: null, alwaysExpires: true},
  release: {
    how: 'compare-and-delete',
    notify: {by: 'publish', channel: '${registry}-channel:${name}', message: '${key}'},
  },
}

export const SHEDLOCK: LockFamily = {
  name: 'shedlock',
  title: 'ShedLock Redis provider',
  forms: [
    {
      type: 'string',
      token: `ADDED:(?<acquiredAt>\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z)@(?<host>.+?)(?::(?<instance>${UUID}))?`,
      shows: 'ADDED:TIME@HOST',
      confidence: 0.999,
    },
  ],
  // lockAtLeastFor keeps the lock after the job has ended.
  lease: {ttlMs: null, renewEveryMs: null, outlivesWork: true},
  isTokenUnique: true,
  release: {how: 'compare-and-delete'},
}

/** A permit without an end has this score. */
const WITHOUT_END = '9\\.?22337203685477(?:e\\+14)?'

/**
 * RPermitExpirableSemaphore: the permits in use, by their random 16 bytes, with the end of each. The number of free permits is in
 * the key NAME.
 */
export const REDISSON_PERMITS: LockFamily = {
  name: 'redisson-permits',
  title: 'Redisson RPermitExpirableSemaphore',
  forms: [
    {
      type: 'zset',
      key: '(?<tagged>.*\\{.+\\}.*):timeout',
      token: '[\\s\\S]+',
      entry: `(?<expiresAtMs>1[4-9]\\d{11})|${WITHOUT_END}`,
      holders: 'many',
      shows: 'ids with a time under {NAME}:timeout',
      confidence: 0.97,
    },
  ],
  lease: {ttlMs: null, renewEveryMs: null},
  release: {
    how: 'never',
    instead: 'the number of free permits is in another key; return the permit with release(ID) of the semaphore',
  },
}

/** lock4j: `lock4j:CLASS.METHOD#KEYS, without the dot before METHOD`. */
export const LOCK4J: LockFamily = {
  name: 'lock4j',
  title: 'lock4j RedisTemplate executor',
  forms: [
    {
      type: 'string',
      key: 'lock4j:(?<method>.+)#(?<name>.*)',
      token: UUID4_HEX,
      isUnambiguous: true,
      shows: 'a random UUID in hex under lock4j:METHOD#KEYS',
      confidence: 0.9999,
    },
  ],
  lease: {ttlMs: 30_000, renewEveryMs: null, alwaysExpires: true},
  isTokenUnique: true,
  release: {how: 'compare-and-delete'},
}

/** JetCache: one process refreshes the entry. The value is a serialized holder of a UUID. */
export const JETCACHE: LockFamily = {
  name: 'jetcache',
  title: 'JetCache refresh lock',
  forms: [
    {
      type: 'string',
      key: '(?<name>.+)_#RL#',
      token: '[\\s\\S]+',
      isUnambiguous: true,
      shows: 'a key with the suffix _#RL#',
      confidence: 0.9999,
    },
  ],
  lease: {ttlMs: 60_000, renewEveryMs: null, alwaysExpires: true},
  release: {how: 'compare-and-delete'},
}
