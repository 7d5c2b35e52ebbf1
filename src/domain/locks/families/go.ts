import type {LockFamily} from './family.js'

/** The last letter of 16 bytes in base64 holds only 2 bits. */
const BYTES_16 = '[A-Za-z0-9+/]{21}[AQgw]'
const URL_BYTES_16 = '[\\w-]{21}[AQgw]'

export const REDSYNC: LockFamily = {
  name: 'redsync',
  title: 'go-redsync 4',
  forms: [
    {
      type: 'string',
      token: `(?<random>${BYTES_16})==`,
      needsContext: true,
      shows: '16 random bytes in base64',
      confidence: 0.7,
    },
  ],
  lease: {ttlMs: 8000, renewEveryMs: null, alwaysExpires: true},
  onSeveralServers: true,
  release: {how: 'compare-and-delete'},
}

export const BSM: LockFamily = {
  name: 'bsm-redislock',
  title: "bsm/redislock: a random token, then the caller's metadata",
  forms: [
    {
      type: 'string',
      token: `(?<random>${URL_BYTES_16})`,
      needsContext: true,
      shows: '16 random bytes in base64 without padding',
      confidence: 0.65,
    },
    {
      type: 'string',
      token: `(?<random>${URL_BYTES_16})(?<consumer>.+)`,
      needsContext: true,
      shows: '16 random bytes in base64 and a text after them',
      confidence: 0.6,
    },
  ],
  lease: {ttlMs: null, renewEveryMs: null, alwaysExpires: true},
  release: {how: 'compare-and-delete'},
}
