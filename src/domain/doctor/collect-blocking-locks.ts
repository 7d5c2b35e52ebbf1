import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import type {RedisConnection} from '../../clients/redis/connect.js'
import {collectConsistentStats} from '../keys/assignment/collect-consistent-stats.js'
import {collectLiveConsumersOf, type LiveConsumers} from '../locks/consumers/collect-live-consumers.js'
import {scanServers} from '../locks/scan/collect-every-server.js'
import type {LockRecord} from '../locks/recognition/lock-record.js'
import {globOf, LOCK_STALLED_MS, LockCorrelation} from '../locks/consumers/lock-correlation.js'
import type {CompiledFamilies} from '../locks/families/compiled.js'
import type {BlockingLock} from './facts/diagnosis-snapshot.js'

/** How the locks of a subscription's messages are found. */
export interface LockPatterns {
  readonly connection: RedisConnection
  readonly families: CompiledFamilies
  /** the format of lock keys, with `{key}` for the message key */
  readonly keyPattern: string
  /** the format of owner tokens, with `{consumer}`; null to read the consumer by the lock's own format */
  readonly holderPattern: string | null
}

export interface LocksOptions extends LockPatterns {
  /** entries of the backlog to read, from the oldest on */
  readonly backlogEntries: number
  readonly signal: AbortSignal
}

/** The locks that block, or may block, messages of a subscription: all that the consumer of the messages is not known to hold. Reads only. */
export async function collectBlockingLocks(
  admin: PulsarAdmin,
  {collected, facts}: Pick<LiveConsumers, 'collected' | 'facts'>,
  {backlogEntries, connection, families, holderPattern, keyPattern, signal}: LocksOptions,
): Promise<BlockingLock[]> {
  const consistent = {collected: await collectConsistentStats(admin, collected), facts}
  const onProgress = (): undefined => undefined
  const live = await collectLiveConsumersOf(admin, consistent, {backlogEntries, hashingScheme: null, onProgress})
  const correlation = new LockCorrelation({...live, keyPattern, holderPattern})
  const found: BlockingLock[] = []
  const onLocks = (locks: readonly LockRecord[]): Promise<void> => {
    const nowMs = Date.now()
    for (const lock of locks) {
      const {heldAtLeastMs, holder, key, messages, ttlMs} = correlation.assess(lock, nowMs)
      const isLate = (messages?.waiting?.oldestAgeMs ?? 0) > LOCK_STALLED_MS
      if (messages === null || messages.relation === 'owner' || !isLate || found.length >= MOST_LOCKS) continue
      found.push({
        lock: key,
        key: messages.key,
        partition: messages.partition,
        holder: holder?.consumer ?? holder?.host ?? holder?.token ?? null,
        relation: messages.relation,
        consumer: messages.consumer,
        messages: messages.waiting?.messages ?? 0,
        oldestAgeMs: messages.waiting?.oldestAgeMs ?? null,
        ttlMs,
        heldAtLeastMs,
      })
    }
    return Promise.resolve()
  }
  await scanServers(connection, {pattern: globOf(keyPattern), isAssumed: () => true, families, signal}, {onLocks})
  return found
}

/** Each lock becomes a finding: more of them would hide the findings about the subscription. */
const MOST_LOCKS = 20
