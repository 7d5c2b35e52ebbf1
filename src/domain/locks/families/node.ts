import type {LockFamily} from './family.js'
import {UUID, UUID4} from './template.js'

/** A worker renews the locks of its jobs at half of `lockDuration`. A job whose lock is missing is given to another worker. */
export const BULL: LockFamily = {
  name: 'bull',
  title: 'Bull and BullMQ job lock',
  forms: [
    {
      type: 'string',
      key: '(?<prefix>.+?):(?<queue>.+):(?<job>[^:]+):lock',
      token: `(?<instance>${UUID}):\\d+`,
      shows: 'WORKER:NUMBER under PREFIX:QUEUE:JOB:lock',
      confidence: 0.99,
    },
    {
      type: 'string',
      key: 'bull:(?<queue>.+):(?<job>[^:]+):lock',
      token: `(?<instance>${UUID})`,
      isUnambiguous: true,
      shows: 'a UUID under bull:QUEUE:JOB:lock',
      confidence: 0.99,
    },
  ],
  lease: {ttlMs: 30_000, renewEveryMs: 15_000},
  release: {
    how: 'never',
    instead:
      'without its lock the job counts as stalled and another worker starts it while this one may still run it; ' +
      'wait for the lock to expire, or stop the worker and move the job with job.moveToFailed',
  },
}

export const REDIS_SEMAPHORE: LockFamily = {
  name: 'redis-semaphore',
  title: 'redis-semaphore (npm): mutex, semaphore',
  forms: [
    {
      type: 'string',
      key: 'mutex:(?<name>.+)',
      token: `(?<instance>${UUID4})`,
      shows: 'a random UUID under mutex:NAME',
      confidence: 0.8,
    },
    {
      type: 'zset',
      key: 'semaphore:(?<name>.+)',
      token: `(?<instance>${UUID})(?:_\\d+)?`,
      entry: '(?<refreshedAtMs>\\d{13})',
      holders: 'many',
      shows: 'UUIDs with a time under semaphore:NAME',
      confidence: 0.97,
    },
  ],
  lease: {ttlMs: 10_000, renewEveryMs: 8000, alwaysExpires: true},
  onSeveralServers: true,
  release: {how: 'compare-and-delete'},
}

export const NODE_REDLOCK: LockFamily = {
  name: 'node-redlock',
  title: 'node-redlock 4 and 5: 16 random bytes, in hex',
  forms: [
    {
      type: 'string',
      token: '(?!.{12}[1-5].{3}[89ab])[0-9a-f]{32}',
      needsContext: true,
      shows: '16 random bytes in hex',
      confidence: 0.55,
    },
    // One in 13 random tokens has the version and variant digits of a UUID.
    {type: 'string', token: '[0-9a-f]{32}', needsContext: true, shows: 'a UUID in hex', confidence: 0.05},
  ],
  lease: {ttlMs: null, renewEveryMs: null, alwaysExpires: true},
  onSeveralServers: true,
  release: {how: 'compare-and-delete'},
}

/** https://www.npmjs.com/package/redis-lock: the value is the end of the lease. The next client takes the lock over after it. */
export const NPM_REDIS_LOCK: LockFamily = {
  name: 'redis-lock-npm',
  title: 'redis-lock (npm)',
  forms: [
    {
      type: 'string',
      key: 'lock\\.(?<name>.+)',
      token: '(?<timeMs>1[4-9]\\d{11})',
      shows: 'a time in ms under lock.NAME',
      confidence: 0.85,
    },
  ],
  lease: {ttlMs: 5000, renewEveryMs: null, expiresByValue: true},
  release: {how: 'compare-and-delete'},
}

/** A UUID of version 1 as 16 bytes in base64, so a token contains the time of its attempt. */
export const WARLOCK: LockFamily = {
  name: 'warlock',
  title: 'node-redis-warlock',
  forms: [
    {
      type: 'string',
      key: '(?<name>.+):lock',
      token: '(?<uuid1Bytes>[A-Za-z0-9+/]{21}[AQgw]==)',
      shows: 'UUID of version 1 in base64 under NAME:lock',
      confidence: 0.99,
    },
  ],
  lease: {ttlMs: null, renewEveryMs: null, alwaysExpires: true},
  isTokenUnique: true,
  release: {how: 'compare-and-delete'},
}
