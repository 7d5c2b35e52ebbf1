import {setTimeout as delay} from 'node:timers/promises'

import type {Redis} from 'ioredis'

import type {ChannelSubscribers} from '../../../clients/redis/channel-subscribers.js'
import type {WaitQueueSample, WaitQueueState} from './wait-queue.js'
import {type LockRecord, waitQueueRecord} from './lock-record.js'

/** A waiter stands in line before it listens: by one round trip of its client. */
const SUBSCRIBES_AFTER_MS = 200

/**
 * Judges lines in which waiters stand for whom nobody listens, at two looks. The next one in line may be one: then nobody
 * gets the lock before that one's deadline has passed.
 *
 * @returns a record for each line with dead waiters, none for the others; and of how many it can't be told.
 */
export async function assessWaitQueues(
  redis: Redis,
  waitQueues: readonly WaitQueueSample[],
  subscribers: ChannelSubscribers,
  signal: AbortSignal,
): Promise<{readonly records: LockRecord[]; readonly unverified: number}> {
  const disconnected = await subscribers.waitersWithoutEach(waitQueues)
  const suspects = waitQueues.filter((_, at) => (disconnected[at]?.length ?? 0) > 0)
  let unverified = disconnected.filter((one) => one === null).length
  if (suspects.length === 0) return {records: [], unverified}
  await delay(SUBSCRIBES_AFTER_MS, undefined, {signal})
  const records: LockRecord[] = []
  for (const waitQueue of suspects) {
    const state = await sampleWaitQueue(redis, waitQueue, subscribers)
    if (state.disconnected === null) unverified++
    else if (state.disconnected.length > 0) records.push(waitQueueRecord(waitQueue, state))
  }
  return {records, unverified}
}

/** A line as it is now; of a long one no more than was read before. */
export async function sampleWaitQueue(
  redis: Redis,
  waitQueue: WaitQueueSample,
  subscribers: ChannelSubscribers,
): Promise<WaitQueueState> {
  const [waiters, ...held] = await Promise.all([
    redis.lrange(waitQueue.queue, 0, waitQueue.waiters.length - 1),
    ...waitQueue.locks.map((lock) => redis.exists(lock)),
  ])
  return {
    lock: waitQueue.locks[held.indexOf(1)] ?? null,
    waiters,
    disconnected: await subscribers.waitersWithout(
      waiters.filter((waiter) => waitQueue.waiters.includes(waiter)),
      waitQueue.channel,
    ),
  }
}
