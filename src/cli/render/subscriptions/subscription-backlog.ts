import type {SubscriptionReport} from '../../../domain/subscriptions/inspect/subscription-report.js'
import type {ConsumerReport} from '../../../domain/subscriptions/inspect/consumer-report.js'
import type {PartitionReport} from '../../../domain/subscriptions/inspect/partition-report.js'
import {ago, sumOfKnown} from './subscription-clients.js'
import {suggestedCommand} from '../../../suggested-command.js'
import {type Cell, type Column, renderBytes, renderMs, renderTable} from '../table.js'
import {counted, numberText} from '../../../wording.js'

const MOST_ROWS = 16
/** Consumers are sorted by their last acknowledgement in whole minutes; within one minute, by unacked messages. */
const ACK_AGE_STEP_MS = 60_000
const NEVER = new Date(0).toISOString()

const BACKLOG: ReadonlyArray<Column<PartitionReport>> = [
  {head: 'partition', cell: ({partition}) => partition},
  {head: 'type', cell: ({type}) => type, priority: 6},
  {head: 'consumers', cell: ({consumers}) => consumers.length},
  {head: 'backlog entries', cell: (row) => row.backlogEntries},
  {head: 'unacked', cell: (row) => row.unackedMessages},
  {head: 'size', cell: (row) => renderBytes(row.backlogBytes), priority: 5},
  {head: 'oldest', cell: (row) => renderMs(row.oldestAgeMs), isRare: true, priority: 2},
  {head: 'delayed', cell: (row) => row.delayedMessages, isRare: true, priority: 3},
  {head: 'in replay', cell: (row) => row.replayMessages, isRare: true, priority: 3},
  {head: 'ack holes', cell: (row) => row.ackHoles, isRare: true, priority: 2},
  {head: 'reads', cell: ({cursor}) => readsText(cursor), fit: 'wrap', isRare: true, priority: 7},
  {head: 'out/s', cell: (row) => row.rateOutPerSecond, priority: 4},
]

/** What the dispatcher reads for the subscription; null if nothing, or if it is unknown. */
function readsText(cursor: PartitionReport['cursor']): string | null {
  if (cursor === null) return null
  const reads = [
    ...(cursor.hasPendingRead === true ? ['read pending'] : []),
    ...(cursor.hasPendingReplayRead === true ? ['replay read pending'] : []),
    ...(cursor.isCaughtUp === true ? ['waiting for new entries'] : []),
    ...((cursor.pendingReads ?? 0) > 0 ? [`${counted(cursor.pendingReads ?? 0, 'read')} in progress`] : []),
  ]
  return reads.length === 0 ? null : reads.join(', ')
}

/** One row per partition. */
export function renderBacklogRows({partitions}: SubscriptionReport): string {
  return renderTable(BACKLOG, partitions)
}

/** What blocks delivery or acknowledgement, as far as one sample shows it. */
export function renderBlockers(report: SubscriptionReport): string {
  const parts = [cursors(report), blockingConsumers(report), waitingConsumers(report), ...limitLines(report)].filter(
    (part) => part !== '',
  )
  if (parts.length > 0) return parts.join('\n\n')
  return `One sample shows no blocker. For a diagnosis from two samples, run:\n  ${suggestedCommand('doctor', report.topic, report.subscription)}`
}

function cursors({partitions}: SubscriptionReport): string {
  const columns: ReadonlyArray<Column<PartitionReport>> = [
    {head: 'partition', cell: ({partition}) => partition},
    {head: 'mark-delete', cell: ({cursor}) => cursor?.markDelete ?? null, priority: 2},
    {head: 'first unacked', cell: ({cursor}) => cursor?.firstUnacked ?? null},
    {head: 'acked after', cell: ({cursor}) => cursor?.ackedBehindEntries ?? null},
    {head: 'ack holes', cell: ({ackHoles}) => ackHoles, priority: 3},
  ]
  const rows = partitions
    .filter(({cursor}) => (cursor?.ackedBehindEntries ?? 0) > 0)
    .toSorted((a, b) => (b.cursor?.ackedBehindEntries ?? 0) - (a.cursor?.ackedBehindEntries ?? 0))
  return rows.length === 0 ? '' : renderTable(columns, rows, MOST_ROWS)
}

interface BlockingConsumer {
  readonly partition: number | null
  readonly consumer: ConsumerReport
  /** before 4.0: the position before which a consumer that has just joined receives messages; null without a limit */
  readonly positionLimit: string | null
}

/** Consumers with unacked messages or draining slots: the one with the oldest acknowledgement first. */
function blockingConsumers(report: SubscriptionReport): string {
  const columns: ReadonlyArray<Column<BlockingConsumer>> = [
    {head: 'partition', cell: ({partition}) => partition},
    {head: 'consumer', cell: ({consumer}) => consumer.name},
    {head: 'unacked', cell: ({consumer}) => consumer.unackedMessages},
    {head: 'permits', cell: ({consumer}) => consumer.availablePermits, priority: 3},
    {head: 'blocked', cell: ({consumer}) => consumer.isBlockedOnUnacked, isRare: true},
    {head: 'draining slots', cell: ({consumer}) => consumer.draining?.slots ?? null, isRare: true, priority: 4},
    {head: 'receives only before', cell: ({positionLimit}) => positionLimit, isRare: true, priority: 5},
    {head: 'last ack', cell: ({consumer}) => ago(report, consumer.lastAckedAt)},
    {head: 'last delivery', cell: ({consumer}) => ago(report, consumer.lastDeliveredAt), priority: 6},
  ]
  const ackAge = ({consumer: {lastAckedAt}}: BlockingConsumer): number =>
    Math.floor((Date.parse(report.asOf) - Date.parse(lastAckedAt ?? NEVER)) / ACK_AGE_STEP_MS)
  const rows = report.partitions
    .flatMap(({consumers, cursor, partition}) =>
      consumers.map((consumer): BlockingConsumer => ({
        partition,
        consumer,
        positionLimit: positionLimit(consumer, cursor),
      })),
    )
    .filter(
      ({consumer}) =>
        (consumer.unackedMessages ?? 0) > 0 || consumer.isBlockedOnUnacked || (consumer.draining?.slots ?? 0) > 0,
    )
    .toSorted((a, b) => ackAge(b) - ackAge(a) || (b.consumer.unackedMessages ?? 0) - (a.consumer.unackedMessages ?? 0))
  return rows.length === 0 ? '' : renderTable(columns, rows, MOST_ROWS)
}

