import {counted} from '../../../wording.js'
import type {CursorSample} from '../facts/diagnosis-snapshot.js'
import {countsUnacked} from '../../topic-stats/unacked-messages.js'
import {evidence} from '../facts/evidence.js'
import {partitionsOf} from './progress.js'
import type {Draft} from '../facts/doctor-finding.js'
import type {PartitionFacts} from '../facts/partition-facts.js'
import {backlogOf, isMarkDeleteHeld, type SubscriptionFacts, whereText} from '../facts/subscription-facts.js'
import {dueEntries} from '../../progress/partition-progress.js'
import {inspectCommand, oldestKeysCommand, unloadTopic} from '../facts/remedies.js'
import {isThrottled} from './throttling.js'

/**
 * Entries that the broker does not read, or that it has read and lost. They need the cursor, and they assume that no other
 * cause explains the partition.
 *
 * @param others findings of the other rules: a partition that an error names has its explanation.
 */
export function readingRules(facts: SubscriptionFacts, others: readonly Draft[]): Draft[] {
  const explained = partitionsOf(others, ['error'])
  const rows = facts.partitions.flatMap((row) =>
    row.cursor === null || explained.has(row.partition) ? [] : [{row, cursor: row.cursor}],
  )
  return [...notReading(facts, rows), ...undelivered(facts, rows)]
}

interface Read {
  readonly row: PartitionFacts
  readonly cursor: CursorSample
}

/** Entries are there, consumers can take them, nothing else prevents delivery, and the dispatcher does not read. */
function notReading(facts: SubscriptionFacts, all: readonly Read[]): Draft[] {
  const stuck = all.filter(
    ({cursor, row}) =>
      row.progress.state === 'stalled' &&
      (cursor.unreadEntries ?? 0) > 0 &&
      row.delivered === 0 &&
      (row.now.msgInReplay ?? 0) <= 0 &&
      Object.keys(row.now.consumersAfterMarkDeletePosition ?? {}).length === 0 &&
      canTake(row) &&
      !isThrottled(facts, row),
  )
  const inTransactions = stuck.filter(({row}) => (row.ongoingTransactions ?? 0) > 0)
  const others = stuck.filter((one) => !inTransactions.includes(one))
  return [
    ...(others.length === 0
      ? []
      : [
          {
            ...about(others),
            code: 'dispatcher-not-reading',
            ...({explains: ['silent-consumers'], severity: 'error'} as const),
            message:
              `The broker has not read ${counted(unreadIn(others), 'entry', 'entries')}${whereText(rowsOf(others))}, although consumers have permits: ` +
              `the dispatcher has stopped reading, which is probably a bug of Pulsar ${facts.brokerVersion}`,
            remedies: [inspectCommand(facts), unloadTopic(facts)],
            links: ['apache/pulsar#26454', 'apache/pulsar#9789 (unblockStuckSubscriptionEnabled)'],
          },
        ]),
    ...(inTransactions.length === 0
      ? []
      : [
          {
            ...about(inTransactions),
            code: 'open-transactions',
            severity: 'error' as const,
            message:
              `The broker does not deliver ${counted(unreadIn(inTransactions), 'entry', 'entries')}${whereText(rowsOf(inTransactions))} ` +
              `while ${counted(sumOf(inTransactions), 'transaction')} of producers ${sumOf(inTransactions) === 1 ? 'is' : 'are'} open: entries after the first open transaction must wait`,
            remedies: [
              inspectCommand(facts),
              {
                command: 'check the producers that use transactions: one has not committed or aborted its transaction',
                cost: 'none',
              },
            ],
            links: [],
          },
        ]),
  ]
}

/** On Key_Shared one consumer without permits, or one draining slot, can keep the others waiting. */
function canTake({consumers, now}: PartitionFacts): boolean {
  const ready = consumers.filter(
    ({before, now: one}) =>
      [before, one].every(({availablePermits = 0}) => availablePermits > 0) &&
      one.blockedConsumerOnUnackedMsgs !== true &&
      (now.type !== 'Failover' || one.consumerName === now.activeConsumerName),
  )
  const isDraining = consumers.some(({now: one}) => (one.drainingHashes ?? []).length > 0)
  return now.type === 'Key_Shared'
    ? ready.length === consumers.length && ready.length > 0 && !isDraining
    : ready.length > 0
}

