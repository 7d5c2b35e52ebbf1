import type {SubscriptionStats, TopicStats} from '../../clients/pulsar-admin/types.js'

/** When statistics were read. */
export interface ReadingTime {
  /** epoch ms of this machine, whose clock may differ from the broker's */
  readonly nowMs: number
  /** how old the statistics may be by then */
  readonly ageMs: number
  /** over how long the broker takes its rates */
  readonly periodMs: number
}

/** What a row needs of one subscription on one partition, or on a plain topic. */
export interface PartitionState {
  readonly type: string
  /** null for a consumer without one */
  readonly consumerNames: ReadonlyArray<string | null>
  readonly backlogEntries: number | null
  readonly unackedMessages: number | null
  readonly rateOutPerSecond: number | null
  readonly isBlocked: boolean
  readonly isStalled: boolean | null
  /** epoch ms */
  readonly unackedSinceMs: number | null
  /** something waits, and the broker's rate does not rule out that nothing has been acknowledged for long */
  readonly mayBeUnackedFor: boolean
}

export function partitionStateOf(stats: SubscriptionStats, topic: TopicStats, time: ReadingTime): PartitionState {
  const {consumers = [], messageAckRate, msgBacklog, msgRateOut, unackedMessages} = stats
  return {
    type: stats.type ?? 'None',
    consumerNames: consumers.map(({consumerName}) => consumerName ?? null),
    backlogEntries: msgBacklog ?? null,
    unackedMessages: unackedMessages ?? null,
    rateOutPerSecond: msgRateOut ?? null,
    isBlocked: isBlocked(stats),
    isStalled: isStalled(stats, time),
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
 * Whether entries wait, consumers are there, and nothing was delivered for a period. A rate of 0 does not show that by
 * itself: it is the average of the last whole period, and 0 for all until the first one after a topic was loaded. So
 * the last delivery has to be long ago, or a consumer has to have been there for the whole of a period; on a topic that was
 * loaded anew each of them has come anew.
 */
function isStalled(stats: SubscriptionStats, {ageMs, nowMs, periodMs}: ReadingTime): boolean | null {
  const {consumers = [], lastConsumedTimestamp = 0, msgBacklog, msgRateOut} = stats
  if (msgBacklog === undefined || msgRateOut === undefined) return null
  if (msgBacklog <= 0 || consumers.length === 0 || msgRateOut > 0) return false
  if (lastConsumedTimestamp > 0) return nowMs - lastConsumedTimestamp > periodMs
  const cameMs = earliest(consumers)
  return cameMs !== null && nowMs - cameMs > ageMs + periodMs ? true : null
}

/**
 * Since when nothing was acknowledged. The broker forgets the last acknowledgement when it loads a topic, and a consumer's
 * when it leaves, but for where mark-delete stands. Where it tells none, there was none since the topic was loaded: at
 * least since the first of those who are connected came.
 */
function unackedSince(
  {lastAckedTimestamp, lastMarkDeleteAdvancedTimestamp}: SubscriptionStats,
  topic: TopicStats,
): number | null {
  if (lastAckedTimestamp === undefined && lastMarkDeleteAdvancedTimestamp === undefined) return null
  const lastMs = Math.max(lastAckedTimestamp ?? 0, lastMarkDeleteAdvancedTimestamp ?? 0)
  if (lastMs > 0) return lastMs
  const consumers = Object.values(topic.subscriptions ?? {}).flatMap((subscription) => subscription.consumers ?? [])
  return earliest([...(topic.publishers ?? []), ...consumers])
}

/** When the first of those who are connected came, epoch ms; null where that is not told. */
function earliest(connected: ReadonlyArray<{connectedSince?: string}>): number | null {
  const times = connected
    .map(({connectedSince}) => Date.parse(connectedSince ?? ''))
    .filter((time) => !Number.isNaN(time))
  return times.length === 0 ? null : Math.min(...times)
}
