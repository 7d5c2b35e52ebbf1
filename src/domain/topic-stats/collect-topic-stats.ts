import type {PulsarAdmin, StatsQuery} from '../../clients/pulsar-admin/admin.js'
import {AdminRefused, orWhenRefused} from '../../clients/pulsar-admin/admin-refused.js'
import type {SubscriptionStats, TopicStats} from '../../clients/pulsar-admin/types.js'
import {Unreachable} from '../../errors.js'
import {parseTopicName, partitionName, splitPartition, type TopicName} from '../../topic-name.js'
import {nearestNames} from '../../nearest-name.js'
import {operands, suggestedCommand} from '../../suggested-command.js'
import {counted, numberText} from '../../wording.js'

/** One partition's statistics; `partition` is null on a plain topic. */
export interface TopicPartition {
  readonly partition: number | null
  readonly name: TopicName
  readonly stats: TopicStats
}

export interface SubscriptionPartition extends TopicPartition {
  readonly subscription: SubscriptionStats
}

export interface CollectedTopic {
  readonly topic: TopicName
  /** null on a plain topic */
  readonly partitionCount: number | null
  /** Sorted by number and complete. */
  readonly partitions: readonly TopicPartition[]
}

export interface CollectedSubscription extends CollectedTopic {
  readonly subscription: string
  readonly partitions: readonly SubscriptionPartition[]
}

/**
 * Reads a topic's statistics, partition by partition.
 *
 * @throws Unreachable E_TOPIC_NOT_FOUND with the nearest names; E_PARTITIONS_MISSING when the broker's answer omits
 *   partitions. The broker omits them without an error, and a partial answer would lead to wrong conclusions.
 */
export async function collectTopic(
  admin: PulsarAdmin,
  topic: TopicName,
  query: StatsQuery = {},
): Promise<CollectedTopic> {
  const {missing, ...collected} = await readTopic(admin, topic, query)
  if (missing.length > 0) throw partitionsMissing(collected, missing)
  return collected
}

/**
 * Reads one subscription's statistics, partition by partition.
 *
 * @throws Unreachable E_SUBSCRIPTION_NOT_FOUND with the nearest names, also when only some partitions have it.
 */
export async function collectSubscription(
  admin: PulsarAdmin,
  topicText: string,
  subscription: string,
  query: StatsQuery = {},
): Promise<CollectedSubscription> {
  const collected = await collectTopic(admin, parseTopicName(topicText), query)
  const partitions = partitionsWith(collected, subscription)
  if (partitions.length < collected.partitions.length) throw subscriptionNotFound(collected, subscription, partitions)
  return {...collected, subscription, partitions}
}

/**
 * Reads one subscription's statistics on the partitions that have it. A subscription that was created on single partitions, or
 * deleted from some, exists on a part of the topic.
 *
 * @throws Unreachable E_SUBSCRIPTION_NOT_FOUND with the nearest names, when no partition has it.
 */
export async function collectExisting(
  admin: PulsarAdmin,
  topicText: string,
  subscription: string,
  query: StatsQuery = {},
): Promise<CollectedSubscription> {
  return existingIn(await collectTopic(admin, parseTopicName(topicText), query), subscription)
}

/** Reads a topic again by one request, because the number of its partitions is known. @throws as `collectTopic`. */
export async function collectTopicAgain(
  admin: PulsarAdmin,
  {partitionCount, topic}: Pick<CollectedTopic, 'partitionCount' | 'topic'>,
  query: StatsQuery = {},
): Promise<CollectedTopic> {
  const {missing, ...collected} = await readTopic(admin, topic, query, partitionCount ?? 0)
  if (missing.length > 0) throw partitionsMissing(collected, missing)
  return collected
}

/** The part of a topic's statistics about one subscription, as `collectExisting`. @throws Unreachable E_SUBSCRIPTION_NOT_FOUND. */
export function existingIn(collected: CollectedTopic, subscription: string): CollectedSubscription {
  const partitions = partitionsWith(collected, subscription)
  if (partitions.length === 0) throw subscriptionNotFound(collected, subscription, [])
  return {...collected, subscription, partitions}
}

/** The partitions of the topic that are not among some; empty on a plain topic. */
export function missingFrom(
  partitionCount: number | null,
  partitions: ReadonlyArray<{readonly partition: number | null}>,
): number[] {
  const present = new Set(partitions.map(({partition}) => partition))
  return Array.from({length: partitionCount ?? 0}, (_, partition) => partition).filter((one) => !present.has(one))
}

/**
 * Reads one partition's statistics again, with one request.
 *
 * @param partition null on a plain topic.
 * @throws Unreachable E_SUBSCRIPTION_NOT_FOUND, E_TOPIC_NOT_FOUND when it has been deleted since.
 */
export async function collectPartitionAgain(
  admin: PulsarAdmin,
  collected: CollectedSubscription,
  partition: number | null,
  query: StatsQuery = {},
): Promise<SubscriptionPartition> {
  const row = collected.partitions.find((one) => one.partition === partition)
  if (!row) throw new RangeError(`there is no partition ${String(partition)}`) // collectTopic guarantees that all partitions exist
  const stats = await admin.topicStats(row.name, query).catch(async (error: unknown) => {
    throw error instanceof AdminRefused && error.status === 404 ? await topicNotFound(admin, row.name, error) : error
  })
  const subscription = stats.subscriptions?.[collected.subscription]
  if (subscription) return {...row, stats, subscription}
  const others = collected.partitions.filter((one) => one !== row)
  throw subscriptionNotFound(collected, collected.subscription, others)
}

