import {join} from 'node:path'

import {Flags} from '@oclif/core'

import type {RedisConnection} from '../clients/redis/connect.js'
import type {LockQuestion} from '../domain/diagnosis/collect-locks.js'
import type {RedlockServer} from '../domain/locks/collect-copies.js'
import type {CompiledFamilies} from '../domain/locks/families/compiled.js'
import {Unreachable, Usage} from '../errors.js'
import type {Access} from './access.js'
import {defaultDuration, durationFlag} from './duration.js'
import {redisFlags} from './flags.js'
import {ownFolder} from './folders.js'
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
}

/** @returns null where they are not asked for. */
export async function messageLocks(
  flags: MessageLockValues,
  access: Access,
  families: CompiledFamilies,
): Promise<LockQuestion | null> {
  const keyPattern = flags['key-pattern']
  if (keyPattern === undefined) return null
  return {connection: await access.redis(), families, keyPattern, holderPattern: flags['holder-pattern'] ?? null}
}

/**
 * Connects to the other servers of a Redlock. One that is down does not keep the others from being looked at.
 *
 * @param first the one that is connected to already.
 * @throws Usage E_REDLOCK for a cluster, and for a server that is given twice; E_REDIS_URL.
 */
export async function redlockServers(
  first: RedisConnection,
  urls: readonly string[],
  connect: (url: string) => Promise<RedisConnection>,
): Promise<RedlockServer[]> {
  if (urls.length === 0) return []
  const others = await Promise.all(urls.map((url) => redlockServer(url, connect)))
  const addresses = [first.address, ...others.map(({address}) => address)]
  const twice = addresses.find((address, at) => addresses.indexOf(address) < at)
  if (twice !== undefined) throw new Usage('E_REDLOCK', `${twice} is given twice: it would count as two servers`)
  for (const {address, slotOwners} of [first, ...others.flatMap(({connection}) => connection ?? [])]) {
    if (slotOwners === null) continue
    throw new Usage('E_REDLOCK', `${address} is a cluster: a Redlock's servers are independent of each other`)
  }
  return others
}

async function redlockServer(url: string, connect: (url: string) => Promise<RedisConnection>): Promise<RedlockServer> {
  try {
    const connection = await connect(url)
    return {address: connection.address, connection, cause: null}
  } catch (error) {
    const address = error instanceof Unreachable ? error.data['address'] : null
    if (typeof address !== 'string') throw error
    return {address, connection: null, cause: (error as Unreachable).message}
  }
}

/** Where releases are written down unless said otherwise. */
export function auditLogPath(): string {
  return join(ownFolder('state'), 'lock-releases.ndjson')
}
