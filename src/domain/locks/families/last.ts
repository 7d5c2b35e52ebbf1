import type {LockFamily} from './family.js'
import {UUID} from './template.js'

/** Matched after all libraries with a more specific format. */
export const UUID_TOKEN: LockFamily = {
  name: 'uuid',
  title: 'SET NX with a UUID: redlock-rb, aioredlock and many custom locks',
  forms: [{type: 'string', token: UUID, needsContext: true, confidence: 0.8}],
  lease: {ttlMs: null, renewEveryMs: null},
  onSeveralServers: true,
  release: {how: 'compare-and-delete'},
}

/** Matched last: a short string under a key that is expected to be a lock. */
export const PLAIN: LockFamily = {
  name: 'plain',
  title: 'SET NX with a custom token',
  forms: [
    {type: 'string', token: '(?:1|true|yes|ok|lock|locked)', needsContext: true, confidence: 0.4},
    {type: 'string', token: '[^\\s{}\\[\\]"<>]{1,256}', needsContext: true, confidence: 0.7},
  ],
  lease: {ttlMs: null, renewEveryMs: null},
  release: {how: 'compare-and-delete'},
}
