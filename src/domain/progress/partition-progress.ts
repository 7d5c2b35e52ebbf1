import type {ConsumerStats, SubscriptionStats} from '../../clients/pulsar-admin/types.js'
import {ackProgressOf, type PartitionSample} from './ack-progress.js'
import {clientIds} from '../topic-stats/consumers.js'
import {firstConnection, latest} from '../topic-stats/times.js'
import {countsUnacked} from '../topic-stats/unacked-messages.js'
import {redeliveriesOf} from './redeliveries.js'

/**
 * Whether the backlog of a partition moves. The verdicts of doctor, why, backlog and list all come from here.
 *
 * - `empty`: no backlog.
 * - `not-due`: there is only a backlog of delayed messages.
 * - `moving`: something was acknowledged between the samples.
 * - `stalled`: a backlog is due, and nothing has been acknowledged or delivered for longer than the limit. Deliveries do not
 *   count if they are redeliveries.
 * - `waiting`: a backlog is due, and nothing was acknowledged between the samples, but not for that long.
 */
export type BacklogState = 'empty' | 'moving' | 'not-due' | 'stalled' | 'waiting'

export interface PartitionProgress {
  /** null if the broker does not report the backlog, or reports no times */
  readonly state: BacklogState | null
  /** when the backlog last moved or could have begun to wait, epoch ms of the broker; null if unknown or not waiting */
  readonly sinceMs: number | null
  /** the clients that have the due messages, if they have all of them or request no more; null if it is unknown or not so */
  readonly heldBy: readonly string[] | null
}

/** When the samples end, and how long without progress is too long, in ms. */
export interface ProgressLimit {
  readonly nowMs: number
  readonly stuckAfterMs: number
}

/**
 * All partitions of a subscription. A client that works its partitions in turn acknowledges nothing for long on each of
 * them: a partition whose messages are at clients that make progress on others is `waiting`, not `stalled`.
 *
 * @param partitions for each the samples that contain it, in order; one is enough, but shows less.
 */
export function subscriptionProgressOf(
  partitions: ReadonlyArray<readonly PartitionSample[]>,
  limit: ProgressLimit,
): PartitionProgress[] {
  const active = new Set(partitions.flatMap((samples) => activeClients(samples.at(-1)?.subscription ?? {}, limit)))
  return partitions.map((samples) => {
    const progress = partitionProgressOf(samples, limit)
    const isBusy = progress.state === 'stalled' && isExcused(progress.heldBy, active)
    return isBusy ? {...progress, state: 'waiting'} : progress
  })
}

/** Whether the messages of a stalled partition are all at clients that make progress on other partitions. */
export function isExcused(heldBy: readonly string[] | null, active: ReadonlySet<string>): boolean {
  return heldBy?.every((client) => active.has(client)) === true
}

/** The clients that acknowledged something lately on this partition. */
export function activeClients(stats: SubscriptionStats, {nowMs, stuckAfterMs}: ProgressLimit): string[] {
  const active = (stats.consumers ?? []).filter(
    ({lastAckedTimestamp = 0}) => lastAckedTimestamp > 0 && nowMs - lastAckedTimestamp <= stuckAfterMs,
  )
  return active.map(clientIds(stats))
}

/** Every consumer of the partition either has messages or requests none; one that waits for messages should get some. */
export function holdersOf(stats: SubscriptionStats): string[] | null {
  const {consumers = [], type} = stats
  const isHolder = ({
    lastAckedTimestamp = 0,
    lastConsumedTimestamp = 0,
    unackedMessages = 0,
  }: ConsumerStats): boolean =>
    countsUnacked({type}) ? unackedMessages > 0 : lastConsumedTimestamp > lastAckedTimestamp
  const holders = consumers.filter(isHolder)
  const undelivered = countsUnacked({type}) ? dueEntries(stats) - Math.max(0, stats.unackedMessages ?? 0) : 0
  const canTake = consumers.some((one) => !isHolder(one) && (one.availablePermits ?? 0) > 0)
  return holders.length === 0 || (undelivered > 0 && canTake) ? null : holders.map(clientIds(stats))
}

/** @param samples the samples that contain the partition, in order; one is enough, but shows less. */
function partitionProgressOf(
  samples: readonly PartitionSample[],
  {nowMs, stuckAfterMs}: ProgressLimit,
): PartitionProgress {
  const last = samples.at(-1)?.subscription
  if (last?.msgBacklog === undefined) return UNKNOWN
  if (last.msgBacklog <= 0) return {...UNKNOWN, state: 'empty'}
  if (dueEntries(last) === 0) return {...UNKNOWN, state: 'not-due'}
  if (ackProgressOf(samples).isAcking === true) return {...UNKNOWN, state: 'moving'}
  const unackedSinceMs = latest([...ackTimes(last), ...startTimes(last)])
  const sinceMs = latest([unackedSinceMs, isSendingNothing(samples) ? null : lastDelivery(last)])
  if (sinceMs === null) return UNKNOWN
  const isLong = (since: number | null): boolean => since !== null && nowMs - since > stuckAfterMs
  if (isLong(sinceMs)) return {state: 'stalled', sinceMs, heldBy: holdersOf(last)}
  const isLooping = isLong(unackedSinceMs) && redeliveriesOf(samples) !== null
  return isLooping
    ? {state: 'stalled', sinceMs: unackedSinceMs, heldBy: null}
    : {state: 'waiting', sinceMs, heldBy: null}
}

const UNKNOWN: PartitionProgress = {state: null, sinceMs: null, heldBy: null}

/** Entries that may be delivered now. The broker counts delayed messages once it has read them. */
export function dueEntries({msgBacklog = 0, msgDelayed = 0}: SubscriptionStats): number {
  return Math.max(0, msgBacklog - msgDelayed)
}

/** When the mark-delete position last advanced, epoch ms; null if it did not since the topic was loaded, or if it is unknown. */
export function lastMarkDeleteOf({lastMarkDeleteAdvancedTimestamp}: SubscriptionStats): number | null {
  return latest([lastMarkDeleteAdvancedTimestamp])
}

function ackTimes({
  consumers = [],
  lastAckedTimestamp,
  lastMarkDeleteAdvancedTimestamp,
}: SubscriptionStats): Array<number | undefined> {
  return [
    lastAckedTimestamp,
    lastMarkDeleteAdvancedTimestamp,
    ...consumers.map((consumer) => consumer.lastAckedTimestamp),
  ]
}

/** Nothing can be late before the oldest message was published, or before the first consumer connected. */
function startTimes({
  consumers = [],
  earliestMsgPublishTimeInBacklog,
}: SubscriptionStats): Array<number | null | undefined> {
  return [earliestMsgPublishTimeInBacklog, firstConnection(consumers)]
}

/**
 * On Failover and Exclusive a dispatcher that may not read past an open transaction sends an empty list again and again, and
 * the broker takes each for a delivery (seen on 4.2.4).
 */
function isSendingNothing(samples: readonly PartitionSample[]): boolean {
  const [first, last] = [samples[0]?.subscription, samples.at(-1)?.subscription]
  if (first === undefined || last === undefined || first.msgOutCounter === undefined) return false
  return last.msgOutCounter === first.msgOutCounter && (lastDelivery(last) ?? 0) > (lastDelivery(first) ?? 0)
}

function lastDelivery({consumers = [], lastConsumedTimestamp}: SubscriptionStats): number | null {
  return latest([lastConsumedTimestamp, ...consumers.map((consumer) => consumer.lastConsumedTimestamp)])
}
