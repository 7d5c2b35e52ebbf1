import type {LockFamily} from './family.js'
import {UUID4, UUID4_HEX} from './template.js'

/** Environment.MachineName is the host name up to its first dot. */
const LOCK_ID = `(?<host>[^.\\s]{1,63})_(?<pid>\\d{1,7})_${UUID4_HEX}`
const RENEWED = {ttlMs: 30_000, renewEveryMs: 9000, alwaysExpires: true}

export const MEDALLION: LockFamily = {
  name: 'medallion',
  title: 'Medallion DistributedLock.Redis',
  forms: [{type: 'string', token: LOCK_ID, shows: 'HOST_PID_UUID', confidence: 0.8}],
  lease: RENEWED,
  onSeveralServers: true,
  release: {how: 'compare-and-delete'},
}

/** A writer that waits for readers blocks new ones with its own id and a suffix. */
export const MEDALLION_READ_WRITE: LockFamily = {
  name: 'medallion-read-write',
  title: 'Medallion reader-writer lock',
  forms: [
    {
      type: 'string',
      key: '(?<name>.+)\\.writer',
      token: `${LOCK_ID}(?<waiting>_WRITERWAITING)?`,
      shows: 'HOST_PID_UUID under NAME.writer',
      confidence: 0.995,
    },
    {
      type: 'set',
      key: '(?<name>.+)\\.readers',
      token: LOCK_ID,
      holders: 'many',
      shows: 'a set of HOST_PID_UUID under NAME.readers',
      confidence: 0.999,
    },
  ],
  lease: RENEWED,
  onSeveralServers: true,
  release: {how: 'compare-and-delete'},
}

/** The scores are the ends of the leases. The key expires after three leases. */
export const MEDALLION_SEMAPHORE: LockFamily = {
  name: 'medallion-semaphore',
  title: 'Medallion semaphore',
  forms: [
    {
      type: 'zset',
      token: LOCK_ID,
      entry: '(?<expiresAtMs>\\d{13})(?:\\.\\d+)?',
      holders: 'many',
      shows: 'HOST_PID_UUID with the end of the lease as score',
      confidence: 0.995,
    },
  ],
  lease: {ttlMs: 90_000, renewEveryMs: 9000, alwaysExpires: true},
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
