import {markDeleteBlockedSince} from '../../progress/ack-progress.js'
import {counted, durationText} from '../../../wording.js'
import {evidence} from '../facts/evidence.js'
import type {Draft} from '../facts/doctor-finding.js'
import type {PartitionFacts} from '../facts/partition-facts.js'
import {backlogOf, type SubscriptionFacts, whereText} from '../facts/subscription-facts.js'
import {checkConsumers, inspectCommand, oldestKeysCommand, unloadTopic} from '../facts/remedies.js'

/**
 * A backlog that does not move although no other rule explains it, and mark-delete that one old message blocks.
 *
 * @param others findings of the other rules; a partition that one of them names has its explanation.
 */
export function progressRules(facts: SubscriptionFacts, others: readonly Draft[]): Draft[] {
  return [
    ...stalled(facts, partitionsOf(others, ['error'])),
    ...markDeleteBlocked(facts, partitionsOf(others, ['error', 'warn'])),
  ]
}

/** The partitions that findings of these severities name. */
export function partitionsOf(
  findings: readonly Draft[],
  severities: ReadonlyArray<Draft['severity']>,
): Set<number | null> {
  return new Set(
    findings.flatMap(({partitions, severity}) => (severities.includes(severity) ? (partitions ?? []) : [])),
  )
}

/** What is left: no rule knows the cause, but "no problems" would be wrong. */
function stalled(facts: SubscriptionFacts, explained: ReadonlySet<number | null>): Draft[] {
  const rows = facts.partitions.filter(
    ({partition, progress}) => progress.state === 'stalled' && !explained.has(partition),
  )
  if (rows.length === 0) return []
  const sinceMs = Math.min(...rows.map(({progress}) => progress.sinceMs ?? facts.nowMs))
  const entries = rows.reduce((sum, row) => sum + backlogOf(row), 0)
  return [
    {
      code: 'stalled-cause-unknown',
      severity: 'error',
      message:
        `The backlog of ${counted(entries, 'entry', 'entries')}${whereText(rows)} has not moved for ${durationText(facts.nowMs - sinceMs)}, ` +
        'and the statistics do not show why',
      partitions: rows.map(({partition}) => partition),
      sinceMs,
      evidence: rows.flatMap(evidenceOf),
      remedies: [
        inspectCommand(facts),
        ...(facts.clients.length === 0 ? [] : [checkConsumers(facts.clients)]),
        unloadTopic(facts),
      ],
    },
  ]
}

function evidenceOf({consumers, cursor, now, partition}: PartitionFacts): Draft['evidence'] {
  const fields = ['msgBacklog', 'unackedMessages', 'msgInReplay', 'msgDelayed'] as const
  return [
    ...fields.flatMap((field) => (now[field] === undefined ? [] : [evidence(field, now[field], partition)])),
    evidence('lastAckedTimestamp', timeText(now.lastAckedTimestamp), partition),
    evidence('lastConsumedTimestamp', timeText(now.lastConsumedTimestamp), partition),
    ...(cursor ? [evidence('readPosition', cursor.readPosition, partition)] : []),
    ...(cursor ? [evidence('unreadEntries', cursor.unreadEntries, partition)] : []),
    ...consumers.map(({now: one}) =>
      evidence(
        'availablePermits',
        `${one.consumerName ?? 'unnamed'} ${String(one.availablePermits ?? 'unknown')}`,
        partition,
      ),
    ),
  ]
}

/**
 * Mark-delete that one old message blocks while newer messages are acknowledged. Nothing is stuck yet, but the backlog is not
 * trimmed, and each acknowledgement adds an ack hole or extends one.
 */
function markDeleteBlocked(facts: SubscriptionFacts, explained: ReadonlySet<number | null>): Draft[] {
  const rows = facts.partitions.flatMap((row) => {
    const sinceMs = explained.has(row.partition) ? null : blockedSince(row)
    return sinceMs !== null && facts.nowMs - sinceMs > facts.stuckAfterMs ? [{row, sinceMs}] : []
  })
  const [longest] = rows.toSorted((a, b) => a.sinceMs - b.sinceMs)
  if (!longest) return []
  const partitions = rows.map(({row}) => row)
  const entries = partitions.reduce((sum, row) => sum + backlogOf(row), 0)
  return [
    {
      code: 'mark-delete-blocked',
      severity: 'warn',
      message:
        `Newer messages are being acked, but an older unacked message has blocked mark-delete${whereText(partitions)} ` +
        `for ${durationText(facts.nowMs - longest.sinceMs)}; backlog ${counted(entries, 'entry', 'entries')}`,
      partitions: partitions.map(({partition}) => partition),
      sinceMs: longest.sinceMs,
      evidence: partitions.flatMap(({now, partition}) => [
        evidence('lastMarkDeleteAdvancedTimestamp', timeText(now.lastMarkDeleteAdvancedTimestamp), partition),
        evidence('nonContiguousDeletedMessagesRanges', now.nonContiguousDeletedMessagesRanges, partition),
      ]),
      remedies: [
        {...inspectCommand(facts), cost: 'none (shows the position of the first unacked message)'},
        oldestKeysCommand(facts),
      ],
    },
  ]
}

/**
 * A delayed message blocks mark-delete until it is due, which is expected. Without ack holes only messages of the oldest
 * batch are acknowledged one by one, so nothing newer is.
 */
function blockedSince({before, now}: PartitionFacts): number | null {
  if ((now.msgDelayed ?? 0) > 0 || now.nonContiguousDeletedMessagesRanges === 0) return null
  return markDeleteBlockedSince([
    {stats: {}, subscription: before},
    {stats: {}, subscription: now},
  ])
}

function timeText(ms: number | undefined): string {
  if (ms === undefined) return 'unknown'
  return ms > 0 ? new Date(ms).toISOString() : 'never since the topic was loaded'
}