/** Due entries that are neither unread, nor at a consumer, nor in the replay queue. */
function undelivered(facts: SubscriptionFacts, all: readonly Read[]): Draft[] {
  const lost = all.flatMap((one) => {
    const {cursor, row} = one
    if (!countsUnacked(row.now) || cursor.unreadEntries === null || !isMarkDeleteHeld(facts, row)) return []
    if (!isConsistent(one)) return []
    if (row.consumers.some(({now}) => (now.avgMessagesPerEntry ?? 0) > 1) && unackedIn(row) > 0) return []
    const {msgInReplay = 0} = row.now
    const entries = dueEntries(row.now) - cursor.unreadEntries - unackedIn(row) - Math.max(0, msgInReplay)
    const before =
      dueEntries(row.before) - cursor.unreadEntries - unackedBefore(row) - Math.max(0, row.before.msgInReplay ?? 0)
    const isIdle = row.consumers.length > 0 && row.consumers.every(({now}) => (now.availablePermits ?? 0) > 0)
    return isIdle && entries > 0 && before > 0 ? [{...one, entries}] : []
  })
  if (lost.length === 0) return []
  const entries = lost.reduce((sum, one) => sum + one.entries, 0)
  return [
    {
      ...about(lost),
      code: 'read-entries-undelivered',
      severity: lost.some(({row}) => row.progress.state === 'stalled') ? 'error' : 'warn',
      message:
        `${counted(entries, 'entry', 'entries')}${whereText(rowsOf(lost))} ${entries === 1 ? 'has' : 'have'} been read but ${entries === 1 ? 'is' : 'are'} neither at a consumer, ` +
        `nor delayed${lost.some(({row}) => row.now.msgInReplay !== undefined) ? ', nor in the replay queue' : ''}: either an open transaction has acked ${entries === 1 ? 'it' : 'them'}, or the dispatcher has lost ${entries === 1 ? 'it' : 'them'}`,
      remedies: [inspectCommand(facts), oldestKeysCommand(facts), unloadTopic(facts)],
      links: ['apache/pulsar#16511'],
    },
  ]
}

/** Whether cursor and statistics, which are read at different times, describe about the same backlog. */
function isConsistent({cursor: {unackedEntries}, row}: Read): boolean {
  const backlog = backlogOf(row)
  return unackedEntries !== null && unackedEntries <= 2 * backlog && backlog <= 2 * unackedEntries
}

function about(all: readonly Read[]): Pick<Draft, 'evidence' | 'partitions' | 'sinceMs'> {
  const since = all.flatMap(({row}) => row.progress.sinceMs ?? row.now.lastMarkDeleteAdvancedTimestamp ?? [])
  return {
    partitions: all.map(({row}) => row.partition),
    sinceMs: since.length === 0 ? null : Math.min(...since),
    evidence: all.flatMap(({cursor, row}) => [
      evidence('msgBacklog', row.now.msgBacklog, row.partition),
      evidence('readPosition', cursor.readPosition, row.partition),
      evidence('lastConfirmedEntry', cursor.lastConfirmedEntry, row.partition),
      evidence('firstUnackedEntry', cursor.firstUnackedEntry, row.partition),
      evidence('subscriptionHavePendingRead', cursor.hasPendingRead, row.partition),
      evidence('subscriptionHavePendingReplayRead', cursor.hasPendingReplayRead, row.partition),
    ]),
  }
}

function rowsOf(all: readonly Read[]): PartitionFacts[] {
  return all.map(({row}) => row)
}

function unreadIn(all: readonly Read[]): number {
  return all.reduce((sum, {cursor}) => sum + (cursor.unreadEntries ?? 0), 0)
}

function sumOf(all: readonly Read[]): number {
  return all.reduce((sum, {row}) => sum + (row.ongoingTransactions ?? 0), 0)
}

/** A counter below 0 has a finding of its own. */
function unackedIn(row: PartitionFacts): number {
  return countsUnacked(row.now) ? Math.max(0, row.now.unackedMessages ?? 0) : 0
}

function unackedBefore(row: PartitionFacts): number {
  return countsUnacked(row.now) ? Math.max(0, row.before.unackedMessages ?? 0) : 0
}
