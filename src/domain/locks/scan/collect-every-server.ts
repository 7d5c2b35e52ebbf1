import {setTimeout as delay} from 'node:timers/promises'

import type {Redis} from 'ioredis'

import type {RedisConnection} from '../../../clients/redis/connect.js'
import {nodeName, type SlotOwners} from '../../../clients/redis/slots.js'
import type {ServerScan} from './collect-server.js'
import {SlotTracker} from './slot-tracker.js'
import {messageOf} from '../../../wording.js'

/** A server whose scan failed. */
export interface FailedServer {
  address: string
  cause: string
}

/** What a scan of all servers covered. */
export interface Coverage {
  /** keys on the servers at the start of the scan; null when a server did not report it */
  readonly keys: number | null
  readonly failed: readonly FailedServer[]
  /** hash slots that were still migrating at the end */
  readonly movingSlots: number
}

/** A failover by Sentinel takes its down-after-milliseconds (30 s by default) and a few seconds more. */
const FAILOVER_MS = 60_000
const SETTLE_MS = 60_000
const RECHECK_MS = 500

/**
 * Scans every server, so that each lock is reported once even if slots migrate during the scan.
 *
 * @throws the first error when the scan of every server failed.
 */
export async function scanServers(
  connection: RedisConnection,
  scan: ServerScan,
  signal: AbortSignal,
): Promise<Coverage> {
  const {slotOwners} = connection
  return slotOwners === null
    ? scanSingleServer(connection, scan, signal)
    : new ClusterScan({connection, scan, signal, slotOwners, watch: new SlotTracker(await slotOwners())}).go()
}

/** After a failover by Sentinel the new primary is scanned from the start, because SCAN cursors are specific to a server. */
async function scanSingleServer(connection: RedisConnection, scan: ServerScan, signal: AbortSignal): Promise<Coverage> {
  let [redis] = connection.primaries as [Redis]
  const keys = await sizeOf(redis)
  const deadline = performance.now() + FAILOVER_MS
  for (;;) {
    try {
      await scan.scan(redis, null)
      return {keys, failed: [], movingSlots: 0}
    } catch (error) {
      if (signal.aborted || connection.successor === null || performance.now() > deadline) throw error
      await delay(RECHECK_MS, undefined, {signal})
      redis = (await connection.successor().catch(() => null)) ?? redis
    }
  }
}

interface ClusterParts {
  readonly connection: RedisConnection
  readonly scan: ServerScan
  readonly signal: AbortSignal
  readonly slotOwners: () => Promise<SlotOwners>
  readonly watch: SlotTracker
}

class ClusterScan {
  private readonly parts: ClusterParts
  private readonly failed = new Map<string, unknown>()

  constructor(parts: ClusterParts) {
    this.parts = parts
  }

  async go(): Promise<Coverage> {
    const {connection, signal} = this.parts
    const {primaries} = connection
    const counts = await Promise.all(primaries.map(sizeOf))
    await this.round(primaries)
    if (this.failed.size === primaries.length) throw [...this.failed.values()][0]
    const deadline = performance.now() + SETTLE_MS
    let moving = await this.movedSlots()
    while (moving > 0 && performance.now() < deadline) {
      await this.round(await connection.refresh())
      moving = await this.movedSlots()
      if (moving > 0) await delay(RECHECK_MS, undefined, {signal})
    }
    return {
      keys: counts.reduce((sum: number | null, count) => (sum === null || count === null ? null : sum + count), 0),
      failed: [...this.failed].map(([address, cause]) => ({address, cause: textOf(cause)})),
      movingSlots: moving,
    }
  }

  private async movedSlots(): Promise<number> {
    return this.parts.watch.next(await this.parts.slotOwners())
  }

  private async round(servers: readonly Redis[]): Promise<void> {
    const {scan, signal, watch} = this.parts
    await Promise.all(
      servers.map(async (redis) => {
        const name = nodeName(redis)
        try {
          await scan.scan(redis, {
            owns: (key) => watch.owns(key, name),
            markMoved: (key) => {
              watch.markMoved(key)
            },
          })
        } catch (error) {
          signal.throwIfAborted()
          this.failed.set(name, error)
        }
      }),
    )
  }
}

/** null when this login may not run DBSIZE, or the server is not reachable. */
function sizeOf(redis: Redis): Promise<number | null> {
  return redis.dbsize().catch(() => null)
}

function textOf(cause: unknown): string {
  return messageOf(cause)
}
