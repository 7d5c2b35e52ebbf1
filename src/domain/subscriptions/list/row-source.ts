import {Interrupted} from '../../../errors.js'
import type {TopicScope} from './topic-pattern.js'
import type {GroupedRow} from './row-totals.js'

/** Input of every row source, and the receiver of its rows. */
export interface Collecting extends TopicScope {
  readonly nowMs: number
  /** the period over which brokers average their rates */
  readonly periodMs: number
  /** Receives rows as they are completed. */
  readonly onRows: (rows: readonly GroupedRow[]) => Promise<void>
  readonly signal?: AbortSignal | undefined
}

export interface Collected {
  /** whether every partition of every topic was found */
  readonly isComplete: boolean
}

/** @param signal an aborted one */
export function interrupted(signal: AbortSignal): Interrupted {
  return new Interrupted('E_INTERRUPTED', 'interrupted; no changes were made', {cause: signal.reason})
}
