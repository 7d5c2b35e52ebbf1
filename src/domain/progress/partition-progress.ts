import type {ConsumerStats, SubscriptionStats} from '../../clients/pulsar-admin/types.js'
import {ackProgressOf, type PartitionSample} from './ack-progress.js'
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
}

/** When the samples end, and how long without progress is too long, in ms. */
export interface ProgressLimit {
  readonly nowMs: number
  readonly stuckAfterMs: number
}

/** @param samples the samples that contain the partition, in order; one is enough, but shows less. */
export function partitionProgressOf(
  samples: readonly PartitionSample[],
  {nowMs, stuckAfterMs}: ProgressLimit,
): PartitionProgress {
  const last = samples.at(-1)?.subscription
  if (last?.msgBacklog === undefined) return {state: null, sinceMs: null}
  if (last.msgBacklog <= 0) return {state: 'empty', sinceMs: null}
  if (dueEntries(last) === 0) return {state: 'not-due', sinceMs: null}
  if (ackProgressOf(samples).isAcking === true) return {state: 'moving', sinceMs: null}
  const unackedSinceMs = latest([...ackTimes(last), ...startTimes(last)])
  const sinceMs = latest([unackedSinceMs, lastDelivery(last)])
  if (sinceMs === null) return {state: null, sinceMs: null}
  const isLong = (since: number | null): boolean => since !== null && nowMs - since > stuckAfterMs
  if (isLong(sinceMs)) return {state: 'stalled', sinceMs}
  const isLooping = isLong(unackedSinceMs) && redeliveriesOf(samples) !== null
  return isLooping ? {state: 'stalled', sinceMs: unackedSinceMs} : {state: 'waiting', sinceMs}
}

/** Entries that may be delivered now. The broker counts delayed messages once it has read them. */
export function dueEntries({msgBacklog = 0, msgDelayed = 0}: SubscriptionStats): number {
  return Math.max(0, msgBacklog - msgDelayed)
}

/** When something was last acknowledged, epoch ms; null if nothing was since the topic was loaded, or if it is unknown. */
export function lastAckOf(subscription: SubscriptionStats): number | null {
  return latest(ackTimes(subscription))
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

function lastDelivery({consumers = [], lastConsumedTimestamp}: SubscriptionStats): number | null {
  return latest([lastConsumedTimestamp, ...consumers.map((consumer) => consumer.lastConsumedTimestamp)])
}

/** When the first of these clients connected, epoch ms; null if there is none, or if the broker does not report it. */
export function firstConnection(clients: ReadonlyArray<Pick<ConsumerStats, 'connectedSince'>>): number | null {
  const times = clients
    .map(({connectedSince}) => Date.parse(connectedSince ?? ''))
    .filter((time) => !Number.isNaN(time))
  return times.length === 0 ? null : Math.min(...times)
}

/** The broker writes 0 or a negative number for a time that it does not know. */
function latest(times: ReadonlyArray<number | null | undefined>): number | null {
  const known = times.filter((time) => typeof time === 'number' && time > 0) as number[]
  return known.length === 0 ? null : Math.max(...known)
}
