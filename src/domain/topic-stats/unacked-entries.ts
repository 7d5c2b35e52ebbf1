import type {CursorStats, InternalStats} from '../../clients/pulsar-admin/types.js'
import {Unreachable} from '../../errors.js'
import {parsePlace, type Place} from '../../position.js'
import {cursorOf} from './cursor.js'

/** Consecutive entries of one ledger, both ends inclusive. */
export interface Stretch {
  readonly partition: number
  readonly ledgerId: number
  readonly first: number
  readonly last: number
}

/**
 * The entries that a subscription has not acknowledged, in the order of the topic. What was acknowledged out of order is
 * left out.
 */
export function backlogOf(partition: number, stats: InternalStats, subscription: string): Stretch[] {
  const holes = parseHoles(requireCursor(stats, subscription).individuallyDeletedMessages ?? '')
  return holes.reduce(cutOut, entriesBehind(partition, stats, subscription))
}

/** Every entry behind a subscription's mark-delete position, in the order of the topic, whether or not it is acknowledged. */
export function entriesBehind(partition: number, stats: InternalStats, subscription: string): Stretch[] {
  const from = parsePlace(requireCursor(stats, subscription).markDeletePosition ?? '-1:-1')
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

function requireCursor(stats: InternalStats, subscription: string): CursorStats {
  const cursor = cursorOf(stats, subscription)
  if (cursor) return cursor
  throw new Unreachable('E_POSITION_UNKNOWN', `the broker reports no cursor for the subscription ${subscription}`)
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

export function countEntries(stretches: readonly Stretch[]): number {
  return stretches.reduce((sum, {first, last}) => sum + last - first + 1, 0)
}
