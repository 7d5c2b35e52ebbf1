import {homedir} from 'node:os'
import {join} from 'node:path'

import {Flags} from '@oclif/core'

import {connectRedis, type RedisConnection} from '../clients/redis/connect.js'
import type {LockQuestion} from '../domain/diagnosis/collect-locks.js'
import type {RedlockServer} from '../domain/locks/collect-copies.js'
import type {CompiledFamilies} from '../domain/locks/families/compiled.js'
import {Unreachable, Usage} from '../errors.js'
import {defaultAddresses} from './addresses.js'
import {defaultDuration, durationFlag} from './duration.js'
import {redisFlags} from './flags.js'
import {familiesFlag} from './lock-families.js'

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
  readonly 'redis-url'?: string | undefined
}

/** @returns null where they are not asked for. The connection is the caller's to close. */
export async function messageLocks(
  flags: MessageLockValues,
  config: {root: string},
  families: CompiledFamilies,
): Promise<LockQuestion | null> {
  const keyPattern = flags['key-pattern']
  if (keyPattern === undefined) return null
  const url = flags['redis-url'] ?? (await defaultAddresses(config.root)).redisUrl
  return {connection: await connectRedis(url), families, keyPattern, holderPattern: flags['holder-pattern'] ?? null}
}

/**
 * Connects to the other servers of a Redlock. One that is down does not keep the others from being looked at.
 *
 * @throws Usage E_REDLOCK_CLUSTER, E_REDIS_URL
 */
export async function redlockServers(
  urls: readonly string[],
  own: <T extends RedisConnection>(connection: T) => T,
): Promise<RedlockServer[]> {
  return Promise.all(
    urls.map(async (url) => {
      try {
        const connection = own(await connectRedis(url))
        const {address, slotOwners} = connection
        if (slotOwners === null) return {address, connection, cause: null}
        throw new Usage(
          'E_REDLOCK_CLUSTER',
          `${address} is a cluster: a Redlock's servers are independent of each other`,
        )
      } catch (error) {
        const address = error instanceof Unreachable ? error.data['address'] : null
        if (typeof address !== 'string') throw error
        return {address, connection: null, cause: (error as Unreachable).message}
      }
    }),
  )
}

/** Where releases are written down unless said otherwise. @see the XDG base directory specification */
export function auditLogPath(): string {
  const state = process.env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state')
  return join(state, 'keyshift', 'lock-releases.ndjson')
}
