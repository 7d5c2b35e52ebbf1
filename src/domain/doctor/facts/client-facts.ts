import type {ConsumerStats} from '../../../clients/pulsar-admin/types.js'
import {countsUnacked} from '../../topic-stats/unacked-messages.js'
import {clientIds, clientNameOf} from '../../topic-stats/consumers.js'
import {firstConnection, latest} from '../../topic-stats/times.js'
import type {Draft, FindingConsumer} from './doctor-finding.js'
import {evidence, type EvidenceField} from './evidence.js'
import type {ProgressLimit} from '../../progress/partition-progress.js'
import type {ConsumerFacts, PartitionFacts} from './partition-facts.js'

/**
 * One consuming client with its consumers on all partitions. A client that works its partitions in turn acknowledges
 * nothing for long on each of them, so it is judged by what it did on any.
 */
export interface ClientFacts extends FindingConsumer {
  readonly consumers: readonly ClientConsumer[]
  /** whether it acknowledged anything between the samples */
  readonly isAcking: boolean
  /** epoch ms of its last acknowledgement; null if it made none since it connected, or if that is unknown */
  readonly lastAckMs: number | null
  /** its last acknowledgement, delivery or request of messages, or its connection; null if unknown */
  readonly lastActiveMs: number | null
  /** the first of its connections; null if unknown */
  readonly connectedMs: number | null
}

/** A consumer of a client, and its partition. */
export interface ClientConsumer extends ConsumerFacts {
  readonly row: PartitionFacts
}

/** Groups the consumers of all partitions by client. */
export function clientsOf(partitions: readonly PartitionFacts[]): ClientFacts[] {
  const all = partitions.flatMap((row) => {
    const idOf = clientIds(row.now)
    return row.consumers.map((one) => ({...one, row, id: idOf(one.now)}))
  })
  return [...Map.groupBy(all, ({id}) => id).values()].flatMap((consumers) => {
    const [first] = consumers
    return first ? [clientFacts(first.now, consumers)] : []
  })
}

function clientFacts(one: ConsumerStats, consumers: readonly ClientConsumer[]): ClientFacts {
  const acks = consumers.map(({now}) => now.lastAckedTimestamp)
  const activity = consumers.flatMap(({now}) => [now.lastConsumedTimestamp, now.lastConsumedFlowTimestamp])
  const connections = consumers.map(({now}) => firstConnection([now]))
  return {
    ...clientNameOf(one),
    consumers,
    isAcking: consumers.some(({before, now}) => (now.lastAckedTimestamp ?? 0) > (before.lastAckedTimestamp ?? 0)),
    lastAckMs: latest(acks),
    lastActiveMs: latest([...acks, ...activity, ...connections]),
    connectedMs: firstConnection(consumers.map(({now}) => now)),
  }
}

/** Messages that a client has not acknowledged, on all partitions; null where the broker does not count them. */
export function unackedOf({consumers}: Pick<ClientFacts, 'consumers'>): number | null {
  let sum = 0
  for (const {now, row} of consumers) {
    if (!countsUnacked(row.now) || now.unackedMessages === undefined) return null
    sum += Math.max(0, now.unackedMessages)
  }
  return sum
}

/** Whether it has requested no more messages than it was sent. */
export function hasNoPermits({consumers}: Pick<ClientFacts, 'consumers'>): boolean {
  return consumers.every(({now}) => (now.availablePermits ?? 0) <= 0)
}

/** Whether it did nothing on any partition for too long: no acknowledgement, no delivery, no request. */
export function isQuiet({nowMs, stuckAfterMs}: ProgressLimit, {isAcking, lastActiveMs}: ClientFacts): boolean {
  return !isAcking && lastActiveMs !== null && nowMs - lastActiveMs > stuckAfterMs
}

/** Whether it acknowledged nothing on any partition for too long, although it may have received messages. */
export function hasNotAcked(
  {nowMs, stuckAfterMs}: ProgressLimit,
  {connectedMs, isAcking, lastAckMs}: ClientFacts,
): boolean {
  const since = lastAckMs ?? connectedMs
  return !isAcking && since !== null && nowMs - since > stuckAfterMs
}

/** A field of a consumer's statistics as evidence. @param isNamed whether the value is preceded by the consumer's name. */
export function evidenceOf(
  {now, partition}: ClientConsumer,
  field: EvidenceField & keyof ConsumerStats,
  isNamed: boolean,
): Draft['evidence'] {
  const value = now[field]
  if (typeof value !== 'number' && typeof value !== 'boolean') return []
  const text = field.endsWith('Timestamp') ? timeText(Number(value)) : String(value)
  const of = isNamed && now.consumerName !== undefined ? `${now.consumerName} ` : ''
  return [evidence(field, `${of}${text}`, partition)]
}

function timeText(ms: number): string {
  return ms > 0 ? new Date(ms).toISOString() : 'never'
}

export function clientText({address, name}: FindingConsumer): string {
  return name ?? address ?? 'a consumer without a name and address'
}

/** `a`, `a and b`, or `a, b, c and 27 more`. */
export function clientsText(clients: readonly FindingConsumer[]): string {
  const names = [...new Set(clients.map(clientText))]
  const shown = names.slice(0, names.length > NAMES_SHOWN + 1 ? NAMES_SHOWN : names.length)
  const more = names.length - shown.length
  if (more > 0) return `${shown.join(', ')} and ${String(more)} more`
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1) ?? ''}`
}

const NAMES_SHOWN = 3
