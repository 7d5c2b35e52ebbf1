import {Blocked} from '../../../errors.js'
import {partitionLabel} from '../../../wording.js'
import type {CollectedSubscription} from '../../topic-stats/collect-topic-stats.js'
import {type Assignment, type BrokerFacts, detectAssignment} from '../assignment/detect-selector.js'
import {requireKeyShared} from '../assignment/require-key-shared.js'
import {murmur3} from '../hashing/murmur3.js'
import type {ReportedConsumer} from '../assignment/reported-consumers.js'
import {type HashingScheme, partitionOfBytes, partitionOfKey} from '../hashing/partition-routing.js'
import {ownerAt} from '../selectors/segments.js'
import {type KeySpace, sizeOf, type Slot, type SpaceName} from '../hashing/key-space.js'

/** The destination of a key's messages. */
export interface Location {
  /** null on a plain topic */
  readonly partition: number | null
  readonly slot: Slot<SpaceName>
  /** null when no consumer owns the slot */
  readonly consumer: ReportedConsumer | null
  /** the consumer that must acknowledge before new messages of this slot are delivered; null when it is not draining */
  readonly drainingConsumer: ReportedConsumer | null
}

/** Key spaces of up to this size use a lookup table; larger ones use binary search. */
const TABLE_SLOTS = 65_536

/**
 * Finds the owners of keys in the ranges that the broker reports. Only the partition is predicted, because the producer
 * chooses it. One directory serves any number of keys.
 */
export class KeyDirectory {
  /** Whether the key space of every partition is small enough for a counter per slot. */
  readonly hasFewSlots: boolean
  private readonly directories: readonly PartitionDirectory[]
  private readonly partitions: number | null
  private readonly scheme: HashingScheme

  /**
   * @throws Blocked E_NOT_KEY_SHARED; E_SELECTOR_UNKNOWN when the broker's mapping of keys to slots is unknown.
   */
  constructor(collected: CollectedSubscription, facts: BrokerFacts, scheme: HashingScheme) {
    requireKeyShared(collected, facts)
    this.partitions = collected.partitionCount
    this.scheme = scheme
    this.directories = collected.partitions.map(
      ({partition, subscription}) => new PartitionDirectory(partition, detectAssignment(subscription, facts)),
    )
    this.hasFewSlots = this.directories.every(({space}) => sizeOf(space) <= TABLE_SLOTS)
  }

  /** @param start of the key in `bytes`; `end` is exclusive. */
  locate(bytes: Uint8Array, start = 0, end = bytes.length): Location {
    const index = this.partitions === null ? 0 : partitionOfBytes(bytes, start, end, this.partitions, this.scheme)
    return this.directoryAt(index).locate(murmur3(bytes, start, end))
  }

  /** For a key of bytes: producers route it by its base64 text, brokers hash the bytes. */
  locateRaw(bytes: Uint8Array): Location {
    const text = Buffer.from(bytes).toString('base64')
    const index = this.partitions === null ? 0 : partitionOfKey(text, this.partitions, this.scheme)
    return this.directoryAt(index).locate(murmur3(bytes))
  }

  /** For a sticky key found on a known partition, by its hash. */
  locateAt(index: number, hash: number): Location {
    return this.directoryAt(index).locate(hash)
  }

  private directoryAt(index: number): PartitionDirectory {
    const directory = this.directories[index]
    if (!directory) throw new RangeError(`there is no partition ${String(index)}`) // collectTopic guarantees that all partitions exist
    return directory
  }
}

/** null when slots are unknown: the subscription is not Key_Shared, or its selector is unknown. */
export function directoryOrNull(collected: CollectedSubscription, facts: BrokerFacts): KeyDirectory | null {
  try {
    return new KeyDirectory(collected, facts, 'JavaStringHash')
  } catch (error) {
    if (error instanceof Blocked) return null
    throw error
  }
}

/** The slot owners of one partition. */
class PartitionDirectory {
  private readonly partition: number | null
  readonly space: KeySpace<SpaceName>
  private readonly ownerOf: (slot: Slot<SpaceName>) => ReportedConsumer | null
  private readonly draining: ReadonlyMap<number, ReportedConsumer>

  constructor(partition: number | null, assignment: Assignment) {
    if (!assignment.algorithm) throw selectorUnknown(partition, assignment)
    this.partition = partition
    this.space = assignment.algorithm.space
    this.ownerOf = lookup(assignment, this.space)
    this.draining = new Map(
      assignment.consumers.flatMap((consumer) =>
        (consumer.stats.drainingHashes ?? []).map(({hash}): [number, ReportedConsumer] => [hash, consumer]),
      ),
    )
  }

  locate(hash: number): Location {
    const slot = this.space.slotOf(hash)
    const {draining, ownerOf, partition} = this
    return {
      partition,
      slot,
      consumer: ownerOf(slot),
      drainingConsumer: draining.size > 0 ? (draining.get(slot) ?? null) : null,
    }
  }
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

function selectorUnknown(partition: number | null, {consumers}: Assignment): Blocked {
  const why = consumers.length === 0 ? 'no consumer is connected' : 'the reported ranges match no known selector'
  return new Blocked('E_SELECTOR_UNKNOWN', `the slots of keys on ${partitionLabel(partition)} are unknown: ${why}`, {
    data: {partition, consumers: consumers.length},
    next: ['connect a consumer, or use a superuser role, which may read the broker configuration'],
  })
}
