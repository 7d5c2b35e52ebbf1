import type {ConsumerReport} from '../../../domain/subscriptions/inspect/consumer-report.js'
import type {SubscriptionReport} from '../../../domain/subscriptions/inspect/subscription-report.js'
import type {PublisherReport} from '../../../domain/subscriptions/inspect/topic-report.js'
import {ageText} from '../ages.js'
import {type Cell, type Column, renderBytes, renderShare, renderTable} from '../table.js'
import {counted, partitionLabel} from '../../../wording.js'

/** One client, with its consumer or producer on each partition. */
interface Client<P> {
  readonly parts: ReadonlyArray<P & {readonly partition: number | null}>
  readonly first: P
}

const MOST_ROWS = 40

/** One row per consumer; its partitions are summed up. */
export function renderConsumers(report: SubscriptionReport): string {
  const clients = clientsOf(
    report.partitions.map(({activeConsumer, consumers, partition}) =>
      consumers.map((one) => ({...one, partition, isActive: one.name !== null && one.name === activeConsumer})),
    ),
  )
  if (clients.length === 0) return 'No consumer is connected.'
  const slots = sum(clients.flatMap(({parts}) => parts.map(({keyHashSlots}) => keyHashSlots)))
  const tables = [identityColumns(report), loadColumns(report, slots)]
  return tables.map((columns) => renderTable(columns, clients, MOST_ROWS)).join('\n\n')
}

type Consumer = ConsumerReport & {readonly isActive: boolean}

function identityColumns(report: SubscriptionReport): ReadonlyArray<Column<Client<Consumer>>> {
  return [
    {head: 'consumer', cell: ({first}) => first.name},
    {head: 'address', cell: ({first}) => plainAddress(first)},
    {head: 'client', cell: ({first}) => first.clientVersion, priority: 3},
    {head: 'role', cell: ({first}) => first.role, isRare: true, priority: 4},
    {head: 'connected', cell: ({first}) => ago(report, first.connectedSince), priority: 2},
    {head: 'joined at', cell: joinPosition, isRare: true, priority: 5},
  ]
}

/** The read position when the consumer joined; of a consumer on several partitions, the first one. */
function joinPosition({parts}: Client<Consumer>): string | null {
  const joined = parts.filter(({readPositionWhenJoining}) => readPositionWhenJoining !== null)
  const [first] = joined
  if (first === undefined) return null
  const position = first.readPositionWhenJoining ?? ''
  if (first.partition === null) return position
  const more = joined.length > 1 ? `, ${String(joined.length - 1)} more` : ''
  return `${position} (${partitionLabel(first.partition)}${more})`
}

/** @param slots of all consumers together; null unless the subscription is Key_Shared */
function loadColumns(report: SubscriptionReport, slots: number | null): ReadonlyArray<Column<Client<Consumer>>> {
  return [
    {head: 'consumer', cell: ({first}) => first.name},
    {
      head: 'partitions',
      cell: ({parts}) => (report.partitionCount === null ? null : parts.length),
      isRare: true,
      priority: 5,
    },
    {
      head: 'active partitions',
      cell: ({parts}) => parts.filter(({isActive}) => isActive).length,
      isRare: true,
      priority: 3,
    },
    {
      head: 'key share',
      cell: ({parts}) => (slots ? renderShare((sum(parts.map(({keyHashSlots}) => keyHashSlots)) ?? 0) / slots) : null),
      isRare: true,
      priority: 3,
    },
    {head: 'permits', cell: ({parts}) => sum(parts.map(({availablePermits}) => availablePermits)), priority: 2},
    {head: 'unacked', cell: ({parts}) => sum(parts.map(({unackedMessages}) => unackedMessages))},
    {
      head: 'blocked',
      cell: ({parts}) => blockedText(parts.filter((part) => part.isBlockedOnUnacked).length, report.partitionCount),
      isRare: true,
      priority: 2,
    },
    {
      head: 'draining slots',
      cell: ({parts}) => sum(parts.map(({draining}) => draining?.slots ?? null)),
      isRare: true,
      priority: 4,
    },
    {head: 'batch size', cell: ({parts}) => unlessOne(batchSize(parts)), isRare: true, priority: 7},
    {head: 'out/s', cell: ({parts}) => sum(parts.map(({ratePerSecond}) => ratePerSecond)), priority: 4},
    {
      head: 'redelivered/s',
      cell: ({parts}) => sum(parts.map((part) => part.redeliveryRatePerSecond)),
      isRare: true,
      priority: 6,
    },
    {head: 'last ack', cell: ({parts}) => ago(report, latest(parts.map(({lastAckedAt}) => lastAckedAt)))},
  ]
}

/** Whether the consumer reached its unacked-message limit, on a partitioned topic with the number of partitions. */
function blockedText(partitions: number, partitionCount: number | null): Cell {
  return partitionCount === null || partitions === 0 ? partitions > 0 : counted(partitions, 'partition')
}

