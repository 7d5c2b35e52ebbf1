import type {ConsumerProgress} from '../../../domain/progress/consumer-progress.js'
import type {BacklogPartition} from '../../../domain/backlog/backlog-report.js'
import {type Cell, renderTable} from '../table.js'

/** Up to so many are all shown; of more, those only that do nothing though they could. */
const FEW = 8
const HEAD = ['partition', 'consumer', 'delivered', 'settled', 'unacked', 'permits', 'last ack', 'verdict']

/** What each consumer did in the window; nothing where nobody is connected, or many and all are well. */
export function renderProgress(partitions: readonly BacklogPartition[]): string {
  const all = partitions.flatMap(({consumers, partition}) => consumers.map((consumer) => ({partition, consumer})))
  const bad = all.filter(({consumer: {verdict}}) => verdict === 'not-acking' || verdict === 'no-permits')
  const shown = all.length <= FEW ? all : bad
  if (shown.length === 0) return ''
  const table = renderTable(
    HEAD,
    shown.map(({consumer, partition}) => rowOf(partition, consumer)),
  )
  const rest = shown.length < all.length ? `\n${String(all.length - shown.length)} more are not listed` : ''
  return `${table}${rest}`
}

function rowOf(partition: number | null, consumer: ConsumerProgress): Cell[] {
  return [
    partition === null ? '-' : String(partition),
    consumer.name ?? consumer.address,
    consumer.deliveredMessages,
    consumer.ackedOrReturnedMessages,
    consumer.unackedMessages,
    consumer.availablePermits,
    consumer.lastAckedAt,
    consumer.verdict,
  ]
}
