import type {Redis} from 'ioredis'

/** The primary that owns each hash slot of a cluster, as `host:port`; null for a slot without an owner. */
export type SlotOwners = ReadonlyArray<string | null>

const SLOTS = 16_384

interface SlotRange {
  readonly start: number
  readonly end: number
  readonly owner: string
}

/**
 * Which node owns which slot (CLUSTER SLOTS). After a slot has moved, other nodes learn of it with a delay. A node's statement
 * about its own slots therefore overrides statements of other nodes.
 *
 * @throws the error of the first node when no node answers.
 */
export async function slotOwnersBy(primaries: readonly Redis[]): Promise<SlotOwners> {
  const answers = await Promise.allSettled(primaries.map(rangesBy))
  const views = answers.flatMap((answer, at) => {
    const redis = primaries[at]
    return answer.status === 'fulfilled' && redis ? [{name: nodeName(redis), ranges: answer.value}] : []
  })
  const [first] = answers
  if (views.length === 0 && first?.status === 'rejected') throw first.reason
  const owners = Array.from<string | null>({length: SLOTS}).fill(null)
  const ofOthers = views.flatMap(({ranges}) => ranges)
  const ofThemselves = views.flatMap(({name, ranges}) => ranges.filter(({owner}) => owner === name))
  for (const {end, owner, start} of [...ofOthers, ...ofThemselves]) owners.fill(owner, start, end + 1)
  return owners
}

async function rangesBy(redis: Redis): Promise<SlotRange[]> {
  return (await redis.cluster('SLOTS')).map(([start, end, primary]) => {
    // A node that does not know its own address reports none; it is the node that was queried.
    const [host, port] = primary as readonly [host: string | null, port: number, ...unknown[]]
    return {start, end, owner: `${host ?? redis.options.host ?? ''}:${String(port)}`}
  })
}

/** The name of a node in SlotOwners. */
export function nodeName({options: {host, port}}: Redis): string {
  return `${host ?? 'localhost'}:${String(port ?? 6379)}`
}
