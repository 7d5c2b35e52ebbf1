import type {TopicPartition} from '../topic-stats/collect-topic-stats.js'
import type {SubscriptionStats} from '../../clients/pulsar-admin/types.js'

/**
 * What the mark-delete position did between the samples. `advancing`: it moved. `blocked`: newer messages were acknowledged,
 * but an older one was not, so it cannot move; this is not a stall. `unchanged`: nothing was acknowledged.
 */
export type MarkDelete = 'advancing' | 'blocked' | 'unchanged'

/** What happened between the first and the last sample. */
export interface AckProgress {
  /** whether anything was acknowledged; null if the statistics do not show it */
  readonly isAcking: boolean | null
  readonly markDelete: MarkDelete | null
  /** a counter decreased: the topic was reloaded, so its counters restarted and its consumers reconnected */
  readonly wasReloaded: boolean
}

/** One partition in one sample. */
export type PartitionSample = Pick<TopicPartition, 'stats'> & {readonly subscription: SubscriptionStats}

/** @param samples the samples that contain the partition, in order. */
export function ackProgressOf(samples: readonly PartitionSample[]): AckProgress {
  const pairs = samples.slice(1).map((now, at) => [samples[at] ?? now, now] as const)
  const isAny = (moves: (before: PartitionSample, now: PartitionSample) => boolean): boolean =>
    pairs.some(([before, now]) => moves(before, now))
  const isMoving = isAny((before, now) => markDeletedAt(now) > markDeletedAt(before))
  const isAcking =
    isMoving ||
    isAny((before, now) => backlogOf(now) < backlogOf(before)) ||
    isAny((before, now) => ackedAt(now) > ackedAt(before))
  const isKnown = isAcking || (pairs.length > 0 && samples.every(countsAcks))
  return {
    isAcking: isKnown ? isAcking : null,
    markDelete: isKnown ? markDeleteOf(isAcking, isMoving, samples) : null,
    wasReloaded: isAny((before, now) => hasCounterReset(before, now)),
  }
}

/**
 * Since when an older unacked message blocks mark-delete while newer messages are acknowledged, epoch ms; null if it is not
 * blocked, or if the time is unknown. It is not blocked before that message was published, nor before a consumer was
 * connected, nor before mark-delete last advanced.
 */
export function markDeleteBlockedSince(samples: readonly PartitionSample[]): number | null {
  const last = samples.at(-1)?.subscription
  if (last === undefined || ackProgressOf(samples).markDelete !== 'blocked') return null
  const connected = (last.consumers ?? []).map(({connectedSince}) => Date.parse(connectedSince ?? ''))
  const times = [
    last.lastMarkDeleteAdvancedTimestamp ?? 0,
    last.earliestMsgPublishTimeInBacklog ?? 0,
    Math.min(...connected.filter((time) => !Number.isNaN(time))),
  ].filter((time) => time > 0 && Number.isFinite(time))
  return times.length === 0 ? null : Math.max(...times)
}

/** All partitions together. Mark-delete is `blocked` if one is, otherwise unknown if one is, otherwise `advancing` if one is. */
export function addAckProgress(parts: readonly AckProgress[]): AckProgress {
  const has = (state: MarkDelete | null): boolean => parts.some(({markDelete}) => markDelete === state)
  return {
    isAcking: parts.some(({isAcking}) => isAcking === true)
      ? true
      : parts.some(({isAcking}) => isAcking === null)
        ? null
        : false,
    markDelete: has('blocked') ? 'blocked' : has(null) ? null : has('advancing') ? 'advancing' : 'unchanged',
    wasReloaded: parts.some(({wasReloaded}) => wasReloaded),
  }
}

function markDeleteOf(isAcking: boolean, isMoving: boolean, samples: readonly PartitionSample[]): MarkDelete | null {
  if (!isAcking) return 'unchanged'
  if (samples.some(({subscription}) => subscription.lastMarkDeleteAdvancedTimestamp === undefined)) return null
  return isMoving ? 'advancing' : 'blocked'
}

/** NaN if the broker does not report it: it compares as neither more nor less. */
function backlogOf({subscription}: PartitionSample): number {
  return subscription.msgBacklog ?? Number.NaN
}

/** epoch ms; 0 if nothing was acknowledged since the topic was loaded */
function ackedAt({subscription}: PartitionSample): number {
  return Math.max(0, ...(subscription.consumers ?? []).map(({lastAckedTimestamp = 0}) => lastAckedTimestamp))
}

function markDeletedAt({subscription}: PartitionSample): number {
  return subscription.lastMarkDeleteAdvancedTimestamp ?? 0
}

function countsAcks({subscription}: PartitionSample): boolean {
  const {consumers = [], msgBacklog} = subscription
  return msgBacklog !== undefined && consumers.every(({lastAckedTimestamp}) => lastAckedTimestamp !== undefined)
}

function hasCounterReset(before: PartitionSample, now: PartitionSample): boolean {
  const fell = (one: number | undefined, other: number | undefined): boolean =>
    one !== undefined && other !== undefined && other < one
  return (
    fell(before.stats.msgInCounter, now.stats.msgInCounter) ||
    fell(before.subscription.msgOutCounter, now.subscription.msgOutCounter)
  )
}
