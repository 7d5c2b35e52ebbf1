import type {LockFamily} from './family.js'

/** Random bytes in base64 contain letters of both cases; words and numbers do not. */
const MIXED = '(?=.{0,21}[A-Z])(?=.{0,21}[a-z])'

export const REDSYNC: LockFamily = {
  name: 'redsync',
  title: 'go-redsync 4: 16 random bytes, in base64',
  forms: [{type: 'string', token: '[A-Za-z0-9+/]{22}==', needsContext: true, confidence: 0.9}],
  lease: {ttlMs: 8000, renewEveryMs: null},
  onSeveralServers: true,
  release: {how: 'compare-and-delete'},
}

export const BSM: LockFamily = {
  name: 'bsm-redislock',
  title: "bsm/redislock: 16 random bytes in base64, then the caller's metadata",
  forms: [
    {type: 'string', token: `${MIXED}[\\w-]{22}`, needsContext: true, confidence: 0.85},
    {type: 'string', token: `${MIXED}[\\w-]{22}(?<consumer>.+)`, needsContext: true, confidence: 0.5},
  ],
  lease: {ttlMs: null, renewEveryMs: null},
  release: {how: 'compare-and-delete'},
}
