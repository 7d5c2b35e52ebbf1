import type {InternalStats} from '../../../clients/pulsar-admin/types.js'
import {cursorOf} from '../../topic-stats/cursor.js'
import {sumKnown} from '../../topic-stats/known-sums.js'
import {commonType} from '../../topic-stats/subscription-type.js'
import {
  type CollectedSubscription,
  missingFrom,
  type SubscriptionPartition,
} from '../../topic-stats/collect-topic-stats.js'
import {countConsumers} from '../../topic-stats/consumers.js'
import {type AppliedPolicies, appliedPolicies} from '../../policies/applied-policies.js'
import type {PolicyLevels, PolicyOrigin} from '../../policies/policy-levels.js'
import {type PartitionReport, reportPartition} from './partition-report.js'

/** One partition's statistics exactly as the broker sent them, including fields that keyshift does not know. */
export interface RawPartition {
  partition: number | null
  subscription: Record<string, unknown>
  /** without the subscriptions */
  topic: Record<string, unknown>
  /** null when it was not read */
  cursor: Record<string, unknown> | null
}

export interface SubscriptionReport {
  topic: string
  subscription: string
  /** time of the sample, by this machine's clock */
  asOf: string
  /** number of partitions of the topic; null on a plain topic */
  partitionCount: number | null
  /** the partitions without this subscription */
  missingOn: number[]
  /** the type on every partition that has one; null when the types differ */
  type: string | null
  isDurable: boolean | null
  isReplicated: boolean | null
  partitions: PartitionReport[]
  total: {
    consumers: number
    publishers: number
    backlogEntries: number | null
    unackedMessages: number | null
    delayedMessages: number | null
    ackHoles: number | null
    rateInPerSecond: number | null
    rateOutPerSecond: number | null
  }
  /** partitions whose cursors were not read; a plain topic appears as null */
  cursorsNotRead: Array<number | null>
  policies: AppliedPolicies
  /** levels that could not be read completely, because permission is missing */
  policiesNotRead: PolicyOrigin[]
  raw: {partitions: RawPartition[]}
}

/** Everything that was read about a subscription. */
export interface Inspection {
  readonly collected: CollectedSubscription
  readonly readAtMs: number
  /** by partition; only those that were read */
  readonly internals: ReadonlyMap<number | null, InternalStats>
  /** by partition, 0 on a plain topic: publish time of the oldest unacked message; null when it was not requested */
  readonly oldest: ReadonlyMap<number, number> | null
  readonly policies: PolicyLevels
}

/**
 * Reports one subscription in full. Totals are computed from the partitions, because the broker's own totals merge consumers
 * by their position in a list.
 */
export function inspectSubscription({
  collected,
  internals,
  oldest,
  policies,
  readAtMs,
}: Inspection): SubscriptionReport {
  const {partitionCount, subscription, topic} = collected
  const first = collected.partitions[0]?.subscription
  const partitions = collected.partitions.map((row) => {
    const publishedAtMs = oldest?.get(row.partition ?? 0)
    const oldestAgeMs = publishedAtMs === undefined ? null : Math.max(0, readAtMs - publishedAtMs)
    return reportPartition(row, subscription, {internal: internals.get(row.partition), oldestAgeMs})
  })
  return {
    topic: topic.full,
    subscription,
    asOf: new Date(readAtMs).toISOString(),
    partitionCount,
    missingOn: missingFrom(partitionCount, collected.partitions),
    type: commonType(partitions.map(({type}) => type)),
    isDurable: first?.isDurable ?? null,
    isReplicated: first?.isReplicated ?? null,
    partitions,
    total: totalOf(partitions),
    cursorsNotRead: partitions.filter(({cursor}) => cursor === null).map(({partition}) => partition),
    policies: appliedPolicies(policies),
    policiesNotRead: levelsNotRead(policies),
    raw: {partitions: collected.partitions.map((row) => rawOf(row, subscription, internals.get(row.partition)))},
  }
}

function totalOf(partitions: readonly PartitionReport[]): SubscriptionReport['total'] {
  return {
    consumers: countConsumers(partitions.map(({consumers}) => consumers.map(({name}) => name))),
    publishers: countConsumers(partitions.map(({publishers}) => publishers.map(({name}) => name))),
    backlogEntries: sumKnown(partitions.map((row) => row.backlogEntries)),
    unackedMessages: sumKnown(partitions.map((row) => row.unackedMessages)),
    delayedMessages: sumKnown(partitions.map((row) => row.delayedMessages)),
    ackHoles: sumKnown(partitions.map((row) => row.ackHoles)),
    rateInPerSecond: sumKnown(partitions.map((row) => row.topic.rateInPerSecond)),
    rateOutPerSecond: sumKnown(partitions.map((row) => row.rateOutPerSecond)),
  }
}

function levelsNotRead({namespace, settings, subscription, topic}: PolicyLevels): PolicyOrigin[] {
  return [
    ...(subscription === undefined ? (['subscription'] as const) : []),
    ...(Object.values(topic).includes(undefined) ? (['topic'] as const) : []),
    ...(namespace === null ? (['namespace'] as const) : []),
    ...(settings === null ? (['broker'] as const) : []),
  ]
}

function rawOf(
  {partition, stats, subscription}: SubscriptionPartition,
  name: string,
  internal: InternalStats | undefined,
): RawPartition {
  const topic = Object.fromEntries(Object.entries(stats).filter(([field]) => field !== 'subscriptions'))
  const cursor = internal && cursorOf(internal, name)
  return {partition, subscription: {...subscription}, topic, cursor: cursor ? {...cursor} : null}
}
