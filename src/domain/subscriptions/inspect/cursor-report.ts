import type {InternalStats} from '../../../clients/pulsar-admin/types.js'
import {cursorOf} from '../../topic-stats/cursor.js'
import {countEntries, entriesAfterMarkDelete, unackedEntries} from '../../topic-stats/unacked-entries.js'

/** The cursor of a subscription on one partition; positions are `ledger:entry`. */
export interface CursorReport {
  /** every entry up to this position is acknowledged */
  markDelete: string | null
  /** the next entry to read */
  readPosition: string | null
  /** the newest entry of the topic */
  lastConfirmedEntry: string | null
  /** the oldest unacknowledged entry, which blocks mark-delete; null without a backlog */
  firstUnacked: string | null
  /** acknowledged entries after the first unacknowledged one */
  ackedBehindEntries: number
  /** whether it has read every entry and waits for new ones */
  isCaughtUp: boolean | null
  /** whether a read is in progress */
  hasPendingRead: boolean | null
  hasPendingReplayRead: boolean | null
  pendingReads: number | null
  /** as the broker spells it: `Open`, `NoLedger`, … */
  state: string | null
}

/** null when the topic has no such cursor. */
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
