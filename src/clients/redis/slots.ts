import type {Redis} from 'ioredis'

/** For each of a cluster's hash slots the primary that owns it, as `host:port`; null where nobody does. */
export type SlotOwners = ReadonlyArray<string | null>

const SLOTS = 16_384

/** As one server of the cluster sees it (CLUSTER SLOTS). */
export async function slotOwnersBy(redis: Redis): Promise<SlotOwners> {
  const owners = Array.from<string | null>({length: SLOTS}).fill(null)
  // A server that was told no address of its own gives none: it is the one that was asked.
  for (const [start, end, primary] of await redis.cluster('SLOTS')) {
    const [host, port] = primary as readonly [host: string | null, port: number, ...unknown[]]
    owners.fill(`${host ?? redis.options.host ?? ''}:${String(port)}`, start, end + 1)
  }
  return owners
}

/** A server as slot owners name it. */
export function nodeName({options: {host, port}}: Redis): string {
  return `${host ?? 'localhost'}:${String(port ?? 6379)}`
}
