import {setTimeout as delay} from 'node:timers/promises'

import type {Redis} from 'ioredis'

import type {ChannelSubscribers} from '../../../clients/redis/channel-subscribers.js'
import type {WaitQueueSample, WaitQueueState} from './wait-queue.js'
import {type LockRecord, waitQueueRecord} from './lock-record.js'

/** A waiter enters the wait queue one round trip of its client before it subscribes. */
const SUBSCRIBES_AFTER_MS = 200

/**
 * Samples wait queues twice to find disconnected waiters. A disconnected waiter at the head of the queue blocks the lock
 * until its deadline has passed.
 *
 * @returns a record for each wait queue with disconnected waiters, and the number of wait queues that could not be checked.
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

/** The current state of a wait queue, up to the length of the first sample. */
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
