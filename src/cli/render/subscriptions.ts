import type {SubscriptionReport} from '../../domain/subscriptions/inspect.js'
import {renderPairs, renderTable} from './table.js'

const PARTITION_HEAD = [
  'partition',
  'type',
  'consumers',
  'backlog entries',
  'unacked',
  'delayed',
  'in replay',
  'ack holes',
  'out/s',
]
const CONSUMER_HEAD = [
  'partition',
  'consumer',
  'address',
  'client',
  'permits',
  'unacked',
  'blocked',
  'out/s',
  'last ack',
]

export function renderSubscription(report: SubscriptionReport): string {
  const {total} = report
  const head = renderPairs([
    ['topic', report.topic],
    ['subscription', report.subscription],
    ['type', report.type ?? 'mixed: partitions differ'],
    ['partitions', report.partitionCount],
    ['durable', report.isDurable],
    ['replicated', report.isReplicated],
    ['consumers', total.consumers],
    ['backlog entries', total.backlogEntries],
    ['unacked messages', total.unackedMessages],
  ])
  const partitions = report.partitions.map((row) => [
    row.partition,
    row.type,
    row.consumers.length,
    row.backlogEntries,
    row.unackedMessages,
    row.delayedMessages,
    row.replayMessages,
    row.ackHoles,
    row.rateOutPerSecond,
  ])
  const consumers = report.partitions.flatMap((row) =>
    row.consumers.map((consumer) => [
      row.partition,
      consumer.name,
      consumer.address,
      consumer.clientVersion,
      consumer.availablePermits,
      consumer.unackedMessages,
      consumer.isBlockedOnUnacked,
      consumer.ratePerSecond,
      consumer.lastAckedAt,
    ]),
  )
  const tables = [head, renderTable(PARTITION_HEAD, partitions)]
  if (consumers.length > 0) tables.push(renderTable(CONSUMER_HEAD, consumers))
  else tables.push('No consumer is connected.')
  tables.push(
    "Rates are the broker's own averages, renewed each minute by default; keyshift backlog show measures now.",
  )
  return tables.join('\n\n')
}
