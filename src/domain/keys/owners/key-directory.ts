import {Blocked} from '../../../errors.js'
import {partitionLabel} from '../../../wording.js'
import type {CollectedSubscription, SubscriptionPartition} from '../../topic-stats/collect-topic-stats.js'
import {type Assignment, type BrokerFacts, detectAssignment} from '../assignment/detect-selector.js'
import {requireKeyShared} from '../assignment/require-key-shared.js'
import {murmur3} from '../hashing/murmur3.js'
import {type ReportedConsumer, reportedConsumers} from '../assignment/reported-consumers.js'
import {type HashingScheme, partitionOfBytes, routesEmptyKey} from '../hashing/partition-routing.js'
import {ownerAt} from '../selectors/segments.js'
import {type KeySpace, sizeOf, type Slot, type SpaceName} from '../hashing/key-space.js'

/**
 * Which consumers may receive the messages of a key: `consumer` names the one; on Shared it can be any; `no-consumer`: none is
 * connected, or none owns the slot; `unknown`: it depends on the partition, which is unknown.
 */
export type Receiver = 'any-consumer' | 'consumer' | 'no-consumer' | 'unknown'

/** The destination of a key's messages. */
export interface Location {
  /** null on a plain topic, and when unknown */
  readonly partition: number | null
  /** null when the type has no slots, or when no consumer shows which selector the broker uses */
  readonly slot: Slot<SpaceName> | null
  readonly receiver: Receiver
  /** null unless the receiver is one consumer */
  readonly consumer: ReportedConsumer | null
  /** the consumer that must acknowledge before new messages of this slot are delivered; null when it is not draining */
  readonly drainingConsumer: ReportedConsumer | null
}

/** Key spaces of up to this size use a lookup table; larger ones use binary search. */
const TABLE_SLOTS = 65_536

/**
 * Finds the consumers of keys from the statistics of the broker, for each subscription type. Only the partition is predicted,
 * because the producer chooses it. One directory serves any number of keys.
 */
export class KeyDirectory {
  /** Whether the key space of every partition is small enough for a counter per slot. */
  readonly hasFewSlots: boolean
  /** the slots that a key can have; null when unknown, or if they differ by partition */
  readonly slotRange: {readonly first: number; readonly last: number} | null
  private readonly directories: readonly PartitionDirectory[]

  /** @throws Blocked E_SELECTOR_UNKNOWN when the broker's mapping of keys to slots is unknown. */
  constructor(collected: CollectedSubscription, facts: BrokerFacts) {
    const assigned = collected.partitions.map((row) => ({row, assignment: assignmentOf(row, facts)}))
    const spaces = assigned.flatMap(({assignment}) => assignment?.algorithm?.space ?? [])
    // A partition without a consumer so far gets the selector of the others, because the broker's settings decide it.
    this.directories = assigned.map(({assignment, row}) =>
      assignment
        ? slotDirectory(row.partition, assignment, assignment.algorithm?.space ?? spaces[0] ?? null)
        : plainDirectory(row, spaces[0] ?? null),
    )
    const [space = null, ...others] = new Set(spaces)
    this.slotRange = others.length === 0 ? space : null
    this.hasFewSlots = spaces.length > 0 && spaces.every((space) => sizeOf(space) <= TABLE_SLOTS)
  }

  /** @param index of the partition, 0 on a plain topic; `hash` is that of the sticky key. */
  locateAt(index: number, hash: number): Location {
    const directory = this.directories[index]
    if (!directory) throw new RangeError(`there is no partition ${String(index)}`) // collectTopic guarantees that all partitions exist
    return directory(hash)
  }

  /**
   * For a key that may be on several partitions: what applies to all of them, the consumer too if one client receives the key on
   * each.
   *
   * @param indexes of the possible partitions, at least one.
   */
  locateAmong(indexes: readonly number[], hash: number): Location {
    const [first, ...others] = indexes.map((index) => this.locateAt(index, hash))
    if (!first) throw new RangeError('there is no partition')
    if (others.length === 0) return first
    const isCommon = others.every(
      ({consumer, receiver}) => receiver === first.receiver && isSameClient(consumer, first.consumer),
    )
    return {
      partition: null,
      slot: others.every(({slot}) => slot === first.slot) ? first.slot : null,
      receiver: isCommon ? first.receiver : 'unknown',
      consumer: isCommon ? first.consumer : null,
      drainingConsumer: null,
    }
  }
}

/** For many keys of known partitions: a key is read from a buffer without a copy. */
export class KeyLocator {
  readonly hasFewSlots: boolean
  private readonly directory: KeyDirectory
  private readonly partitions: number | null
  private readonly scheme: HashingScheme
  /** that producers may use instead */
  private readonly other: HashingScheme
  private readonly routesEmptyKey: boolean
  private readonly every: readonly number[]

