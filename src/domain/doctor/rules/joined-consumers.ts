import {counted, durationText} from '../../../wording.js'
import {type ClientFacts, clientsText, unackedOf} from '../facts/client-facts.js'
import {evidence} from '../facts/evidence.js'
import type {Draft} from '../facts/doctor-finding.js'
import type {PartitionFacts} from '../facts/partition-facts.js'
import {isMarkDeleteHeld, type SubscriptionFacts, whereText} from '../facts/subscription-facts.js'
import {checkConsumers, inspectCommand, oldestKeysCommand, restartConsumers} from '../facts/remedies.js'

/**
 * Before 4.0, and with the classic dispatcher, a consumer that joins gets nothing until mark-delete has passed the position at
 * which it joined. One unacknowledged message before that position keeps all consumers that joined later waiting. The consumer
 * that has the message may go on with others, so its last acknowledgement can be recent.
 */
export function joinedConsumerRules(facts: SubscriptionFacts): Draft[] {
  const rows = facts.partitions.filter(
    (row) => waitingIn(row).length > 0 && row.progress.state !== 'empty' && isMarkDeleteHeld(facts, row),
  )
  const [first] = rows
  if (!first) return []
  const waiting = [...new Set(rows.flatMap(waitingIn))]
  const holders = holdersIn(facts, rows, new Set(waiting))
  const sinceMs = Math.min(...rows.map(({now}) => now.lastMarkDeleteAdvancedTimestamp ?? facts.nowMs))
  return [
    {
      code: 'joined-consumer-waits',
      explains: ['silent-consumers'],
      severity: 'error',
      message:
        `${clientsText(waiting.map((name) => ({name, address: null})))} ${waiting.length === 1 ? 'receives' : 'receive'} no messages${whereText(rows)} until mark-delete passes the position ` +
        `at which ${waiting.length === 1 ? 'it' : 'they'} joined; mark-delete has not advanced for ${durationText(facts.nowMs - sinceMs)}${holderText(holders, rows)}`,
      partitions: rows.map(({partition}) => partition),
      consumers: holders,
      sinceMs,
      evidence: rows.flatMap(({cursor, now, partition}) => [
        ...Object.entries(now.consumersAfterMarkDeletePosition ?? {}).map(([name, position]) =>
          evidence('consumersAfterMarkDeletePosition', `${name} ${position}`, partition),
        ),
        ...(cursor ? [evidence('markDeletePosition', cursor.markDeletePosition, partition)] : []),
        ...(cursor?.firstUnackedEntry ? [evidence('firstUnackedEntry', cursor.firstUnackedEntry, partition)] : []),
      ]),
      remedies: [
        inspectCommand(facts),
        oldestKeysCommand(facts),
        ...(holders.length === 0 ? [] : [checkConsumers(holders)]),
        ...restartConsumers(holders),
      ],
      links: ['apache/pulsar#15705', 'apache/pulsar#21199', 'apache/pulsar#23352 (4.0.0)'],
    },
  ]
}

function waitingIn({now}: PartitionFacts): string[] {
  return Object.keys(now.consumersAfterMarkDeletePosition ?? {})
}

/** The clients that may have the message at the mark-delete position: those that hold messages and do not wait themselves. */
function holdersIn(
  {clients}: SubscriptionFacts,
  rows: readonly PartitionFacts[],
  waiting: ReadonlySet<string>,
): ClientFacts[] {
  const holders = clients.filter(({consumers}) =>
    consumers.some(({now, row}) => rows.includes(row) && (now.unackedMessages ?? 0) > 0),
  )
  const older = holders.filter(({name}) => name === null || !waiting.has(name))
  return older.length > 0 ? older : holders
}

function holderText(holders: readonly ClientFacts[], rows: readonly PartitionFacts[]): string {
  if (holders.length === 0 && rows.every(({now}) => (now.msgDelayed ?? 0) > 0))
    return '. No consumer has an unacked message: a delayed message blocks mark-delete until it is due'
  if (holders.length === 0) return '; no consumer reports an unacked message, so it may be in the replay queue'
  const unacked = holders.reduce((sum, one) => sum + (unackedOf(one) ?? 0), 0)
  const [one] = holders
  return holders.length === 1 && one
    ? `. The oldest unacked message is at ${clientsText(holders)}, which has ${counted(unacked, 'unacked message')}`
    : `. The oldest unacked message is at one of ${clientsText(holders)}, which have ${counted(unacked, 'unacked message')}`
}
