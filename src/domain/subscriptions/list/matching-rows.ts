import {isSystemCursor} from '../../topic-stats/system-cursors.js'
import {type ListFilter, type ListOrder, matches, sortRows} from './list-filter.js'
import type {SubscriptionRow} from './subscription-row.js'

export interface RowChoice {
  readonly filter: ListFilter
  readonly order: ListOrder
  /** the maximum number of rows to list; all matches are counted */
  readonly limit: number
  /** Receives rows as they arrive, unsorted. Without it, the rows are kept and sorted at the end. */
  readonly onRows?: ((rows: readonly SubscriptionRow[]) => Promise<void>) | undefined
}

/** Counts matching rows, and passes them on or keeps them, up to the limit. */
export class MatchingRows {
  private readonly choice: RowChoice
  private kept: SubscriptionRow[] = []
  matched = 0
  /** rows with a backlog of which only it is unknown whether they are stalled, if the filter asks for it */
  unknown = 0

  constructor(choice: RowChoice) {
    this.choice = choice
  }

  async take(rows: readonly SubscriptionRow[]): Promise<void> {
    const {filter, limit, onRows} = this.choice
    const matching = rows.filter((row) => matches(row, filter))
    if (filter.isStalled === true) this.unknown += rows.filter((row) => mayBeStalled(row, filter)).length
    const room = Math.max(0, limit - this.matched)
    this.matched += matching.length
    if (onRows) {
      if (room > 0 && matching.length > 0) await onRows(matching.slice(0, room))
      return
    }
    for (const row of matching) this.kept.push(row)
    // Trimming at twice the limit bounds memory and keeps sorting cheap.
    if (this.kept.length > 2 * limit) this.kept = this.sorted()
  }

  /** The kept rows, sorted and limited. Empty when rows were passed on. */
  sorted(): SubscriptionRow[] {
    return sortRows(this.kept, this.choice.order).slice(0, this.choice.limit)
  }
}

function mayBeStalled(row: SubscriptionRow, filter: ListFilter): boolean {
  const isUnknown = row.isStalled === null && (row.backlogEntries ?? 0) > 0 && !isSystemCursor(row.subscription)
  return isUnknown && matches({...row, isStalled: true}, filter)
}
