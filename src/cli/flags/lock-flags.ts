import {Flags} from '@oclif/core'
import type {LockPatterns} from '../../domain/doctor/collect-blocking-locks.js'
import type {CompiledFamilies} from '../../domain/locks/families/compiled.js'
import type {Connections} from '../connection/connections.js'
import {defaultDuration, durationFlag} from './duration.js'
import {redisFlags} from './common-flags.js'
import {familiesFlag} from './lock-families-flag.js'

/** What is too much, for commands that judge locks. */
export const lockLimitFlags = {
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

export function lockLimits(flags: {'max-hold': number; 'max-ttl': number}): {maxHoldMs: number; maxTtlMs: number} {
  return {maxHoldMs: flags['max-hold'], maxTtlMs: flags['max-ttl'] * 1000}
}

/** Which Redis locks are for which messages, for commands that are about messages first. */
export const messageLockFlags = {
  ...redisFlags,
  ...familiesFlag,
  'holder-pattern': Flags.string({
    dependsOn: ['key-pattern'],
    description: "a lock holder's token: {consumer} stands for the consumer's name, address or a value of its metadata",
    helpGroup: 'REDIS',
    helpValue: '{consumer}:*',
  }),
  'key-pattern': Flags.string({
    description: "look at the Redis locks of messages too: a lock's key, {key} stands for the message key",
    helpGroup: 'REDIS',
    helpValue: 'lock:user:{key}',
  }),
}

interface MessageLockValues {
  readonly families?: string | undefined
  readonly 'holder-pattern'?: string | undefined
  readonly 'key-pattern'?: string | undefined
}

/** @returns null where they are not asked for. */
export async function messageLocks(
  flags: MessageLockValues,
  connections: Connections,
  families: CompiledFamilies,
): Promise<LockPatterns | null> {
  const keyPattern = flags['key-pattern']
  if (keyPattern === undefined) return null
  return {connection: await connections.redis(), families, keyPattern, holderPattern: flags['holder-pattern'] ?? null}
}
