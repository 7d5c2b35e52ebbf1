import {setTimeout as delay} from 'node:timers/promises'

import type {Redis} from 'ioredis'

import type {LockFamily} from '../families/family.js'
import type {SampledKey} from '../reading/sampled-key.js'
import {companionRecord, type LockRecord} from '../recognition/lock-record.js'

/** A key without a TTL that must not exist without its lock. */
export interface CompanionSample {
  readonly raw: SampledKey
  readonly family: LockFamily
  readonly lock: string
}

/** A library may write companions before the lock and delete them after it, within a few round trips of its client. */
const WRITTEN_WITHIN_MS = 200

/** Samples companions twice. @returns a record for each companion whose lock is missing in both samples. */
export async function assessOrphans(
  redis: Redis,
  companions: readonly CompanionSample[],
  signal: AbortSignal,
): Promise<LockRecord[]> {
  const suspects = await orphansAmong(redis, companions)
  if (suspects.length === 0) return []
  await delay(WRITTEN_WITHIN_MS, undefined, {signal})
  return (await orphansAmong(redis, suspects)).map(({family, raw}) =>
    companionRecord(raw, family, 'orphaned-companion', null),
  )
}

/** The companions that still exist and whose lock does not. A companion that could not be read is not included. */
async function orphansAmong(redis: Redis, companions: readonly CompanionSample[]): Promise<CompanionSample[]> {
  const asked = redis.pipeline()
  for (const {lock, raw} of companions) asked.exists(raw.key).exists(lock)
  const counts = ((await asked.exec()) ?? []).map(([error, count]) => (error ? null : Number(count)))
  return companions.filter((_, at) => counts[2 * at] === 1 && counts[2 * at + 1] === 0)
}
