/** How the lines of an output are laid out. */
export interface View {
  /** columns of the terminal; Infinity where lines may have any length */
  readonly width: number
  /** whether tables show all their columns, and names in full, however long a line gets */
  readonly isWide: boolean
  /** what shows the columns that were left out: `--output wide` */
  readonly remedy: string
}

export const UNLIMITED: View = {width: Infinity, isWide: false, remedy: ''}

/** A terminal that does not report its width. */
const UNKNOWN_WIDTH = 80
/** Minimum width of the layout; a narrower terminal gets lines of this width. */
const LEAST_WIDTH = 20

interface Stream {
  readonly columns?: number
  readonly isTTY?: boolean
}

/**
 * COLUMNS where it is set, otherwise what the terminal reports. A file or a pipe has no width: nothing is left out, shortened or
 * wrapped in it.
 */
export function widthOf({columns, isTTY}: Stream, env: NodeJS.ProcessEnv = process.env): number {
  const set = /^\d+$/.test(env['COLUMNS'] ?? '') ? Number(env['COLUMNS']) : 0
  if (set > 0) return Math.max(LEAST_WIDTH, set)
  if (isTTY !== true) return Infinity
  return Math.max(LEAST_WIDTH, columns === undefined || columns === 0 ? UNKNOWN_WIDTH : columns)
}
