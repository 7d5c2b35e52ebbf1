import calculateSlot from 'cluster-key-slot'
import type {Redis} from 'ioredis'

import type {RedisConnection} from '../../../clients/redis/connect.js'
import {nodeName} from '../../../clients/redis/slots.js'
import {Unreachable} from '../../../errors.js'

/** The primary that a key belongs to; null where its slot has no owner that can be reached. */
export type NodeOf = (key: Buffer) => Redis | null

/** As the slots of a cluster lie now. */
export async function slotOwnersNow(connection: RedisConnection): Promise<NodeOf> {
  const servers = await connection.refresh()
  if (connection.slotOwners === null) return () => servers[0] ?? null
  const owners = await connection.slotOwners()
  const byName = new Map(servers.map((redis) => [nodeName(redis), redis]))
  return (key) => byName.get(owners[calculateSlot(key)] ?? '') ?? null
}

/** What a server of a cluster answers of a key that is not its own, or not any more. */
export function isMovedReply(error: unknown): boolean {
  return error instanceof Error && /^(?:ASK|MOVED|TRYAGAIN) /.test(error.message)
}

export function slotMigrating(key: string): Unreachable {
  return new Unreachable('E_SLOT_MIGRATING', `the slot of ${key} moves to another node; try again`, {data: {key}})
}
