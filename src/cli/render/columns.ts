export type Cell = boolean | number | string | null

/** One column of a table of rows. */
export interface Column<R> {
  readonly head: string
  readonly cell: (row: R) => Cell
  /** shown only where a row has something in it: not where all is zero, no, or not known */
  readonly isRare?: boolean
  /** shown by `--output wide` only */
  readonly isWide?: boolean
  /** 1, the default, is never left out; of the others the largest goes first, and of equal ones the last */
  readonly priority?: number
  /** what is done with texts that are too long; names are shortened in the middle unless given */
  readonly fit?: 'shorten' | 'wrap'
}

/** Widths that the texts of a column need. */
export interface Measured {
  readonly head: number
  /** of the widest text, or of the head */
  readonly widest: number
  readonly isNumeric: boolean
  readonly priority: number
  /** of a column whose texts wrap, the longest word, which is not to be cut; otherwise 0 */
  readonly word: number
}

/** Names keep this much as long as another column can be left out instead. */
const NAME_WIDTH = {subject: 28, other: 14}
/** Below this a name says nothing. */
const LEAST_NAME = 10
/** A longer word, such as the name of a channel, is cut where it would take the place of other columns. */
const LONGEST_WORD = 24
const GAP = 2

/**
 * The columns that fit a width, with the width of each: columns are left out, the least important first, until the rest fits
 * with shortened names.
 *
 * @returns null where not even those that are never left out fit
 */
export function fitColumns(columns: readonly Measured[], width: number): Map<number, number> | null {
  const kept = new Map(columns.map((column, at) => [at, column]))
  const atLeast = ({head, isNumeric, widest, word}: Measured, name: number): number =>
    isNumeric ? widest : Math.max(head, Math.min(word, LONGEST_WORD), Math.min(widest, name))
  const comfortable = (column: Measured): number =>
    atLeast(column, column.priority === 1 ? NAME_WIDTH.subject : NAME_WIDTH.other)
  const least = (column: Measured): number => atLeast(column, LEAST_NAME)
  while (totalOf([...kept.values()].map(comfortable)) > width) {
    const at = leastImportant(kept)
    if (at === null) break
    kept.delete(at)
  }
  const leastOf = totalOf([...kept.values()].map(comfortable)) > width ? least : comfortable
  return shrunk(kept, leastOf, width)
}

function shrunk(
  columns: ReadonlyMap<number, Measured>,
  leastOf: (column: Measured) => number,
  width: number,
): Map<number, number> | null {
  const widths = new Map(
    [...columns].map(([at, column]) => [at, Math.min(column.widest, Math.max(width, leastOf(column)))]),
  )
  for (let over = totalOf([...widths.values()]) - width; over > 0; over--) {
    const [widest] = [...widths]
      .filter(([at, now]) => now > leastOf(columns.get(at) ?? ZERO))
      .toSorted(([, a], [, b]) => b - a)
    if (!widest) return null
    widths.set(widest[0], widest[1] - 1)
  }
  return widths
}

const ZERO: Measured = {head: 0, widest: 0, isNumeric: true, priority: 1, word: 0}

function totalOf(widths: readonly number[]): number {
  return widths.reduce((total, width) => total + width, 0) + GAP * Math.max(0, widths.length - 1)
}

function leastImportant(columns: ReadonlyMap<number, Measured>): number | null {
  return [...columns].reduce<number | null>((last, [at, {priority}]) => {
    if (priority === 1) return last
    return last !== null && (columns.get(last)?.priority ?? 1) > priority ? last : at
  }, null)
}