interface WaitingConsumer {
  readonly partition: number | null
  readonly markDelete: string | null
  readonly consumer: string
  readonly position: string
}

/** Consumers that joined and receive nothing yet. */
function waitingConsumers({partitions}: SubscriptionReport): string {
  const columns: ReadonlyArray<Column<WaitingConsumer>> = [
    {head: 'partition', cell: ({partition}) => partition},
    {head: 'waiting consumer', cell: ({consumer}) => consumer},
    {head: 'until mark-delete passes', cell: ({position}) => position},
    {head: 'mark-delete', cell: ({markDelete}) => markDelete, priority: 2},
  ]
  const rows = partitions.flatMap(({cursor, partition, waitingForMarkDelete}) =>
    (waitingForMarkDelete ?? []).map((one) => ({...one, partition, markDelete: cursor?.markDelete ?? null})),
  )
  return rows.length === 0 ? '' : renderTable(columns, rows, MOST_ROWS)
}

function positionLimit(
  {readPositionWhenJoining: joined}: ConsumerReport,
  cursor: PartitionReport['cursor'],
): string | null {
  const positions = [cursor?.markDelete, joined].map((position) => position?.split(':').map(Number))
  const [[ledger = 0, entry = 0] = [], [joinedLedger = 0, joinedEntry = 0] = []] = positions
  const isPassed = ledger > joinedLedger || (ledger === joinedLedger && entry + 1 >= joinedEntry)
  return isPassed ? null : joined
}

function limitLines({partitions}: SubscriptionReport): string[] {
  const blocked = partitions.filter((row) => row.isBlockedOnUnacked).length
  const lines = (['subscription', 'topic', 'broker'] as const).flatMap((level) => {
    const times = sumOfKnown(
      partitions.flatMap(({throttled}) => [throttled[level].byMessages, throttled[level].byBytes]),
    )
    return times > 0
      ? [`the dispatch rate of the ${level} throttled ${counted(times, 'read')} since the topic was loaded`]
      : []
  })
  const rejected = sumOfKnown(partitions.map(({filtered}) => filtered.rejectedMessages))
  const all = [
    ...(blocked > 0
      ? [
          `the broker pauses delivery on ${numberText(blocked)} of ${counted(partitions.length, 'partition')}: the subscription reached its unacked-message limit`,
        ]
      : []),
    ...lines,
    ...(rejected > 0 ? [`entry filters rejected ${counted(rejected, 'message')} since the topic was loaded`] : []),
  ]
  return all.length === 0 ? [] : [all.join('\n')]
}

type LastField = 'lastAckedAt' | 'lastDeliveredAt' | 'lastExpiredAt' | 'lastFlowAt' | 'lastMarkDeleteAdvancedAt'

const LAST: ReadonlyArray<readonly [what: string, of: (row: PartitionReport) => string | null]> = [
  ['last publish', ({topic}) => topic.lastPublishedAt],
  ...(
    [
      ['last delivery', 'lastDeliveredAt'],
      ['last ack', 'lastAckedAt'],
      ['last mark-delete advance', 'lastMarkDeleteAdvancedAt'],
      ['last flow (permit request)', 'lastFlowAt'],
      ['last expiry', 'lastExpiredAt'],
    ] as const satisfies ReadonlyArray<readonly [string, LastField]>
  ).map(([what, field]) => [what, (row: PartitionReport) => row[field]] as const),
]

/** The time of each last event; with several partitions, the latest and the earliest of them. */
export function renderLastActivity(report: SubscriptionReport): string {
  // Brokers before 4.2 do not report the time of the last publish; the row would wrongly show 'never'.
  const known = LAST.filter(
    ([what, of]) => what !== 'last publish' || report.partitions.some((row) => of(row) !== null),
  )
  const rows = known.map(([what, of]): Cell[] => {
    const times = report.partitions
      .map((row) => ({partition: row.partition, at: of(row)}))
      .toSorted((a, b) => (a.at ?? '').localeCompare(b.at ?? ''))
    const [first, last] = [times.at(0), times.at(-1)]
    return [
      what,
      ago(report, last?.at ?? null),
      ago(report, first?.at ?? null),
      first?.at === last?.at ? null : (first?.partition ?? null),
    ]
  })
  const columns: ReadonlyArray<Column<readonly Cell[]>> = [
    {head: 'event', cell: ([what = null]) => what},
    {head: 'latest', cell: (row) => row[1] ?? null},
    ...(report.partitions.length > 1
      ? [
          {head: 'earliest', cell: (row: readonly Cell[]) => row[2] ?? null},
          {head: 'earliest on partition', cell: (row: readonly Cell[]) => row[3] ?? null},
        ]
      : []),
  ]
  const hasNever = rows.some((row) => row.includes('never'))
  return renderTable(columns, rows) + (hasNever ? '\nnever: not since the topic was loaded' : '')
}
