import {homedir} from 'node:os'
import {join} from 'node:path'

import {Flags} from '@oclif/core'

import {defaultDuration, durationFlag} from './duration.js'

/** What is too much, for commands that judge locks. */
export const judgeFlags = {
  'max-hold': durationFlag({
    ...defaultDuration('10m'),
    description: 'who holds a lock for longer has it for too long',
    helpGroup: 'JUDGEMENT',
    helpValue: '10m',
  }),
  'max-ttl': Flags.integer({
    default: 600,
    description: 'a longer TTL is too long',
    helpGroup: 'JUDGEMENT',
    helpValue: 'SECONDS',
    min: 1,
  }),
}

export function judgeOptions(flags: {'max-hold': number; 'max-ttl': number}): {maxHoldMs: number; maxTtlMs: number} {
  return {maxHoldMs: flags['max-hold'], maxTtlMs: flags['max-ttl'] * 1000}
}

/** Where releases are written down unless said otherwise. @see the XDG base directory specification */
export function auditLogPath(): string {
  const state = process.env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state')
  return join(state, 'keyshift', 'lock-releases.ndjson')
}
