import type {RangePartition} from '../../../domain/keys/ranges/partition-ranges.js'
import type {SlotRange} from '../../../domain/keys/selectors/slot-ranges.js'
import {paint} from '../../output/palette.js'

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const MORE = '*'
const GAP = '.'

/** The letter of the n-th consumer; consumers beyond the alphabet share `*`. */
export function letterOf(at: number): string {
  return LETTERS[at] ?? MORE
}

/**
 * A partition's key space as one line, from its first slot to its last. Each cell has the letter of the consumer that owns
 * most of its slots, or `.` if any slot has no owner. A second line marks draining slots with `^`. Color only repeats the
 * letters.
 *
 * @returns one line, or two with draining slots; null when the key space is unknown.
 */
export function renderStrip(partition: RangePartition, cells: number): string[] | null {
  const {consumers, coverage, draining, slotSpace} = partition
  if (!slotSpace || !coverage) return null
  const cellOf = (slot: number): number =>
    Math.floor(((slot - slotSpace.start) * cells) / (slotSpace.end - slotSpace.start + 1))
  const owned = consumers.map(({ranges}) => slotsByCell(ranges, slotSpace, cells))
  const gaps = new Set(coverage.missing.flatMap(({end, start}) => between(cellOf(start), cellOf(end))))
  const strip = Array.from({length: cells}, (_, cell) => {
    if (gaps.has(cell)) return GAP
    const slots = owned.map((counts) => counts[cell] ?? 0)
    const most = slots.indexOf(Math.max(...slots))
    return paint.band(most, letterOf(most))
  }).join('')
  const marks = new Set(draining.map(({slot}) => cellOf(slot)))
  const below = Array.from({length: cells}, (_, cell) => (marks.has(cell) ? '^' : ' ')).join('')
  return marks.size === 0 ? [strip] : [strip, `${below.trimEnd()} draining`]
}

function slotsByCell(ranges: readonly SlotRange[], space: SlotRange, cells: number): number[] {
  const size = space.end - space.start + 1
  const counts = new Array<number>(cells).fill(0)
  const startOf = (cell: number): number => space.start + Math.ceil((cell * size) / cells)
  for (const {end, start} of ranges) {
    let cell = Math.floor(((start - space.start) * cells) / size)
    for (let from = start; from <= end && cell < cells; cell++) {
      const to = Math.min(end, startOf(cell + 1) - 1)
      counts[cell] = (counts[cell] ?? 0) + to - from + 1
      from = to + 1
    }
  }
  return counts
}

function between(first: number, last: number): number[] {
  return Array.from({length: last - first + 1}, (_, at) => first + at)
}
