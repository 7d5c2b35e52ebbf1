import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import type {RedisConnection} from '../../clients/redis/connect.js'
import {collectLiveConsumers} from '../locks/consumers/collect-live-consumers.js'
import {scanServers} from '../locks/scan/collect-every-server.js'
import type {LockRecord} from '../locks/recognition/lock-record.js'
import {globOf, LockCorrelation} from '../locks/consumers/lock-correlation.js'
import type {CompiledFamilies} from '../locks/families/compiled.js'
import type {BlockingLock} from './facts/diagnosis-snapshot.js'

/** Which locks are those of a subscription's messages. */
export interface LockPatterns {
  readonly connection: RedisConnection
  readonly families: CompiledFamilies
  /** a lock's key, with `{key}` for the message key */
  readonly keyPattern: string
  /** a holder's token, with `{consumer}`; null where the formats have to tell */
  readonly holderPattern: string | null
}

export interface LocksOptions extends LockPatterns {
  /** of the backlog, from the oldest on */
  readonly backlogEntries: number
  readonly signal: AbortSignal
}

/** The locks behind which messages of a subscription wait, though nobody who gets them holds them. Reads only. */
export async function collectBlockingLocks(
  admin: PulsarAdmin,
  {subscription, topic}: {readonly topic: string; readonly subscription: string},
  {backlogEntries, connection, families, holderPattern, keyPattern, signal}: LocksOptions,
): Promise<BlockingLock[]> {
  const live = await collectLiveConsumers(admin, {
    ...{topic, subscription, backlogEntries, hashingScheme: null},
    onProgress: () => undefined,
  })
  const correlation = new LockCorrelation({...live, keyPattern, holderPattern})
  const found: BlockingLock[] = []
  const onLocks = (locks: readonly LockRecord[]): Promise<void> => {
    const nowMs = Date.now()
    for (const lock of locks) {
      const {heldAtLeastMs, holder, key, messages, ttlMs, verdicts} = correlation.assess(lock, nowMs)
      if (messages === null || !verdicts.includes('key-stalled') || found.length >= MOST) continue
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
  await scanServers(connection, {pattern: globOf(keyPattern), families, signal}, {onLocks})
  return found
}

const MOST = 20