  /** @param schemes that producers may use; two if the messages do not distinguish them. */
  constructor(
    directory: KeyDirectory,
    partitions: number | null,
    [scheme, other = scheme]: readonly [HashingScheme, HashingScheme?],
  ) {
    this.directory = directory
    this.partitions = partitions
    this.every = Array.from({length: partitions ?? 0}, (_, index) => index)
    this.scheme = scheme
    this.other = other
    this.routesEmptyKey = routesEmptyKey(scheme) && routesEmptyKey(other)
    this.hasFewSlots = directory.hasFewSlots
  }

  /** @param start of the UTF-8 key in `bytes`; `end` is exclusive. */
  locate(bytes: Uint8Array, start = 0, end = bytes.length): Location {
    const {directory, other, partitions, scheme} = this
    const hash = murmur3(bytes, start, end)
    if (partitions === null) return directory.locateAt(0, hash)
    if (start === end && !this.routesEmptyKey) {
      return directory.locateAmong(this.every, hash)
    }
    const index = partitionOfBytes(bytes, start, end, partitions, scheme)
    const second = other === scheme ? index : partitionOfBytes(bytes, start, end, partitions, other)
    return second === index ? directory.locateAt(index, hash) : directory.locateAmong([index, second], hash)
  }
}

/** null when slots are unknown: the subscription is not Key_Shared, or its selector is unknown. */
export function directoryOrNull(collected: CollectedSubscription, facts: BrokerFacts): KeyDirectory | null {
  try {
    requireKeyShared(collected, facts)
    return new KeyDirectory(collected, facts)
  } catch (error) {
    if (error instanceof Blocked) return null
    throw error
  }
}

/** The consumers of one partition's keys, by the hash of the sticky key. */
type PartitionDirectory = (hash: number) => Location

/** null unless the partition is Key_Shared. */
function assignmentOf({partition, subscription}: SubscriptionPartition, facts: BrokerFacts): Assignment | null {
  if (subscription.type !== 'Key_Shared') return null
  const assignment = detectAssignment(subscription, facts)
  if (!assignment.algorithm && assignment.consumers.length > 0) throw selectorUnknown(partition, assignment)
  return assignment
}

function slotDirectory(
  partition: number | null,
  assignment: Assignment,
  space: KeySpace<SpaceName> | null,
): PartitionDirectory {
  const ownerOf = space && lookup(assignment, space)
  const draining = new Map(
    assignment.consumers.flatMap((consumer) =>
      (consumer.stats.drainingHashes ?? []).map(({hash}): [number, ReportedConsumer] => [hash, consumer]),
    ),
  )
  return (hash) => {
    const slot = space?.slotOf(hash) ?? null
    const consumer = slot === null ? null : (ownerOf?.(slot) ?? null)
    return {
      partition,
      slot,
      receiver: consumer ? 'consumer' : 'no-consumer',
      consumer,
      drainingConsumer: slot !== null && draining.size > 0 ? (draining.get(slot) ?? null) : null,
    }
  }
}

/** Of a partition without slots: one consumer receives all keys, or each key can go to any consumer. */
function plainDirectory(
  {partition, subscription}: SubscriptionPartition,
  space: KeySpace<SpaceName> | null,
): PartitionDirectory {
  const {activeConsumerName: active, type} = subscription
  const consumers = reportedConsumers(subscription)
  const consumer =
    type === 'Failover'
      ? consumers.find(({name}) => name === active && name !== '')
      : type === 'Exclusive'
        ? consumers[0]
        : undefined
  const receiver = consumer ? 'consumer' : type === 'Shared' && consumers.length > 0 ? 'any-consumer' : 'no-consumer'
  return (hash) => ({
    partition,
    slot: space?.slotOf(hash) ?? null,
    receiver,
    consumer: consumer ?? null,
    drainingConsumer: null,
  })
}

function lookup(
  {segments}: Assignment,
  space: KeySpace<SpaceName>,
): (slot: Slot<SpaceName>) => ReportedConsumer | null {
  if (sizeOf(space) > TABLE_SLOTS) return (slot) => ownerAt(segments, slot)
  const table = new Array<ReportedConsumer | null>(space.last + 1).fill(null)
  for (const {end, owners, start} of segments) {
    for (let slot: number = start; slot <= end; slot++) table[slot] = owners[slot % owners.length] ?? null
  }
  return (slot) => table[slot] ?? null
}

/** Whether both are consumers of one client, which has a consumer of the same name on every partition. */
function isSameClient(one: ReportedConsumer | null, other: ReportedConsumer | null): boolean {
  return one?.name === other?.name && one?.address === other?.address
}

function selectorUnknown(partition: number | null, {consumers}: Assignment): Blocked {
  return new Blocked(
    'E_SELECTOR_UNKNOWN',
    `the slots of keys on ${partitionLabel(partition)} are unknown: the reported ranges match no known selector`,
    {
      data: {partition, consumers: consumers.length},
      next: ['use a superuser role, which may read the broker configuration'],
    },
  )
}
