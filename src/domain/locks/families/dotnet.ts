import type {LockFamily} from './family.js'
import {UUID} from './template.js'

export const MEDALLION: LockFamily = {
  name: 'medallion',
  title: 'Medallion DistributedLock.Redis',
  forms: [{type: 'string', token: '(?<host>.+)_(?<pid>\\d+)_[0-9a-f]{32}', confidence: 0.97}],
  lease: {ttlMs: 30_000, renewEveryMs: 9000},
  onSeveralServers: true,
  release: {how: 'compare-and-delete'},
}

export const REDLOCK_NET: LockFamily = {
  name: 'redlock-net',
  title: 'RedLock.net',
  forms: [{type: 'string', key: 'redlock:(?<name>.+)', token: UUID, confidence: 0.9}],
  lease: {ttlMs: null, renewEveryMs: null},
  onSeveralServers: true,
  release: {how: 'compare-and-delete'},
}
