import type {ConsumerProgress} from '../../../domain/progress/consumer-progress.js'
import type {BacklogPartition} from '../../../domain/backlog/backlog-report.js'
import {ageText} from '../ages.js'
import {type Column, renderTable} from '../table.js'
import {counted} from '../../../wording.js'

/** Up to 8 consumers are all listed; of more, only those that do not acknowledge or have no permits. */
const FEW = 8

interface Row {
  readonly partition: number | null
  readonly consumer: ConsumerProgress
}

/** What each consumer did between the samples. Empty without consumers, and when many consumers have no problem. */
export function renderProgress(partitions: readonly BacklogPartition[], asOf: string): string {
  const all = partitions.flatMap(({consumers, partition}) => consumers.map((consumer): Row => ({partition, consumer})))
  const bad = all.filter(({consumer: {verdict}}) => verdict === 'not-acking' || verdict === 'no-permits')
  const shown = all.length <= FEW ? all : bad
  if (shown.length === 0) return ''
  const columns: ReadonlyArray<Column<Row>> = [
    {head: 'partition', cell: ({partition}) => (partition === null ? '-' : String(partition))},
    {head: 'consumer', cell: ({consumer}) => consumer.name ?? consumer.address},
    {head: 'delivered', cell: ({consumer}) => consumer.deliveredMessages, priority: 3},
    {head: 'acked/returned', cell: ({consumer}) => consumer.ackedOrReturnedMessages, priority: 3},
    {head: 'unacked', cell: ({consumer}) => consumer.unackedMessages},
    {head: 'permits', cell: ({consumer}) => consumer.availablePermits, priority: 2},
    {head: 'last ack', cell: ({consumer}) => lastAckText(asOf, consumer), priority: 2},
    {head: 'verdict', cell: ({consumer}) => consumer.verdict},
  ]
  const table = renderTable(columns, shown)
  const rest =
    shown.length < all.length ? `\nand ${counted(all.length - shown.length, 'more row')}; --json has all` : ''
  return `${table}${rest}`
}

/** `never` only where the broker reports it. */
function lastAckText(asOf: string, {hasAcked, lastAckedAt}: ConsumerProgress): string | null {
  return hasAcked === false ? 'never' : ageText(asOf, lastAckedAt)
}
