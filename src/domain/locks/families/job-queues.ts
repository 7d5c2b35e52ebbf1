import type {LockFamily} from './family.js'

/** celery-singleton: the id of the task that is queued or runs. Without `lock_expiry` it stays until the task has ended. */
export const CELERY_SINGLETON: LockFamily = {
  name: 'celery-singleton',
  title: 'celery-singleton',
  forms: [
    {
      type: 'string',
      key: '(?:.*:)?SINGLETONLOCK_(?<digest>[0-9a-f]{32})',
      token: '.+',
      isUnambiguous: true,
      shows: 'the id of a task under SINGLETONLOCK_DIGEST',
      confidence: 0.9999,
    },
  ],
  lease: {ttlMs: null, renewEveryMs: null},
  isTokenUnique: true,
  release: {how: 'compare-and-delete'},
}

/** `uuid1().hex`, as redis-py writes it. */
const UUID1 = '(?<uuid1>[0-9a-f]{12}1[0-9a-f]{3}[89ab][0-9a-f]{15})'

/** RedBeat: the scheduler extends its lock at each tick, at most `beat_max_loop_interval` (300 s) apart, to five times that. */
export const REDBEAT: LockFamily = {
  name: 'redbeat',
  title: 'RedBeat scheduler',
  forms: [
    {
      type: 'string',
      key: '(?:.*[:_-])?redbeat::lock',
      token: UUID1,
      isUnambiguous: true,
      shows: 'UUID of version 1 in hex under redbeat::lock',
      confidence: 0.9999,
    },
  ],
  lease: {ttlMs: 1_500_000, renewEveryMs: 300_000},
  isTokenUnique: true,
  release: {how: 'compare-and-delete'},
}

/** RQ: the scheduler of a queue writes its process id, and renews the lock every second. */
export const RQ: LockFamily = {
  name: 'rq',
  title: 'RQ scheduler',
  forms: [
    {
      type: 'string',
      key: 'rq:scheduler-lock:(?<queue>.+)',
      token: '(?<pid>\\d{1,7})|(?<instance>[\\w.:-]+)',
      isUnambiguous: true,
      shows: 'a process id under rq:scheduler-lock:QUEUE',
      confidence: 0.9999,
    },
  ],
  lease: {ttlMs: 61_000, renewEveryMs: 1000},
  release: {how: 'compare-and-delete'},
}

/** arq: the job is running. The TTL is the timeout of the job and 10 s. */
export const ARQ: LockFamily = {
  name: 'arq',
  title: 'arq job',
  forms: [
    {
      type: 'string',
      key: 'arq:in-progress:(?<job>.+)',
      token: '1',
      isUnambiguous: true,
      shows: '1 under arq:in-progress:JOB',
      confidence: 0.9999,
    },
  ],
  lease: {ttlMs: null, renewEveryMs: null},
  release: {
    how: 'never',
    instead:
      'without this key another worker starts the job while this one may still run it; wait for its timeout, or use Job.abort()',
  },
}

/** asynq: the id of the task that is queued or runs, until it has ended or the time of the option Unique has passed. */
export const ASYNQ: LockFamily = {
  name: 'asynq',
  title: 'asynq unique task',
  forms: [
    {
      type: 'string',
      key: 'asynq:\\{(?<queue>[^}]+)\\}:unique:(?<task>.+)',
      token: '.+',
      isUnambiguous: true,
      shows: 'the id of a task under asynq:{QUEUE}:unique:TASK',
      confidence: 0.9999,
    },
  ],
  lease: {ttlMs: null, renewEveryMs: null},
  release: {how: 'compare-and-delete'},
}

/** dramatiq's ConcurrentRateLimiter: the number of running tasks. The key stays with 0 after the last one. */
export const DRAMATIQ: LockFamily = {
  name: 'dramatiq',
  title: 'dramatiq ConcurrentRateLimiter',
  forms: [
    {
      type: 'string',
      token: '(?<free>0)|(?<holders>[1-9]\\d{0,2})',
      needsContext: true,
      shows: 'a small number',
      confidence: 0.15,
    },
  ],
  lease: {ttlMs: 900_000, renewEveryMs: null, alwaysExpires: true},
  release: {how: 'compare-and-delete'},
}
