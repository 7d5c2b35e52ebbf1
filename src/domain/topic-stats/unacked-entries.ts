import type {CursorStats, InternalStats} from '../../clients/pulsar-admin/types.js'
import {Unreachable} from '../../errors.js'
import {BEFORE_FIRST, parsePosition, type Position} from '../../position.js'
import {cursorOf} from './cursor.js'

/** Consecutive entries of one ledger, both ends inclusive. */
export interface EntryRange {
  readonly partition: number
  readonly ledgerId: number
  readonly first: number
  readonly last: number
}

/**
 * The entries that a subscription has not acknowledged, in topic order. Entries that were acknowledged individually are
 * omitted.
 */
export function unackedEntries(partition: number, stats: InternalStats, subscription: string): EntryRange[] {
  const holes = parseHoles(requireCursor(stats, subscription).individuallyDeletedMessages ?? '')
  return holes.reduce(cutOut, entriesAfterMarkDelete(partition, stats, subscription))
}

/** Every entry after a subscription's mark-delete position, in topic order, including individually acknowledged ones. */
export function entriesAfterMarkDelete(partition: number, stats: InternalStats, subscription: string): EntryRange[] {
  const marked = parsePosition(requireCursor(stats, subscription).markDeletePosition) ?? BEFORE_FIRST
  return entriesFrom({...marked, entryId: marked.entryId + 1}, stats, partition)
}

/** Every entry of a topic from a position on, in topic order. */
export function entriesFrom(from: Position, stats: InternalStats, partition = 0): EntryRange[] {
  const last = parsePosition(stats.lastConfirmedEntry) ?? BEFORE_FIRST
  return (stats.ledgers ?? [])
    .filter(({ledgerId}) => ledgerId >= from.ledgerId && ledgerId <= last.ledgerId)
    .map(({entries, ledgerId}) => ({
      partition,
      ledgerId,
      first: ledgerId === from.ledgerId ? from.entryId : 0,
      // The broker reports the number of entries of a ledger only after closing it.
      last: ledgerId === last.ledgerId ? last.entryId : entries - 1,
    }))
    .filter(({first, last: end}) => first <= end)
}

function requireCursor(stats: InternalStats, subscription: string): CursorStats {
  const cursor = cursorOf(stats, subscription)
  if (cursor) return cursor
  throw new Unreachable('E_POSITION_UNKNOWN', `the broker reports no cursor for the subscription ${subscription}`)
}

/** Parses `[(5:3..5:7],(5:9..5:10]]`: each start is exclusive, each end inclusive. */
function parseHoles(text: string): Array<{from: Position; to: Position}> {
  return [...text.matchAll(/(\d+:-?\d+)\.\.(\d+:-?\d+)/g)].map(([, from = '', to = '']) => ({
    from: parsePosition(from) ?? BEFORE_FIRST,
    to: parsePosition(to) ?? BEFORE_FIRST,
  }))
}

function cutOut(ranges: EntryRange[], {from, to}: {from: Position; to: Position}): EntryRange[] {
  return ranges.flatMap((range) => {
    const {first, last, ledgerId} = range
    if (ledgerId < from.ledgerId || ledgerId > to.ledgerId) return [range]
    const holeFirst = ledgerId === from.ledgerId ? from.entryId + 1 : 0
    const holeLast = ledgerId === to.ledgerId ? to.entryId : Infinity
    const pieces = [
      {...range, last: Math.min(last, holeFirst - 1)},
      {...range, first: Math.max(first, holeLast + 1)},
    ]
    return holeFirst > last || holeLast < first ? [range] : pieces.filter((piece) => piece.first <= piece.last)
  })
}

export function countEntries(ranges: readonly EntryRange[]): number {
  return ranges.reduce((sum, {first, last}) => sum + last - first + 1, 0)
}
