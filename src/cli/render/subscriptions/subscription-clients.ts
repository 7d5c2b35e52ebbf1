import type {ConsumerReport} from '../../../domain/subscriptions/inspect/consumer-report.js'
import type {SubscriptionReport} from '../../../domain/subscriptions/inspect/subscription-report.js'
import type {PublisherReport} from '../../../domain/subscriptions/inspect/topic-report.js'
import {ageText} from '../ages.js'
import {type Column, renderBytes, renderShare, renderTable} from '../table.js'

/** One client, with its part on each partition. */
interface Client<P> {
  readonly parts: ReadonlyArray<P & {readonly partition: number | null}>
  readonly first: P
}

const MOST_ROWS = 40

/** Who reads: one row for each consumer, however many partitions it reads. */
export function renderReaders(report: SubscriptionReport): string {
  const readers = clientsOf(
    report.partitions.map(({activeConsumer, consumers, partition}) =>
      consumers.map((one) => ({...one, partition, isActive: one.name !== null && one.name === activeConsumer})),
    ),
  )
  if (readers.length === 0) return 'No consumer is connected.'
  const slots = sum(readers.flatMap(({parts}) => parts.map(({keyHashSlots}) => keyHashSlots)))
  const [who, how] = [whoColumns(report), howColumns(report, slots)]
  return [renderTable(who, readers, MOST_ROWS), renderTable(how, readers, MOST_ROWS)].join('\n\n')
}

type Reader = ConsumerReport & {readonly isActive: boolean}

function whoColumns(report: SubscriptionReport): ReadonlyArray<Column<Client<Reader>>> {
  return [
    {head: 'consumer', cell: ({first}) => first.name},
    {head: 'address', cell: ({first}) => plainAddress(first)},
    {head: 'client', cell: ({first}) => first.clientVersion, priority: 3},
    {head: 'role', cell: ({first}) => first.role, isRare: true, priority: 4},
    {head: 'connected', cell: ({first}) => ago(report, first.connectedSince), priority: 2},
  ]
}

/** @param slots of all consumers together, where each has the keys of some */
function howColumns(report: SubscriptionReport, slots: number | null): ReadonlyArray<Column<Client<Reader>>> {
  return [
    {head: 'consumer', cell: ({first}) => first.name},
    {
      head: 'partitions',
      cell: ({parts}) => (report.partitionCount === null ? null : parts.length),
      isRare: true,
      priority: 5,
    },
    {head: 'active on', cell: ({parts}) => parts.filter(({isActive}) => isActive).length, isRare: true, priority: 3},
    {
      head: 'keys',
      cell: ({parts}) => (slots ? renderShare((sum(parts.map(({keyHashSlots}) => keyHashSlots)) ?? 0) / slots) : null),
      isRare: true,
      priority: 3,
    },
    {head: 'permits', cell: ({parts}) => sum(parts.map(({availablePermits}) => availablePermits)), priority: 2},
    {head: 'unacked', cell: ({parts}) => sum(parts.map(({unackedMessages}) => unackedMessages))},
    {
      head: 'blocked on',
      cell: ({parts}) => parts.filter((part) => part.isBlockedOnUnacked).length,
      isRare: true,
      priority: 2,
    },
    {
      head: 'draining',
      cell: ({parts}) => sum(parts.map(({draining}) => draining?.slots ?? null)),
      isRare: true,
      priority: 4,
    },
    {head: 'per entry', cell: ({parts}) => unlessOne(batching(parts)), isRare: true, priority: 7},
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

/** Who writes: one row for each producer. */
export function renderWriters(report: SubscriptionReport): string {
  const writers = clientsOf(
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
  const table = writers.length === 0 ? 'No producer is connected.' : renderTable(columns, writers, MOST_ROWS)
  return [table, ...topicLines(report)].join('\n')
}

function topicLines({partitions}: SubscriptionReport): string[] {
  const topics = partitions.map(({topic}) => topic)
  const entry = batching(partitions.flatMap(({consumers}) => consumers))
  const waiting = sumOfKnown(topics.map(({waitingPublishers}) => waitingPublishers))
  const throttled = sumOfKnown(topics.map(({publishThrottledTimes}) => publishThrottledTimes))
  return [
    `kept: ${renderBytes(sum(topics.map(({storageBytes}) => storageBytes)))}, acknowledged or not; deduplication: ${[...new Set(topics.map(({deduplicationStatus}) => deduplicationStatus ?? '-'))].join(', ')}`,
    entry === null
      ? 'batching: not known; brokers tell it by what consumers are given'
      : `batching: consumers are given ${String(entry)} message${entry === 1 ? '' : 's'} an entry`,
    ...(topics.some(({hasChunks}) => hasChunks) ? ['messages came in chunks since the topic was loaded'] : []),
    ...(waiting > 0 ? [`producers that wait for an exclusive one to leave: ${String(waiting)}`] : []),
    ...(throttled > 0
      ? [`a publish rate held producers back ${String(throttled)} times since the topic was loaded`]
      : []),
  ]
}

/** The most messages in an entry, as a consumer's average has it. */
function batching(consumers: ReadonlyArray<{readonly messagesPerEntry: number | null}>): number | null {
  const known = consumers.flatMap(({messagesPerEntry}) => messagesPerEntry ?? [])
  return known.length === 0 ? null : Math.max(...known)
}

function unlessOne(count: number | null): number | null {
  return count === 1 ? null : count
}

/** Clients are told apart by name and address: the parts of one on several partitions have the same. */
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

/** Weighted by how much each part publishes. */
function averageBytes(parts: readonly PublisherReport[]): number | null {
  const rate = sum(parts.map(({ratePerSecond}) => ratePerSecond))
  const bytes = sum(parts.map(({bytesPerSecond}) => bytesPerSecond))
  return rate && bytes ? Math.round(bytes / rate) : null
}

export function plainAddress({address}: {readonly address: string | null}): string | null {
  return address?.replace(/^\//, '') ?? null
}

/** How long before the look; `never` is since the topic was loaded. */
export function ago({asOf}: Pick<SubscriptionReport, 'asOf'>, at: string | null): string {
  return ageText(asOf, at) ?? 'never'
}

/** ISO times sort as text. */
export function latest(times: ReadonlyArray<string | null>): string | null {
  return times.reduce((last, time) => (time !== null && (last === null || time > last) ? time : last), null)
}

/** Unknown as soon as a part is. */
export function sum(parts: ReadonlyArray<number | null>): number | null {
  return parts.reduce<number | null>((total, part) => (total === null || part === null ? null : total + part), 0)
}

/** For what is told where there is any: an unknown part hides none of it. */
export function sumOfKnown(parts: ReadonlyArray<number | null>): number {
  return parts.reduce<number>((total, part) => total + (part ?? 0), 0)
}
