import type {SubscriptionRow} from './subscription-row.js'

/** Which rows to keep. A missing field keeps all. */
export interface ListFilter {
  /** one of these types; a subscription with mixed types matches none */
  readonly types?: readonly string[]
  /** entries */
  readonly minBacklog?: number
  /** at least one partition has no consumer */
  readonly isWithoutConsumers?: boolean
  readonly isBlocked?: boolean
  readonly isStalled?: boolean
  readonly isMixedType?: boolean
  /** a backlog without an acknowledgement since this time, epoch ms */
  readonly unackedSinceMs?: number
}

/** An unknown value does not match a filter on it. */
export function matches(row: SubscriptionRow, filter: ListFilter): boolean {
  const {isBlocked, isMixedType, isStalled, isWithoutConsumers, minBacklog, types, unackedSinceMs} = filter
  return (
    (types === undefined || (row.type !== null && types.includes(row.type))) &&
    (minBacklog === undefined || (row.backlogEntries ?? -1) >= minBacklog) &&
    (isWithoutConsumers !== true || row.consumers === 0 || row.partitionsWithoutConsumer > 0) &&
    (isBlocked !== true || row.isBlocked) &&
    (isStalled !== true || row.isStalled === true) &&
    (isMixedType !== true || row.type === null) &&
    (unackedSinceMs === undefined || (row.unackedSince !== null && Date.parse(row.unackedSince) <= unackedSinceMs))
  )
}

/** Sort keys. Numbers sort descending with unknown values last, names ascending. */
export const LIST_ORDERS = ['name', 'backlog', 'unacked', 'consumers', 'rate'] as const
export type ListOrder = (typeof LIST_ORDERS)[number]

const KEYS: Readonly<Record<Exclude<ListOrder, 'name'>, (row: SubscriptionRow) => number | null>> = {
  backlog: (row) => row.backlogEntries,
  unacked: (row) => row.unackedMessages,
  consumers: (row) => row.consumers,
  rate: (row) => row.rateOutPerSecond,
}

export function sortRows(rows: readonly SubscriptionRow[], order: ListOrder): SubscriptionRow[] {
  const byName = rows.toSorted((a, b) => compare(a.topic, b.topic) || compare(a.subscription, b.subscription))
  if (order === 'name') return byName
  const of = KEYS[order]
  return byName.toSorted((a, b) => (of(b) ?? -1) - (of(a) ?? -1))
}

/** By UTF-16 code unit: the same order on every machine, and much faster than a locale's collation. */
function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
