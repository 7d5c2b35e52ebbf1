import type {SubscriptionList, SubscriptionRow} from '../../../domain/subscriptions/list/subscription-row.js'
import {type ListOutput, separatedLines} from '../../output/list-output.js'
import {ageText} from '../ages.js'
import {type Column, renderTable, topicText} from '../table.js'

/** @param asOf when the list was made */
const columnsOf = (asOf: string): ReadonlyArray<Column<SubscriptionRow>> => [
  {head: 'topic', cell: (row) => topicText(row.topic)},
  {head: 'subscription', cell: (row) => row.subscription},
  {head: 'type', cell: (row) => row.type ?? 'mixed', priority: 2},
  {head: 'partitions', cell: (row) => row.partitions, priority: 5},
  {head: 'consumers', cell: (row) => row.consumers, priority: 2},
  {head: 'backlog entries', cell: (row) => row.backlogEntries},
  {head: 'on partitions', cell: spreadText, isWide: true},
  {head: 'unacked', cell: (row) => row.unackedMessages, priority: 3},
  {head: 'out/s', cell: (row) => row.rateOutPerSecond, priority: 4},
  {head: 'last ack', cell: (row) => ageText(asOf, row.unackedSince), isWide: true},
  {head: 'notes', cell: notesText, isWide: true, fit: 'wrap'},
]

const FIELDS = [
  ...(['topic', 'subscription', 'type', 'partitions', 'consumers', 'partitionsWithoutConsumer'] as const),
  ...(['backlogEntries', 'unackedMessages', 'rateOutPerSecond', 'isBlocked', 'isStalled'] as const),
  'unackedSince' as const,
]

/** The list as text; lines for a program say nothing but rows. */
export function listText(list: SubscriptionList, output: ListOutput): string {
  const {subscriptions} = list
  if (output === 'csv' || output === 'tsv') return separatedLines(subscriptions, FIELDS, output === 'csv' ? ',' : '\t')
  return renderList(list)
}

/** A line of JSON for each row. */
export function rowLines(rows: readonly SubscriptionRow[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('')
}

function renderList(list: SubscriptionList): string {
  if (list.subscriptions.length === 0) return `No subscription matches.\n\n${ageNote(list)}`
  const table = renderTable(columnsOf(list.asOf), list.subscriptions)
  const hidden = list.matched - list.subscriptions.length
  const more = hidden > 0 ? [`${String(hidden)} more are not listed: raise --limit`] : []
  return [table, [...more, ageNote(list)].join('\n')].join('\n\n')
}

/** From the least to the most, and where that is. */
function spreadText({spread}: SubscriptionRow): string {
  if (spread === null) return '-'
  return `${String(spread.least)} to ${String(spread.most)}${spread.most > spread.least ? ` (${String(spread.mostOn)})` : ''}`
}

function notesText({isBlocked, isStalled, partitionsWithoutConsumer}: SubscriptionRow): string {
  return [
    ...(isBlocked ? ['blocked on unacked'] : []),
    ...(isStalled === true ? ['stalled'] : []),
    ...(partitionsWithoutConsumer > 0 ? [`no consumer on ${String(partitionsWithoutConsumer)} partitions`] : []),
  ].join(', ')
}

const REASONS = {
  requested: '',
  'not-allowed': ' (this login may not ask the brokers for their copies)',
  'not-in-broker-stats': " (nothing in the brokers' copies matches)",
  'brokers-unreachable': ' (no broker can be reached by its own address: --fresh does not try)',
}

function ageNote({asOf, complete, failedBrokers, maxAgeMs, source, sourceReason}: SubscriptionList): string {
  const why =
    failedBrokers.length > 0
      ? `no answer from ${failedBrokers.map(({broker}) => broker).join(', ')}`
      : 'a broker left partitions out'
  const gaps = complete ? '' : `; INCOMPLETE: ${why}`
  if (source === 'topic-stats') {
    return `live, asked topic by topic${REASONS[sourceReason ?? 'requested']}, ${asOf}${gaps}`
  }
  const age = maxAgeMs === null ? 'of unknown age' : `up to ${String(maxAgeMs / 1000)} s old`
  return `from the brokers' copies, ${age}, without topics that are not loaded; --fresh asks for live ones; ${asOf}${gaps}`
}
