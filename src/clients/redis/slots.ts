import type {Redis} from 'ioredis'

/** For each of a cluster's hash slots the primary that owns it, as `host:port`; null where nobody does. */
export type SlotOwners = ReadonlyArray<string | null>

const SLOTS = 16_384

interface SlotRange {
  readonly start: number
  readonly end: number
  readonly owner: string
}

/**
 * Who owns which slot (CLUSTER SLOTS). Of a slot that has just moved the others hear later: what a server says of itself
 * counts before what others say of it.
 *
 * @throws what the first of them answered, when none of them gives its view.
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
    // A server that was told no address of its own gives none: it is the one that was asked.
    const [host, port] = primary as readonly [host: string | null, port: number, ...unknown[]]
    return {start, end, owner: `${host ?? redis.options.host ?? ''}:${String(port)}`}
  })
}

/** A server as slot owners name it. */
export function nodeName({options: {host, port}}: Redis): string {
  return `${host ?? 'localhost'}:${String(port ?? 6379)}`
}
