import calculateSlot from 'cluster-key-slot'
import type {Redis} from 'ioredis'

import type {RedisConnection} from '../../../clients/redis/connect.js'
import {nodeName} from '../../../clients/redis/slots.js'
import {Unreachable} from '../../../errors.js'

/** The primary that a key belongs to; null when the owner of its slot is unknown or not reachable. */
export type NodeOf = (key: Buffer) => Redis | null

/** Looks up the current slot owners. */
export async function slotOwnersNow(connection: RedisConnection): Promise<NodeOf> {
  const servers = await connection.refresh()
  if (connection.slotOwners === null) return () => servers[0] ?? null
  const owners = await connection.slotOwners()
  const byName = new Map(servers.map((redis) => [nodeName(redis), redis]))
  return (key) => byName.get(owners[calculateSlot(key)] ?? '') ?? null
}

/** Whether a cluster node refused a command because the key belongs to another node. */
export function isMovedReply(error: unknown): boolean {
  return error instanceof Error && /^(?:ASK|MOVED|TRYAGAIN) /.test(error.message)
}

export function slotMigrating(key: string): Unreachable {
  return new Unreachable('E_SLOT_MIGRATING', `the slot of ${key} is migrating to another node; try again`, {
    data: {key},
  })
}
