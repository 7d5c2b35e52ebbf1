import type {ConsumerStats} from '../../clients/pulsar-admin/types.js'
import type {CollectedSubscription, SubscriptionPartition} from './collect.js'
import {lastAckedAt} from './consumer.js'

export interface ConsumerReport {
  name: string | null
  address: string | null
  connectedSince: string | null
  clientVersion: string | null
  /** messages the consumer can still be sent; may be negative with batches */
  availablePermits: number | null
  /** messages */
  unackedMessages: number | null
  isBlockedOnUnacked: boolean
  ratePerSecond: number | null
  lastAckedAt: string | null
}

export interface PartitionReport {
  /** null on a plain topic */
  partition: number | null
  type: string
  /** the consumer a Failover or Exclusive subscription delivers to */
  activeConsumer: string | null
  keySharedMode: string | null
  /** entries: a batch is one */
  backlogEntries: number | null
  backlogBytes: number | null
  /** messages */
  unackedMessages: number | null
  delayedMessages: number | null
  replayMessages: number | null
  /** gaps between individually acknowledged entries, behind the mark-delete position */
  ackHoles: number | null
  rateOutPerSecond: number | null
  redeliveryRatePerSecond: number | null
  isBlockedOnUnacked: boolean
  consumers: ConsumerReport[]
}

export interface SubscriptionReport {
  topic: string
  subscription: string
  /** how many partitions; null on a plain topic */
  partitionCount: number | null
  /** the type on every partition that has one; null when they differ */
  type: string | null
  isDurable: boolean | null
  isReplicated: boolean | null
  partitions: PartitionReport[]
  total: {
    consumers: number
    backlogEntries: number | null
    unackedMessages: number | null
    rateOutPerSecond: number | null
  }
}

/**
 * One subscription in full. Rows come from the partitions, never from the broker's own sum, which merges consumers by
 * their place in a list.
 */
export function inspectSubscription(collected: CollectedSubscription): SubscriptionReport {
  const first = collected.partitions[0]?.subscription
  const partitions = collected.partitions.map(reportPartition)
  return {
    topic: collected.topic.full,
    subscription: collected.subscription,
    partitionCount: collected.partitionCount,
    type: commonType(partitions.map(({type}) => type)),
    isDurable: first?.isDurable ?? null,
    isReplicated: first?.isReplicated ?? null,
    partitions,
    total: {
      consumers: countConsumers(partitions.map(({consumers}) => consumers.map(({name}) => name))),
      backlogEntries: sumKnown(partitions.map((row) => row.backlogEntries)),
      unackedMessages: sumKnown(partitions.map((row) => row.unackedMessages)),
      rateOutPerSecond: sumKnown(partitions.map((row) => row.rateOutPerSecond)),
    },
  }
}

/**
 * The type that all partitions agree on. `None`, a partition that has had no consumer since it was loaded, agrees with
 * any; null when two partitions differ.
 */
export function commonType(types: readonly string[]): string | null {
  const live = new Set(types.filter((type) => type !== 'None'))
  if (live.size > 1) return null
  return [...live][0] ?? 'None'
}

/** A sum that is only known when each part is: unknown is null, never 0. */
export function sumKnown(parts: ReadonlyArray<number | null>): number | null {
  return parts.reduce<number | null>((sum, part) => (sum === null || part === null ? null : sum + part), 0)
}

/**
 * How many clients consume. A client has one consumer on each partition, all of one name, so each name counts as often
 * as it stands on the partition that has it most.
 */
export function countConsumers(namesByPartition: ReadonlyArray<ReadonlyArray<string | null>>): number {
  const most = new Map<string | null, number>()
  for (const names of namesByPartition) {
    for (const name of new Set(names)) {
      most.set(name, Math.max(most.get(name) ?? 0, names.filter((other) => other === name).length))
    }
  }
  return [...most.values()].reduce((sum, count) => sum + count, 0)
}

function reportPartition({partition, subscription}: SubscriptionPartition): PartitionReport {
  return {
    partition,
    type: subscription.type ?? 'None',
    activeConsumer: subscription.activeConsumerName ?? null,
    keySharedMode: subscription.keySharedMode ?? null,
    backlogEntries: subscription.msgBacklog ?? null,
    backlogBytes: atLeastZero(subscription.backlogSize),
    unackedMessages: subscription.unackedMessages ?? null,
    delayedMessages: subscription.msgDelayed ?? null,
    replayMessages: subscription.msgInReplay ?? null,
    ackHoles: subscription.nonContiguousDeletedMessagesRanges ?? null,
    rateOutPerSecond: subscription.msgRateOut ?? null,
    redeliveryRatePerSecond: subscription.msgRateRedeliver ?? null,
    isBlockedOnUnacked: subscription.blockedSubscriptionOnUnackedMsgs ?? false,
    consumers: (subscription.consumers ?? [])
      .map(reportConsumer)
      .toSorted((a, b) => `${a.name ?? ''} ${a.address ?? ''}`.localeCompare(`${b.name ?? ''} ${b.address ?? ''}`)),
  }
}

function reportConsumer(consumer: ConsumerStats): ConsumerReport {
  return {
    name: consumer.consumerName ?? null,
    address: consumer.address ?? null,
    connectedSince: isoTime(consumer.connectedSince),
    clientVersion: consumer.clientVersion ?? null,
    availablePermits: consumer.availablePermits ?? null,
    unackedMessages: consumer.unackedMessages ?? null,
    isBlockedOnUnacked: consumer.blockedConsumerOnUnackedMsgs ?? false,
    ratePerSecond: consumer.msgRateOut ?? null,
    lastAckedAt: lastAckedAt(consumer),
  }
}

/** The broker writes local time with its zone; keyshift writes UTC. */
function isoTime(text: string | undefined): string | null {
  const time = Date.parse(text ?? '')
  return Number.isNaN(time) ? null : new Date(time).toISOString()
}

/** The broker writes −1 for a size that it was not asked for. */
function atLeastZero(value: number | undefined): number | null {
  return value === undefined || value < 0 ? null : value
}
