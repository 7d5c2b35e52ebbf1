import type {SubscriptionList, SubscriptionRow} from '../../../domain/subscriptions/list/subscription-row.js'
import type {ListOutput} from '../../flags/output-flags.js'
import {jsonLine} from '../../../printable.js'
import {separatedLines} from '../../output/list-output.js'
import {ageText} from '../ages.js'
import {type Column, renderMs, renderTable, topicText} from '../table.js'
import {counted, numberText} from '../../../wording.js'

/** @param asOf the time of the list, ISO 8601 */
const columnsOf = (asOf: string): ReadonlyArray<Column<SubscriptionRow>> => [
  {head: 'topic', cell: (row) => topicText(row.topic)},
  {head: 'subscription', cell: (row) => row.subscription},
  {head: 'type', cell: (row) => row.type ?? 'mixed', priority: 2},
  {head: 'partitions', cell: (row) => row.partitions, priority: 5},
  {head: 'consumers', cell: (row) => row.consumers, priority: 2},
  {head: 'backlog entries', cell: (row) => row.backlogEntries},
  {head: 'per partition', cell: spreadText, isWide: true},
  {head: 'unacked', cell: (row) => row.unackedMessages, priority: 3},
  {head: 'out/s', cell: (row) => row.rateOutPerSecond, priority: 4},
  {head: 'no ack since', cell: (row) => ageText(asOf, row.unackedSince), isWide: true},
  {head: 'notes', cell: notesText, isWide: true, fit: 'wrap'},
]

const FIELDS: ReadonlyArray<keyof SubscriptionRow> = [
  ...(['topic', 'subscription', 'type', 'partitions', 'consumers', 'partitionsWithoutConsumer'] as const),
  ...(['backlogEntries', 'unackedMessages', 'rateOutPerSecond', 'isBlocked', 'isStalled'] as const),
  'unackedSince' as const,
]

/** The list as text. CSV and TSV contain only rows, because programs read them. */
export function listText(list: SubscriptionList, output: ListOutput): string {
  const {subscriptions} = list
  if (output === 'csv' || output === 'tsv') return separatedLines(subscriptions, FIELDS, output === 'csv' ? ',' : '\t')
  return renderList(list)
}

/** One JSON line per row. */
export function rowLines(rows: readonly SubscriptionRow[]): string {
  return rows.map(jsonLine).join('')
}

function renderList(list: SubscriptionList): string {
  if (list.subscriptions.length === 0) return `No subscription matches.\n\n${ageNote(list)}`
  const table = renderTable(columnsOf(list.asOf), list.subscriptions)
  const hidden = list.matched - list.subscriptions.length
  const more =
    hidden > 0
      ? [`${counted(hidden, 'more subscription')} ${hidden === 1 ? 'is' : 'are'} not listed. Raise --max to list all.`]
      : []
  return [table, [...more, ageNote(list)].join('\n')].join('\n\n')
}

/** The smallest and the largest backlog of a partition, and the partition with the largest. */
function spreadText({spread}: SubscriptionRow): string {
  if (spread === null) return '-'
  return `${numberText(spread.least)} to ${numberText(spread.most)}${spread.most > spread.least ? ` (most on ${String(spread.mostOn)})` : ''}`
}

function notesText({consumers, isBlocked, isStalled, partitionsWithoutConsumer}: SubscriptionRow): string {
  const without = counted(partitionsWithoutConsumer, 'partition')
  return [
    ...(isBlocked ? ['unacked-message limit reached'] : []),
    ...(isStalled === true ? ['stalled'] : []),
    ...(consumers === 0
      ? ['no consumer connected']
      : partitionsWithoutConsumer > 0
        ? [`no consumer on ${without}`]
        : []),
  ].join(', ')
}

const REASONS = {
  requested: '',
  'not-allowed': ', because the permission to read broker stats is missing',
  'not-in-broker-stats': ', because the broker stats contain no match',
  'brokers-unreachable': ', because no broker can be reached at its own address (--fresh skips this attempt)',
}

function ageNote({asOf, complete, failedBrokers, maxAgeMs, source, sourceReason}: SubscriptionList): string {
  const why =
    failedBrokers.length > 0
      ? `no answer from ${failedBrokers.map(({broker}) => broker).join(', ')}`
      : 'a broker omitted partitions from its statistics'
  const gaps = complete ? '' : `\nINCOMPLETE: ${why}.`
  if (source === 'topic-stats') {
    return `Source: live topic stats at ${asOf}${REASONS[sourceReason ?? 'requested']}.${gaps}`
  }
  const age = maxAgeMs === null ? 'of unknown age' : `up to ${renderMs(maxAgeMs)} old`
  return `Source: broker stats at ${asOf}, ${age}; unloaded topics omitted. Use --fresh for live data.${gaps}`
}
