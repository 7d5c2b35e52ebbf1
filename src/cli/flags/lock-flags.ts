import {Flags} from '@oclif/core'
import type {LockPatterns} from '../../domain/doctor/collect-blocking-locks.js'
import type {CompiledFamilies} from '../../domain/locks/families/compiled.js'
import type {Connections} from '../connection/connections.js'
import {defaultDuration, durationFlag} from './duration.js'
import {redisFlags} from './common-flags.js'
import {familiesFlag} from './lock-families-flag.js'

/** The TTL that `locks release` sets by default on a lock that it does not delete. */
export const DEFAULT_GRACE = defaultDuration('1m')

/** Limits above which a lock gets a verdict. */
export const lockLimitFlags = {
  'max-hold': durationFlag({
    ...defaultDuration('10m'),
    description: 'report locks held longer than this',
    helpGroup: 'LIMIT',
    helpValue: 'DURATION',
  }),
  'max-ttl': durationFlag({
    ...defaultDuration('10m'),
    description: 'report locks with a longer TTL',
    helpGroup: 'LIMIT',
    helpValue: 'DURATION',
  }),
}

export function lockLimits(flags: {'max-hold': number; 'max-ttl': number}): {maxHoldMs: number; maxTtlMs: number} {
  return {maxHoldMs: flags['max-hold'], maxTtlMs: flags['max-ttl']}
}

/** Flags that map Redis locks to messages, for commands about messages. */
export const messageLockFlags = {
  ...redisFlags,
  ...familiesFlag,
  'holder-pattern': Flags.string({
    dependsOn: ['key-pattern'],
    description: 'format of owner tokens; {consumer} is a consumer name, an address or a value of its metadata',
    helpGroup: 'REDIS',
    helpValue: '{consumer}:*',
  }),
  'key-pattern': Flags.string({
    description: 'format of lock keys, where {key} is the message key; also checks the Redis locks of the messages',
    helpGroup: 'REDIS',
    helpValue: 'lock:user:{key}',
  }),
}

interface MessageLockValues {
  readonly families?: string | undefined
  readonly 'holder-pattern'?: string | undefined
  readonly 'key-pattern'?: string | undefined
}

/** @returns null without --key-pattern. */
export async function messageLocks(
  flags: MessageLockValues,
  connections: Connections,
  families: CompiledFamilies,
): Promise<LockPatterns | null> {
  const keyPattern = flags['key-pattern']
  if (keyPattern === undefined) return null
  return {connection: await connections.redis(), families, keyPattern, holderPattern: flags['holder-pattern'] ?? null}
}
