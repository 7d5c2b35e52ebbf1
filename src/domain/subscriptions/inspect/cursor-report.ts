import type {InternalStats} from '../../../clients/pulsar-admin/types.js'
import {cursorOf} from '../../topic-stats/cursor.js'
import {countEntries, entriesAfterMarkDelete, unackedEntries} from '../../topic-stats/unacked-entries.js'

/** Where a subscription stands on one partition; positions are `ledger:entry`. */
export interface CursorReport {
  /** everything up to it is acknowledged */
  markDelete: string | null
  /** the entry that is read next */
  readPosition: string | null
  /** the newest entry of the topic */
  lastConfirmedEntry: string | null
  /** the oldest entry that is not acknowledged: mark-delete waits for it; null when nothing waits */
  firstUnacked: string | null
  /** entries that are acknowledged though one before them is not */
  ackedBehindEntries: number
  /** whether it has read everything, and waits for more */
  isCaughtUp: boolean | null
  /** whether entries were asked for, and have not come yet */
  hasPendingRead: boolean | null
  hasPendingReplayRead: boolean | null
  pendingReads: number | null
  /** as the broker has it: `Open`, `NoLedger`, … */
  state: string | null
}

/** null where the topic has no such cursor. */
export function reportCursor(stats: InternalStats, subscription: string): CursorReport | null {
  const cursor = cursorOf(stats, subscription)
  if (!cursor) return null
  const backlog = unackedEntries(0, stats, subscription)
  const [first] = backlog
  return {
    markDelete: cursor.markDeletePosition ?? null,
    readPosition: cursor.readPosition ?? null,
    lastConfirmedEntry: stats.lastConfirmedEntry ?? null,
    firstUnacked: first ? `${String(first.ledgerId)}:${String(first.first)}` : null,
    ackedBehindEntries: countEntries(entriesAfterMarkDelete(0, stats, subscription)) - countEntries(backlog),
    isCaughtUp: cursor.waitingReadOp ?? null,
    hasPendingRead: cursor.subscriptionHavePendingRead ?? null,
    hasPendingReplayRead: cursor.subscriptionHavePendingReplayRead ?? null,
    pendingReads: cursor.pendingReadOps ?? null,
    state: cursor.state ?? null,
  }
}