/**
 * Reads the available statistics of one subscription, for one of several samples: a later one may have the missing partitions.
 *
 * @throws Unreachable E_SUBSCRIPTION_NOT_FOUND when the answer has partitions but none of them has the subscription.
 */
export async function collectPresent(
  admin: PulsarAdmin,
  topicText: string,
  subscription: string,
  query: StatsQuery = {},
): Promise<CollectedSubscription> {
  const found = await readTopic(admin, parseTopicName(topicText), query)
  const partitions = partitionsWith(found, subscription)
  if (partitions.length === 0 && found.partitions.length > 0) throw subscriptionNotFound(found, subscription, [])
  return {topic: found.topic, partitionCount: found.partitionCount, subscription, partitions}
}

async function readTopic(
  admin: PulsarAdmin,
  topic: TopicName,
  query: StatsQuery,
  knownCount: number | null = null,
): Promise<CollectedTopic & {readonly missing: readonly number[]}> {
  try {
    const count = knownCount ?? (await admin.partitionCount(topic))
    if (count === 0) {
      const stats = await admin.topicStats(topic, query)
      return {topic, partitionCount: null, partitions: [{partition: null, name: topic, stats}], missing: []}
    }
    const answer = (await admin.partitionedStats(topic, query)).partitions ?? {}
    return {topic, partitionCount: count, ...partitionsIn(topic, count, answer)}
  } catch (error) {
    if (error instanceof AdminRefused && error.status === 404) throw await topicNotFound(admin, topic, error)
    throw error
  }
}

function partitionsIn(
  topic: TopicName,
  count: number,
  answer: Record<string, TopicStats>,
): {readonly partitions: TopicPartition[]; readonly missing: number[]} {
  const [partitions, missing]: [TopicPartition[], number[]] = [[], []]
  for (let partition = 0; partition < count; partition++) {
    const name = partitionName(topic, partition)
    const stats = answer[name.full]
    if (stats) partitions.push({partition, name, stats})
    else missing.push(partition)
  }
  return {partitions, missing}
}

function partitionsWith({partitions}: CollectedTopic, subscription: string): SubscriptionPartition[] {
  return partitions.flatMap((row) => {
    const stats = row.stats.subscriptions?.[subscription]
    return stats ? [{...row, subscription: stats}] : []
  })
}

function partitionsMissing({partitionCount, topic}: CollectedTopic, missing: readonly number[]): Unreachable {
  return new Unreachable(
    'E_PARTITIONS_MISSING',
    `statistics of ${topic.full} are incomplete: ${numberText(missing.length)} of ${counted(partitionCount ?? 0, 'partition')} missing: ${missing.join(', ')}`,
    {
      data: {topic: topic.full, partitions: partitionCount, missing},
      next: ['retry; a partition may be moving to another broker'],
    },
  )
}

async function topicNotFound(admin: PulsarAdmin, topic: TopicName, cause: AdminRefused): Promise<Unreachable> {
  const known = await knownTopics(admin, topic)
  const prefix = topic.full.slice(0, -topic.local.length)
  const locals = known.map((name) => name.slice(prefix.length))
  const nearest = nearestNames(topic.local, locals).map((local) => `${prefix}${local}`)
  return new Unreachable('E_TOPIC_NOT_FOUND', `${topic.full} does not exist${didYouMean(nearest)}`, {
    data: {topic: topic.full, nearest, reason: cause.reason},
    next: [suggestedCommand('subscriptions', 'list', `${topic.tenant}/${topic.namespace}`)],
    cause,
  })
}

/** The namespace's topics, each partitioned topic once; empty when the namespace does not exist. */
async function knownTopics(admin: PulsarAdmin, {tenant, namespace}: TopicName): Promise<string[]> {
  const names = await orWhenRefused(admin.topics(tenant, namespace), [])
  return [...new Set(names.map((name) => splitPartition(name).base))]
}

function subscriptionNotFound(
  collected: CollectedTopic,
  subscription: string,
  found: readonly SubscriptionPartition[],
): Unreachable {
  const known = collected.partitions.flatMap(({stats}) => Object.keys(stats.subscriptions ?? {}))
  const nearest = nearestNames(
    subscription,
    [...new Set(known)].filter((name) => name !== subscription),
  )
  const absentOn = collected.partitions.filter((row) => !found.some(({partition}) => partition === row.partition))
  const where =
    found.length === 0
      ? ''
      : ` on partition${absentOn.length === 1 ? '' : 's'} ${absentOn.map(({partition}) => String(partition)).join(', ')}`
  return new Unreachable(
    'E_SUBSCRIPTION_NOT_FOUND',
    `${collected.topic.full} has no subscription ${subscription}${where}${didYouMean(nearest)}`,
    {
      data: {topic: collected.topic.full, subscription, nearest, absentOn: absentOn.map(({partition}) => partition)},
      next:
        found.length === 0
          ? [suggestedCommand('subscriptions', 'list', collected.topic.full)]
          : [suggestedCommand('doctor', ...operands(collected.topic.full, subscription))],
    },
  )
}

function didYouMean(nearest: readonly string[]): string {
  return nearest.length === 0 ? '' : `; did you mean ${nearest.join(' or ')}?`
}
