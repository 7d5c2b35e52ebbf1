import {type ListFilter, type ListOrder, matches, sortRows} from './list-filter.js'
import type {SubscriptionRow} from './subscription-row.js'

export interface RowChoice {
  readonly filter: ListFilter
  readonly order: ListOrder
  /** the most to list; all are counted */
  readonly limit: number
  /** Takes rows as soon as they are known, in no order, instead of a sorted list in the end. */
  readonly onRows?: ((rows: readonly SubscriptionRow[]) => Promise<void>) | undefined
}

/** The rows that fit: counted, and handed on, or kept as far as the limit lets them be listed. */
export class MatchingRows {
  private readonly choice: RowChoice
  private kept: SubscriptionRow[] = []
  matched = 0

  constructor(choice: RowChoice) {
    this.choice = choice
  }

  async take(rows: readonly SubscriptionRow[]): Promise<void> {
    const {filter, limit, onRows} = this.choice
    const fitting = rows.filter((row) => matches(row, filter))
    const room = Math.max(0, limit - this.matched)
    this.matched += fitting.length
    if (onRows) {
      if (room > 0 && fitting.length > 0) await onRows(fitting.slice(0, room))
      return
    }
    for (const row of fitting) this.kept.push(row)
    // Now and then, so that memory does not grow with what is not listed, and sorting stays cheap.
    if (this.kept.length > 2 * limit) this.kept = this.sorted()
  }

  /** Those to list, in their order; none that were handed on. */
  sorted(): SubscriptionRow[] {
    return sortRows(this.kept, this.choice.order).slice(0, this.choice.limit)
  }
}
