import type {Redis} from 'ioredis'

/** A database of a server, and how many keys it has. */
export interface DatabaseSize {
  database: number
  keys: number
}

/** The number of the database that a connection reads. */
export function databaseOf(redis: Redis | undefined): number {
  return redis?.options.db ?? 0
}

/** The other databases of a server that have keys, by their number; null when this login may not run INFO. */
export async function otherDatabases(redis: Redis): Promise<DatabaseSize[] | null> {
  try {
    const rows = [...(await redis.info('keyspace')).matchAll(/^db(\d+):keys=(\d+)/gm)]
    return rows
      .map(([, database, keys]) => ({database: Number(database), keys: Number(keys)}))
      .filter(({database, keys}) => database !== databaseOf(redis) && keys > 0)
  } catch {
    return null
  }
}
