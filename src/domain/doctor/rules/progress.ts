import {markDeleteBlockedSince} from '../../progress/ack-progress.js'
import {suggestedCommand, operands} from '../../../suggested-command.js'
import {counted, durationText} from '../../../wording.js'
import {backlogOf, type PartitionFacts, type SubscriptionFacts, whereText} from '../facts/subscription-facts.js'
import type {Draft} from '../facts/doctor-finding.js'
import {inspectCommand} from './remedies.js'

/**
 * Mark-delete that one old message blocks while newer messages are acknowledged. Nothing is stuck yet, but the backlog is not
 * trimmed, and each acknowledgement adds an ack hole or extends one.
 *
 * @param others findings of the other rules; a partition that one of them names has its explanation.
 */
export function progressRules(facts: SubscriptionFacts, others: readonly Draft[]): Draft[] {
  const explained = new Set(
    others.filter(({severity}) => severity !== 'info').flatMap(({partitions}) => partitions ?? []),
  )
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
      evidence: partitions.flatMap(({now}) => [
        {field: 'lastMarkDeleteAdvancedTimestamp', value: timeText(now.lastMarkDeleteAdvancedTimestamp)},
        {
          field: 'nonContiguousDeletedMessagesRanges',
          value: String(now.nonContiguousDeletedMessagesRanges ?? 'unknown'),
        },
      ]),
      remedies: [
        {...inspectCommand(facts), cost: 'none (shows the position of the first unacked message)'},
        {
          command: suggestedCommand(
            ...['keys', 'sample', '--where', 'head', '--max', '10'],
            ...operands(facts.topic, facts.subscription),
          ),
          cost: 'none (lists the keys of the oldest messages)',
        },
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
  return ms !== undefined && ms > 0 ? new Date(ms).toISOString() : 'never since the topic was loaded'
}
