import {counted} from '../../../wording.js'
import {clientsText, evidenceOf, hasNotAcked, unackedOf} from '../facts/client-facts.js'
import {countsUnacked} from '../../topic-stats/unacked-messages.js'
import type {Draft} from '../facts/doctor-finding.js'
import type {PartitionFacts} from '../facts/partition-facts.js'
import {backlogOf, type SubscriptionFacts, whereText} from '../facts/subscription-facts.js'
import {inspectCommand} from '../facts/remedies.js'

/**
 * Consumers have taken a large part of the backlog into their queues and request no more, so its messages wait there: the
 * others are idle, or nothing has been delivered for long. They work, so they are not stuck.
 */
export function prefetchRules(facts: SubscriptionFacts): Draft[] {
  const rows = facts.partitions.filter((row) => isPrefetched(facts, row))
  const holders = facts.clients.filter(({consumers}) =>
    consumers.some(({now, row}) => rows.includes(row) && (now.unackedMessages ?? 0) > 0),
  )
  if (rows.length === 0 || holders.length === 0 || holders.some((one) => hasNotAcked(facts, one))) return []
  const isOne = holders.length === 1
  const taken = holders.reduce((sum, one) => sum + (unackedOf(one) ?? 0), 0)
  const unread = rows.reduce((sum, row) => sum + Math.max(0, backlogOf(row) - (row.now.unackedMessages ?? 0)), 0)
  const idle = facts.clients.filter((one) => !holders.includes(one))
  return [
    {
      code: 'prefetched-backlog',
      severity: 'warn',
      message:
        `${clientsText(holders)} ${isOne ? 'has' : 'have'} prefetched ${counted(taken, 'message')}${whereText(rows)}, which wait in ${isOne ? 'its queue' : 'their queues'}` +
        (unread > 0
          ? `; ${isOne ? 'it requests' : 'they request'} no more, and ${counted(unread, 'entry', 'entries')} ${unread === 1 ? 'waits' : 'wait'} behind them`
          : '') +
        (idle.length > 0
          ? `; ${clientsText(idle)} ${idle.length === 1 ? 'is' : 'are'} idle`
          : '; a consumer that joins cannot take them over'),
      partitions: rows.map(({partition}) => partition),
      consumers: holders,
      sinceMs: isOne ? (holders[0]?.lastAckMs ?? null) : null,
      evidence: holders
        .flatMap(({consumers}) => consumers)
        .flatMap((one) =>
          (['unackedMessages', 'availablePermits', 'lastConsumedTimestamp', 'lastAckedTimestamp'] as const).flatMap(
            (field) => evidenceOf(one, field, !isOne),
          ),
        ),
      remedies: [
        inspectCommand(facts),
        {
          command: 'set a smaller receiverQueueSize in the consumers',
          cost: 'a deployment; more requests between clients and broker',
        },
      ],
    },
  ]
}

/** Nothing has been delivered for too long: either because all is at one consumer, or because none has permits. */
function isPrefetched({nowMs, stuckAfterMs}: SubscriptionFacts, row: PartitionFacts): boolean {
  const {consumers, now} = row
  const lastDelivery = Math.max(0, ...consumers.map(({now: one}) => one.lastConsumedTimestamp ?? 0))
  const taken = now.unackedMessages ?? 0
  if (!countsUnacked(now) || taken < 2 || lastDelivery === 0 || nowMs - lastDelivery <= stuckAfterMs) return false
  const others = consumers.filter(({now: one}) => (one.unackedMessages ?? 0) === 0)
  if (backlogOf(row) <= taken)
    return now.type === 'Shared' && others.some(({now: one}) => (one.availablePermits ?? 0) > 0)
  return consumers.every(({now: one}) => (one.availablePermits ?? 0) <= 0)
}
