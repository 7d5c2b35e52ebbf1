import type {Addresses} from '../src/cli/connection/default-addresses.js'
import {PulsarAdmin} from '../src/clients/pulsar-admin/admin.js'
import {openTransport} from '../src/clients/pulsar-messages/open.js'
import {connectRedis} from '../src/clients/redis/connect.js'
import type {WorkloadServers} from '../src/domain/lab/workload.js'

/** Connects to the servers of a stack, and closes the connections after the action. */
export async function withServers<R>(
  addresses: Addresses,
  transport: 'auto' | 'websocket',
  act: (servers: WorkloadServers) => Promise<R>,
): Promise<R> {
  const admin = new PulsarAdmin({url: addresses.adminUrl})
  const messages = await openTransport({transport, ...addresses})
  const connection = await connectRedis(addresses.redisUrl)
  try {
    const [redis] = connection.primaries
    if (!redis) throw new Error('Redis has no primary')
    return await act({admin, transport: messages, redis})
  } finally {
    await Promise.all([messages.close(), connection.close(), admin.close()])
  }
}
