import type {LockFamily} from './family.js'
import {UUID} from './template.js'

/** A worker renews the locks of its jobs at half of `lockDuration`. A job whose lock is missing is given to another worker. */
export const BULL: LockFamily = {
  name: 'bull',
  title: 'Bull and BullMQ job lock',
  forms: [
    {
      type: 'string',
      key: '(?<prefix>.+?):(?<queue>.+):(?<job>[^:]+):lock',
      token: `(?<instance>${UUID}):\\d+`,
      confidence: 0.98,
    },
    {
      type: 'string',
      key: 'bull:(?<queue>.+):(?<job>[^:]+):lock',
      token: `(?<instance>${UUID})`,
      isUnambiguous: true,
      confidence: 0.9,
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
    {type: 'string', key: 'mutex:(?<name>.+)', token: `(?<instance>${UUID})`, confidence: 0.9},
    {
      type: 'zset',
      key: 'semaphore:(?<name>.+)',
      token: `(?<instance>${UUID})(?:_\\d+)?`,
      entry: '(?<refreshedAtMs>\\d{13})',
      holders: 'many',
      confidence: 0.9,
    },
  ],
  lease: {ttlMs: 10_000, renewEveryMs: 8000},
  onSeveralServers: true,
  release: {how: 'compare-and-delete'},
}

export const NODE_REDLOCK: LockFamily = {
  name: 'node-redlock',
  title: 'node-redlock 4 and 5: 16 random bytes, in hex',
  forms: [{type: 'string', token: '[0-9a-f]{32}', needsContext: true, confidence: 0.8}],
  lease: {ttlMs: null, renewEveryMs: null},
  onSeveralServers: true,
  release: {how: 'compare-and-delete'},
}
