import type {LockFamily} from './family.js'
import {UUID4, UUID4_HEX} from './template.js'

/** Environment.MachineName is the host name up to its first dot. */
export const MEDALLION: LockFamily = {
  name: 'medallion',
  title: 'Medallion DistributedLock.Redis',
  forms: [
    {
      type: 'string',
      token: `(?<host>[^.\\s]{1,63})_(?<pid>\\d{1,7})_${UUID4_HEX}`,
      shows: 'HOST_PID_UUID',
      confidence: 0.8,
    },
  ],
  lease: {ttlMs: 30_000, renewEveryMs: 9000, alwaysExpires: true},
  onSeveralServers: true,
  release: {how: 'compare-and-delete'},
}

export const REDLOCK_NET: LockFamily = {
  name: 'redlock-net',
  title: 'RedLock.net',
  forms: [
    {
      type: 'string',
      key: 'redlock:(?<name>.+)',
      token: UUID4,
      shows: 'a random UUID under redlock:NAME',
      confidence: 0.65,
    },
  ],
  lease: {ttlMs: null, renewEveryMs: null, alwaysExpires: true},
  onSeveralServers: true,
  release: {how: 'compare-and-delete'},
}
