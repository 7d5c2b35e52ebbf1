import type {SubscriptionReport} from '../../domain/subscriptions/inspect.js'
import type {SubscriptionList} from '../../domain/subscriptions/list.js'
import {renderPairs, renderTable} from './table.js'

const LIST_HEAD = ['topic', 'subscription', 'type', 'partitions', 'consumers', 'backlog entries', 'unacked', 'out/s']

export function renderList(list: SubscriptionList): string {
  if (list.subscriptions.length === 0) return `No subscription matches.\n\n${ageNote(list)}`
  const rows = list.subscriptions.map((row) => [
    row.topic,
    row.subscription,
    row.type ?? 'mixed',
    row.partitions,
    row.consumers,
    row.backlogEntries,
    row.unackedMessages,
    row.rateOutPerSecond,
  ])
  return `${renderTable(LIST_HEAD, rows)}\n\n${ageNote(list)}`
}

function ageNote({asOf, complete, maxAgeMs, source}: SubscriptionList): string {
  const gaps = complete ? '' : '; INCOMPLETE: a broker left partitions out'
  if (source === 'topic-stats') return `live, asked topic by topic, ${asOf}${gaps}`
  const age = maxAgeMs === null ? 'of unknown age' : `up to ${String(maxAgeMs / 1000)} s old`
  return `from the brokers' copies, ${age}, without topics that are not loaded; --fresh asks for live ones; ${asOf}${gaps}`
}

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
