import type {InternalStats} from '../../clients/pulsar-admin/types.js'

/** Consecutive entries of one ledger, both ends inclusive. */
export interface Stretch {
  readonly partition: number
  readonly ledgerId: number
  readonly first: number
  readonly last: number
}

/** Which part of a backlog to look at. */
export type Where = 'head' | 'spread' | 'tail'

export interface Place {
  readonly ledgerId: number
  readonly entryId: number
}

/** How many separate places `spread` looks at on each partition. */
const SPREAD = 64

/**
 * The entries that a subscription has not acknowledged, in the order of the topic. What was acknowledged out of order is
 * left out.
 */
export function backlogOf(partition: number, stats: InternalStats, subscription: string): Stretch[] {
  const cursor = stats.cursors?.[encodeURIComponent(subscription)]
  const holes = parseHoles(cursor?.individuallyDeletedMessages ?? '')
  return holes.reduce(cutOut, entriesBehind(partition, stats, subscription))
}

/** Every entry behind a subscription's mark-delete position, in the order of the topic, whether or not it is acknowledged. */
export function entriesBehind(partition: number, stats: InternalStats, subscription: string): Stretch[] {
  const cursor = stats.cursors?.[encodeURIComponent(subscription)]
  const from = parsePlace(cursor?.markDeletePosition ?? '-1:-1')
  const last = parsePlace(stats.lastConfirmedEntry ?? '-1:-1')
  return (stats.ledgers ?? [])
    .filter(({ledgerId}) => ledgerId >= from.ledgerId && ledgerId <= last.ledgerId)
    .map(({entries, ledgerId}) => ({
      partition,
      ledgerId,
      first: ledgerId === from.ledgerId ? from.entryId + 1 : 0,
      // The open ledger tells its entries only once it is closed.
      last: ledgerId === last.ledgerId ? last.entryId : entries - 1,
    }))
    .filter(({first, last: end}) => first <= end)
}

/** Where entries stand on a topic, counted from 1 from its oldest. */
export interface LedgerIndex {
  /** null for an entry that is not on the topic any more */
  readonly numberOf: (place: {readonly ledgerId: number; readonly entryId: number}) => number | null
}

export function ledgerIndex(stats: InternalStats): LedgerIndex {
  const before = new Map<number, number>()
  let sum = 0
  for (const {entries, ledgerId} of stats.ledgers ?? []) {
    before.set(ledgerId, sum)
    sum += entries
  }
  return {
    numberOf: ({entryId, ledgerId}) => {
      const earlier = before.get(ledgerId)
      return earlier === undefined ? null : earlier + entryId + 1
    },
  }
}

/** `[(5:3..5:7],(5:9..5:10]]`: open at the start, closed at the end. */
function parseHoles(text: string): Array<{from: Place; to: Place}> {
  return [...text.matchAll(/(\d+:-?\d+)\.\.(\d+:-?\d+)/g)].map(([, from = '', to = '']) => ({
    from: parsePlace(from),
    to: parsePlace(to),
  }))
}

function cutOut(stretches: Stretch[], {from, to}: {from: Place; to: Place}): Stretch[] {
  return stretches.flatMap((stretch) => {
    const {first, last, ledgerId} = stretch
    if (ledgerId < from.ledgerId || ledgerId > to.ledgerId) return [stretch]
    const holeFirst = ledgerId === from.ledgerId ? from.entryId + 1 : 0
    const holeLast = ledgerId === to.ledgerId ? to.entryId : Infinity
    const pieces = [
      {...stretch, last: Math.min(last, holeFirst - 1)},
      {...stretch, first: Math.max(first, holeLast + 1)},
    ]
    return holeFirst > last || holeLast < first ? [stretch] : pieces.filter((piece) => piece.first <= piece.last)
  })
}

export function parsePlace(text: string): Place {
  const [ledgerId = -1, entryId = -1] = text.split(':').map(Number)
  return {ledgerId, entryId}
}

export function countEntries(stretches: readonly Stretch[]): number {
  return stretches.reduce((sum, {first, last}) => sum + last - first + 1, 0)
}

/**
 * The part of each partition's backlog to read: at most `max` entries in all, shared out by how much each has.
 *
 * @param where from the oldest, up to the newest, or in up to 64 places spread evenly.
 */
export function chooseStretches(backlogs: ReadonlyArray<readonly Stretch[]>, where: Where, max: number): Stretch[] {
  const total = backlogs.reduce((sum, backlog) => sum + countEntries(backlog), 0)
  if (total <= max) return backlogs.flat()
  const limits = shareOut(backlogs.map(countEntries), max)
  return backlogs.flatMap((backlog, at) => cut(backlog, where, limits[at] ?? 0))
}

/** In proportion, and exactly `max` together: the largest remainders get what rounding left. */
function shareOut(sizes: readonly number[], max: number): number[] {
  const total = sizes.reduce((sum, size) => sum + size, 0)
  const exact = sizes.map((size) => (size * max) / total)
  const floors = exact.map(Math.floor)
  const left = max - floors.reduce((sum, floor) => sum + floor, 0)
  const order = exact.map((value, at) => ({at, rest: value % 1})).toSorted((a, b) => b.rest - a.rest)
  const lucky = new Set(order.slice(0, left).map(({at}) => at))
  return floors.map((floor, at) => (lucky.has(at) ? floor + 1 : floor))
}

function cut(backlog: readonly Stretch[], where: Where, limit: number): Stretch[] {
  const size = countEntries(backlog)
  if (where === 'head') return slice(backlog, 0, limit)
  if (where === 'tail') return slice(backlog, size - limit, size)
  const places = Math.min(SPREAD, limit)
  let taken = 0
  let behind = 0
  return Array.from({length: places}, (_, place) => {
    // Even starts, but behind the place before, and such that what is still to take fits.
    const even = Math.floor((place * size) / places)
    const start = Math.min(Math.max(even, behind), size - (limit - taken))
    const entries = Math.floor(((place + 1) * limit) / places) - taken
    taken += entries
    behind = start + entries
    return slice(backlog, start, behind)
  }).flat()
}

/** The entries from the n-th to before the m-th of a list of stretches. */
function slice(stretches: readonly Stretch[], from: number, to: number): Stretch[] {
  let passed = 0
  return stretches.flatMap((stretch) => {
    const size = stretch.last - stretch.first + 1
    const first = stretch.first + Math.max(0, from - passed)
    const last = stretch.first + Math.min(size, to - passed) - 1
    passed += size
    return first <= last && last >= stretch.first ? [{...stretch, first, last}] : []
  })
}
