import type {SubscriptionStats, TopicStats} from '../../clients/pulsar-admin/types.js'
import {clientIds} from '../topic-stats/consumers.js'
import {firstConnection} from '../topic-stats/times.js'
import {countedUnacked} from '../topic-stats/unacked-messages.js'
import {activeClients, dueEntries, holdersOf, subscriptionProgressOf} from './partition-progress.js'
import {STUCK_AFTER_MS} from './thresholds.js'

/** When statistics were read, and how exact their times are. */
export interface ReadingTime {
  /** epoch ms of this machine, whose clock may differ from the broker's */
  readonly nowMs: number
  /** how old the statistics may have been at that time */
  readonly ageMs: number
  /** the period over which the broker averages its rates */
  readonly periodMs: number
}

/** One subscription on one partition, or on a topic without partitions, from one sample. */
export interface PartitionState {
  readonly type: string
  /** null for a consumer without a name */
  readonly consumerNames: ReadonlyArray<string | null>
  readonly backlogEntries: number | null
  readonly unackedMessages: number | null
  readonly rateOutPerSecond: number | null
  readonly isBlocked: boolean
  readonly isStalled: boolean | null
  /** of a stalled partition: the clients that have its messages, see PartitionProgress */
  readonly heldBy: readonly string[] | null
  /** the clients that acknowledged something lately on this partition */
  readonly activeClients: readonly string[]
  /** epoch ms */
  readonly unackedSinceMs: number | null
  /** there is a backlog, and the acknowledgement rate is 0, so that the last acknowledgement may be long ago */
  readonly mayBeUnackedFor: boolean
}

export function partitionStateOf(stats: SubscriptionStats, topic: TopicStats, time: ReadingTime): PartitionState {
  const {consumers = [], messageAckRate, msgBacklog, msgRateOut} = stats
  return {
    type: stats.type ?? 'None',
    consumerNames: consumers.map(({consumerName}) => consumerName ?? null),
    backlogEntries: msgBacklog ?? null,
    unackedMessages: countedUnacked(stats.unackedMessages, stats.type),
    rateOutPerSecond: msgRateOut ?? null,
    isBlocked: isBlocked(stats),
    ...stallOf(stats, time),
    unackedSinceMs: (msgBacklog ?? 0) > 0 ? unackedSince(stats, topic) : null,
    mayBeUnackedFor: (msgBacklog ?? 0) > 0 && (messageAckRate ?? 0) === 0,
  }
}

function isBlocked({blockedSubscriptionOnUnackedMsgs, consumers = []}: SubscriptionStats): boolean {
  return (
    blockedSubscriptionOnUnackedMsgs === true ||
    consumers.some(({blockedConsumerOnUnackedMsgs}) => blockedConsumerOnUnackedMsgs === true)
  )
}

/**
 * Whether the backlog is due and does not move. Live statistics contain the times of the last events. Broker statistics
 * contain only rates, which are averages of the last complete period: a rate of 0 is not enough, because it is 0 until the
 * first period after a topic load is complete. Then all consumers have just reconnected, so one that has been connected for
 * a whole period excludes that case.
 */
function stallOf(
  stats: SubscriptionStats,
  time: ReadingTime,
): Pick<PartitionState, 'activeClients' | 'heldBy' | 'isStalled'> {
  const limit = {nowMs: time.nowMs, stuckAfterMs: STUCK_AFTER_MS}
  // A reader's cursor has a backlog whenever its program pauses.
  if (stats.isDurable === false) return {isStalled: null, heldBy: null, activeClients: []}
  if (time.ageMs > 0) {
    const active = (stats.consumers ?? []).filter(({messageAckRate = 0}) => messageAckRate > 0)
    return {
      isStalled: isStalledByRates(stats, time),
      heldBy: holdersOf(stats),
      activeClients: active.map(clientIds(stats)),
    }
  }
  const [progress] = subscriptionProgressOf([[{stats: {}, subscription: stats}]], limit)
  const state = progress?.state ?? null
  return {
    isStalled: state === null ? null : state === 'stalled',
    heldBy: progress?.heldBy ?? null,
    activeClients: activeClients(stats, limit),
  }
}

function isStalledByRates(stats: SubscriptionStats, {ageMs, nowMs, periodMs}: ReadingTime): boolean | null {
  const {consumers = [], messageAckRate = 0, msgBacklog, msgRateOut, msgRateRedeliver = 0} = stats
  if (msgBacklog === undefined || msgRateOut === undefined) return null
  if (dueEntries(stats) === 0 || messageAckRate > 0) return false
  if (msgRateOut > 0) return msgRateRedeliver >= msgRateOut
  if (consumers.length === 0) return true
  const connectedMs = firstConnection(consumers)
  return connectedMs !== null && nowMs - connectedMs > ageMs + periodMs ? true : null
}

/**
 * Since when nothing was acknowledged. The broker keeps the times of acknowledgements only in memory: it loses all of them
 * when the topic is reloaded, and those of a consumer when it disconnects, but not when mark-delete last advanced. A time of
 * 0 therefore means that nothing was acknowledged since the topic load, which is at least as long ago as the oldest
 * connection.
 */
function unackedSince(
  {lastAckedTimestamp, lastMarkDeleteAdvancedTimestamp}: SubscriptionStats,
  topic: TopicStats,
): number | null {
  if (lastAckedTimestamp === undefined && lastMarkDeleteAdvancedTimestamp === undefined) return null
  const lastMs = Math.max(lastAckedTimestamp ?? 0, lastMarkDeleteAdvancedTimestamp ?? 0)
  if (lastMs > 0) return lastMs
  const consumers = Object.values(topic.subscriptions ?? {}).flatMap((subscription) => subscription.consumers ?? [])
  return firstConnection([...(topic.publishers ?? []), ...consumers])
}
