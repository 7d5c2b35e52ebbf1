import type {LockFamily} from './family.js'

/** `uuid1().hex`: the 13th digit is the version, the 17th the variant. One in 64 random tokens has both. */
const UUID1 = '(?<uuid1>[0-9a-f]{12}1[0-9a-f]{3}[89ab][0-9a-f]{15})'

export const REDIS_PY: LockFamily = {
  name: 'redis-py',
  title: 'redis-py Lock, also under celery-once, RedBeat, django-redis',
  forms: [
    {type: 'string', key: 'redbeat::lock', token: UUID1, isUnambiguous: true, confidence: 0.99},
    {type: 'string', token: UUID1, needsContext: true, confidence: 0.95, lookalikes: ['node-redlock']},
  ],
  lease: {ttlMs: null, renewEveryMs: null},
  release: {how: 'compare-and-delete'},
}

export const PYTHON_REDIS_LOCK: LockFamily = {
  name: 'python-redis-lock',
  title: 'python-redis-lock: 18 random bytes, in base64',
  forms: [{type: 'string', key: 'lock:(?<name>.+)', token: '[A-Za-z0-9+/]{24}', confidence: 0.95}],
  lease: {ttlMs: null, renewEveryMs: null},
  companions: [{type: 'list', key: 'lock-signal:${name}', role: 'signal'}],
  release: {
    how: 'compare-and-delete',
    notify: {by: 'push', list: 'lock-signal:${name}', element: '1', expireMs: 1000},
  },
}