/** One row per producer; its partitions are summed up. */
export function renderProducers(report: SubscriptionReport): string {
  const clients = clientsOf(
    report.partitions.map(({partition, publishers}) => publishers.map((one) => ({...one, partition}))),
  )
  const columns: ReadonlyArray<Column<Client<PublisherReport>>> = [
    {head: 'producer', cell: ({first}) => first.name},
    {head: 'address', cell: ({first}) => plainAddress(first)},
    {head: 'client', cell: ({first}) => first.clientVersion, priority: 4},
    {
      head: 'partitions',
      cell: ({parts}) => (report.partitionCount === null ? null : parts.length),
      isRare: true,
      priority: 5,
    },
    {
      head: 'mode',
      cell: ({first}) => (first.accessMode === 'Shared' ? null : first.accessMode),
      isRare: true,
      priority: 3,
    },
    {head: 'in/s', cell: ({parts}) => sum(parts.map(({ratePerSecond}) => ratePerSecond))},
    {head: 'message size', cell: ({parts}) => renderBytes(averageBytes(parts)), priority: 2},
    {
      head: 'chunks/s',
      cell: ({parts}) => sum(parts.map(({chunkRatePerSecond}) => chunkRatePerSecond)),
      isRare: true,
      priority: 6,
    },
  ]
  const table = clients.length === 0 ? 'No producer is connected.' : renderTable(columns, clients, MOST_ROWS)
  return [table, ...topicLines(report)].join('\n')
}

function topicLines({partitions}: SubscriptionReport): string[] {
  const topics = partitions.map(({topic}) => topic)
  const bytes = sum(topics.map(({storageBytes}) => storageBytes))
  const size = batchSize(partitions.flatMap(({consumers}) => consumers))
  const waiting = sumOfKnown(topics.map(({waitingPublishers}) => waitingPublishers))
  const throttled = sumOfKnown(topics.map(({publishThrottledTimes}) => publishThrottledTimes))
  return [
    `storage size: ${bytes === null ? 'unknown' : renderBytes(bytes)}; deduplication: ${[...new Set(topics.map(({deduplicationStatus}) => deduplicationStatus ?? 'unknown'))].join(', ')}`,
    size === null
      ? 'average batch size: unknown, because the broker reports it only for delivered messages'
      : `average batch size: ${counted(size, 'message')}`,
    ...(topics.some(({hasChunks}) => hasChunks) ? ['chunked messages were published since the topic was loaded'] : []),
    ...(waiting > 0 ? [`waiting for an exclusive producer to disconnect: ${counted(waiting, 'producer')}`] : []),
    ...(throttled > 0
      ? [`the publish rate throttled producers ${counted(throttled, 'time')} since the topic was loaded`]
      : []),
  ]
}

/** The largest average batch size that a consumer reports, in messages per entry; null before any delivery. */
function batchSize(consumers: ReadonlyArray<{readonly messagesPerEntry: number | null}>): number | null {
  const known = consumers.flatMap(({messagesPerEntry}) => messagesPerEntry ?? [])
  return known.length === 0 ? null : Math.max(...known)
}

function unlessOne(count: number | null): number | null {
  return count === 1 ? null : count
}

/** Groups by name and address, which one client has in common on all partitions. */
function clientsOf<P extends {name: string | null; address: string | null; partition: number | null}>(
  byPartition: ReadonlyArray<readonly P[]>,
): Array<Client<P>> {
  const clients = new Map<string, P[]>()
  for (const part of byPartition.flat()) {
    const key = `${part.name ?? ''} ${part.address ?? ''}`
    const known = clients.get(key)
    if (known) known.push(part)
    else clients.set(key, [part])
  }
  return [...clients.values()]
    .flatMap((parts) => (parts[0] ? [{parts, first: parts[0]}] : []))
    .toSorted((a, b) => (a.first.name ?? '').localeCompare(b.first.name ?? ''))
}

/** The mean message size, weighted by the publish rate on each partition. */
function averageBytes(parts: readonly PublisherReport[]): number | null {
  const rate = sum(parts.map(({ratePerSecond}) => ratePerSecond))
  const bytes = sum(parts.map(({bytesPerSecond}) => bytesPerSecond))
  return rate && bytes ? Math.round(bytes / rate) : null
}

export function plainAddress({address}: {readonly address: string | null}): string | null {
  return address?.replace(/^\//, '') ?? null
}

/** The time between the event and the sample. `never` means not since the topic was loaded. */
export function ago({asOf}: Pick<SubscriptionReport, 'asOf'>, at: string | null): string {
  return ageText(asOf, at) ?? 'never'
}

/** ISO times sort as text. */
export function latest(times: ReadonlyArray<string | null>): string | null {
  return times.reduce((last, time) => (time !== null && (last === null || time > last) ? time : last), null)
}

/** null when any part is unknown. */
export function sum(parts: ReadonlyArray<number | null>): number | null {
  return parts.reduce<number | null>((total, part) => (total === null || part === null ? null : total + part), 0)
}

/** Ignores unknown parts: for counters that are shown only when they are above 0. */
export function sumOfKnown(parts: ReadonlyArray<number | null>): number {
  return parts.reduce<number>((total, part) => total + (part ?? 0), 0)
}
