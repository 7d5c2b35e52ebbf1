import type {Redis} from 'ioredis'

import type {RedisConnection} from '../../clients/redis/connect.js'

/** The primary that a key belongs to; null where none says so, as while its slot moves. */
export async function homeOf({primaries}: RedisConnection, key: Buffer | string): Promise<Redis | null> {
  if (primaries.length === 1) return primaries[0] ?? null
  for (const redis of primaries) if (await isHome(redis, key)) return redis
  return null
}

/** In a cluster the others answer that the key is not theirs. TYPE touches nothing. */
async function isHome(redis: Redis, key: Buffer | string): Promise<boolean> {
  try {
    await redis.type(key)
    return true
  } catch (error) {
    if (error instanceof Error && /^(?:MOVED|ASK) /.test(error.message)) return false
    return true // what else is wrong shows when it is read
  }
}
