import type {InternalStats} from '../../clients/pulsar-admin/types.js'
import {entriesAfterMarkDelete, type EntryRange, unackedEntries} from '../topic-stats/unacked-entries.js'

/** Consecutive unacknowledged entries, with acknowledged ones after them. They may be in several ledgers. */
export interface EntryGap {
  /** by ledger, in topic order; at least one */
  readonly ranges: readonly [EntryRange, ...EntryRange[]]
}

/** The gaps of a cursor in topic order. Unacknowledged entries after the last acknowledged one are not a gap. */
export function entryGaps(partition: number, stats: InternalStats, subscription: string): EntryGap[] {
  const all = entriesAfterMarkDelete(partition, stats, subscription)
  const groups: Array<[EntryRange, ...EntryRange[]]> = []
  for (const range of unackedEntries(partition, stats, subscription)) {
    const group = groups.at(-1)
    const before = group?.at(-1)
    if (group && before && isContinued(before, range, all)) group.push(range)
    else groups.push([range])
  }
  const newest = all.at(-1)
  return groups
    .filter((ranges) => {
      const end = ranges.at(-1)
      return end?.ledgerId !== newest?.ledgerId || end?.last !== newest?.last
    })
    .map((ranges) => ({ranges}))
}

/** Whether no entry is between two ranges. @param all entries, with one range for each ledger */
function isContinued(before: EntryRange, after: EntryRange, all: readonly EntryRange[]): boolean {
  const at = all.findIndex(({ledgerId}) => ledgerId === before.ledgerId)
  const [ledger, next] = [all[at], all[at + 1]]
  return ledger?.last === before.last && next?.ledgerId === after.ledgerId && next.first === after.first
}
