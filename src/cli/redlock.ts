import type {RedisConnection} from '../clients/redis/connect.js'
import type {RedlockServer} from '../domain/locks/scan/collect-redlock-servers.js'
import {Unreachable, Usage} from '../errors.js'

/**
 * Connects to the other servers of a Redlock. A server that is down does not prevent the scan of the others.
 *
 * @param first the server that is already connected.
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
  if (twice !== undefined) throw new Usage('E_REDLOCK', `${twice} is given twice; give each Redlock server once`)
  for (const {address, slotOwners} of [first, ...others.flatMap(({connection}) => connection ?? [])]) {
    if (slotOwners === null) continue
    throw new Usage('E_REDLOCK', `${address} is a Redis Cluster; Redlock servers must be independent of each other`)
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
