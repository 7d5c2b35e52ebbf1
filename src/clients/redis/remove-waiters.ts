import type {Redis} from 'ioredis'

import type {Released, WaitingLine} from './release-order.js'

/**
 * Takes dead waiters out of a line, in one go, and tells the one who is next by then.
 *
 * @returns who was taken out: those who were in it still.
 */
export async function purgeLine(
  redis: Redis,
  {channel, dead, deadlines, queue}: WaitingLine,
  message: string,
): Promise<{readonly purged: string[]; readonly told: Released['told']}> {
  const multi = redis.multi()
  for (const waiter of dead) multi.lrem(queue, 0, waiter)
  multi.zrem(deadlines, ...dead)
  const answers = (await multi.exec()) ?? []
  for (const [error] of answers) if (error) throw error
  const purged = dead.filter((_, at) => Number(answers[at]?.[1]) > 0)
  const [next] = await redis.lrange(queue, 0, 0)
  if (purged.length === 0 || next === undefined) return {purged, told: null}
  const own = channel.join(next)
  return {purged, told: {channel: own, receivers: await redis.publish(own, message).catch(() => -1)}}
}
