import {setTimeout as delay} from 'node:timers/promises'

import type {Redis} from 'ioredis'

import type {Listeners} from '../../../clients/redis/channel-subscribers.js'
import type {LineLook, SeenLine} from './wait-queue.js'
import {lineRecord, type LockRecord} from './lock-record.js'

/** A waiter stands in line before it listens: by one round trip of its client. */
const LISTENS_AFTER_MS = 200

/**
 * Judges lines in which waiters stand for whom nobody listens, at two looks. The next one in line may be one: then nobody
 * gets the lock before that one's deadline has passed.
 *
 * @returns a record for each line with dead waiters, none for the others; and of how many it can't be told.
 */
export async function judgeLines(
  redis: Redis,
  lines: readonly SeenLine[],
  listeners: Listeners,
  signal: AbortSignal,
): Promise<{readonly records: LockRecord[]; readonly untold: number}> {
  const dead = await listeners.deadOfEach(lines)
  const suspects = lines.filter((_, at) => (dead[at]?.length ?? 0) > 0)
  let untold = dead.filter((one) => one === null).length
  if (suspects.length === 0) return {records: [], untold}
  await delay(LISTENS_AFTER_MS, undefined, {signal})
  const records: LockRecord[] = []
  for (const line of suspects) {
    const look = await lookAtLine(redis, line, listeners)
    if (look.dead === null) untold++
    else if (look.dead.length > 0) records.push(lineRecord(line, look))
  }
  return {records, untold}
}

/** A line as it is now; of a long one no more than was read before. */
export async function lookAtLine(redis: Redis, line: SeenLine, listeners: Listeners): Promise<LineLook> {
  const [waiters, ...held] = await Promise.all([
    redis.lrange(line.queue, 0, line.waiters.length - 1),
    ...line.locks.map((lock) => redis.exists(lock)),
  ])
  return {
    lock: line.locks[held.indexOf(1)] ?? null,
    waiters,
    dead: await listeners.deadOf(
      waiters.filter((waiter) => line.waiters.includes(waiter)),
      line.channel,
    ),
  }
}
