import {Interrupted} from '../../../errors.js'
import type {TopicScope} from './topic-pattern.js'
import type {GroupedRow} from './row-totals.js'

/** What every way to collect rows needs, and where the rows go. */
export interface Collecting extends TopicScope {
  readonly nowMs: number
  /** over how long brokers take their rates */
  readonly periodMs: number
  /** Takes rows as they are finished. */
  readonly onRows: (rows: readonly GroupedRow[]) => Promise<void>
  readonly signal?: AbortSignal | undefined
}

export interface Collected {
  /** whether each partition of each topic was there */
  readonly isComplete: boolean
}

/** @param signal an aborted one */
export function interrupted(signal: AbortSignal): Interrupted {
  return new Interrupted('E_INTERRUPTED', 'the list was interrupted; nothing was changed', {cause: signal.reason})
}
