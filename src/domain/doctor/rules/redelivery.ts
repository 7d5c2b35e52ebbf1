import {counted, numberText} from '../../../wording.js'
import {operands} from '../../../suggested-command.js'
import {evidence} from '../facts/evidence.js'
import type {Draft, Remedy} from '../facts/doctor-finding.js'
import type {PartitionFacts} from '../facts/partition-facts.js'
import {type SubscriptionFacts, whereText} from '../facts/subscription-facts.js'
import {clientsText} from '../facts/client-facts.js'
import {oldestKeysCommand, partitionNameOf, keyshift, pulsarAdmin} from '../facts/remedies.js'

/** Messages that are delivered again and again, because their consumers neither process nor set them aside. */
export function redeliveryRules(facts: SubscriptionFacts): Draft[] {
  const rows = facts.partitions.filter(({redelivered}) => redelivered !== null)
  if (rows.length === 0) return []
  const again = rows.reduce((sum, row) => sum + (row.redelivered ?? 0), 0)
  const isMoving = rows.every(({progress}) => progress.state === 'moving')
  const receivers = facts.clients.filter(({consumers}) =>
    consumers.some(({now, row}) => rows.includes(row) && (now.msgRateRedeliver ?? 0) > 0),
  )
  return [
    {
      code: 'redelivered-over-and-over',
      explains: ['silent-consumers'],
      severity: isMoving ? 'warn' : 'error',
      message:
        `About ${counted(again, 'redelivery', 'redeliveries')}${overText(facts, rows)}${whereText(rows)}, while the oldest message stays unacked; ` +
        `its consumer probably cannot process it${receivers.length === 0 ? '' : ` (redelivered to ${clientsText(receivers)})`}`,
      partitions: rows.map(({partition}) => partition),
      ...(receivers.length === 1 ? {consumers: receivers} : {}),
      evidence: rows.flatMap(({before, now, partition}) => [
        evidence('msgOutCounter', `${String(before.msgOutCounter)} → ${String(now.msgOutCounter)}`, partition),
        evidence('msgBacklog', `${String(before.msgBacklog)} → ${String(now.msgBacklog)}`, partition),
        ...((now.msgRateRedeliver ?? 0) > 0
          ? [evidence('msgRateRedeliver', `${numberText(now.msgRateRedeliver ?? 0)} per second`, partition)]
          : []),
      ]),
      remedies: [
        oldestKeysCommand(facts),
        ...(facts.locks.length === 0 ? [lockCheck(facts)] : []),
        {
          command: 'set a dead-letter policy in the consumers',
          cost: 'a deployment; the message moves to the dead-letter topic',
        },
        ...(facts.locks.length === 0 ? skip(facts, rows) : []),
      ],
    },
  ]
}

function overText({elapsedMs}: SubscriptionFacts, rows: readonly PartitionFacts[]): string {
  const isByRate = rows.some(isBatched)
  return isByRate ? ' in the last minute or less' : ` in ${String(Math.round(elapsedMs / 1000))} s`
}

/** A consumer that cannot get a Redis lock gives its message back, too. Then the message is fine. */
function lockCheck({subscription, topic}: SubscriptionFacts): Remedy {
  return {
    command: `if the consumers use Redis locks, run ${keyshift('doctor', ...operands(topic, subscription))} with --key-pattern first: a lock may block the message`,
    cost: 'none',
  }
}

function isBatched({consumers}: PartitionFacts): boolean {
  return consumers.some(({now}) => (now.avgMessagesPerEntry ?? 0) > 1)
}

/** The broker skips entries of one partition only. */
function skip({subscription, topic}: SubscriptionFacts, rows: readonly PartitionFacts[]): Remedy[] {
  const [row] = rows
  if (row === undefined || rows.length > 1) return []
  return [
    {
      command: pulsarAdmin(
        'topics skip',
        ...['--count', '1', '--subscription', subscription],
        partitionNameOf(topic, row.partition),
      ),
      cost: `the subscription loses the oldest entry${isBatched(row) ? ', which may be a batch of several messages' : ': one message'}. Do not run it while slots are draining (apache/pulsar#25627)`,
    },
  ]
}
