import {Blocked} from '../../../errors.js'
import type {CollectedSubscription} from '../../topic-stats/collect-topic-stats.js'
import {type Assignment, type BrokerFacts, detectAssignment} from '../assignment/detect-selector.js'
import {requireKeyShared} from '../assignment/require-key-shared.js'
import {murmur3} from '../hashing/murmur3.js'
import type {ReportedConsumer} from '../assignment/reported-consumers.js'
import {type HashingScheme, partitionOfBytes, partitionOfKey} from '../hashing/partition-routing.js'
import {ownerAt} from '../selectors/segments.js'
import {type KeySpace, sizeOf, type Slot, type SpaceName} from '../hashing/key-space.js'

/** Where a key's messages go. */
export interface Location {
  /** null on a plain topic */
  readonly partition: number | null
  readonly slot: Slot<SpaceName>
  /** null when nobody owns the slot */
  readonly consumer: ReportedConsumer | null
  /** who has to acknowledge before new messages of this slot are delivered; null when it is not draining */
  readonly drainingConsumer: ReportedConsumer | null
}

/** A space of this size or less is looked up in a table, larger ones by searching. */
const TABLE_SLOTS = 65_536

/**
 * Finds the owners of keys, by the ranges that the broker reports: nothing here is a prediction but the partition, which
 * the producer chooses. Made once, then asked for as many keys as there are.
 */
export class KeyDirectory {
  /** Whether every partition's slots are few enough to count in. */
  readonly hasFewSlots: boolean
  private readonly directories: readonly PartitionDirectory[]
  private readonly partitions: number | null
  private readonly scheme: HashingScheme

  /**
   * @throws Blocked E_NOT_KEY_SHARED; E_SELECTOR_UNKNOWN where it can't be told how the broker makes slots of keys.
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

  /** @param start where the key begins in `bytes`, and `end` where it ends, exclusive. */
  locate(bytes: Uint8Array, start = 0, end = bytes.length): Location {
    const index = this.partitions === null ? 0 : partitionOfBytes(bytes, start, end, this.partitions, this.scheme)
    return this.directoryAt(index).locate(murmur3(bytes, start, end))
  }

  /** For a key that was given as bytes: producers route by its base64 text, brokers hash the bytes. */
  locateRaw(bytes: Uint8Array): Location {
    const text = Buffer.from(bytes).toString('base64')
    const index = this.partitions === null ? 0 : partitionOfKey(text, this.partitions, this.scheme)
    return this.directoryAt(index).locate(murmur3(bytes))
  }

  /** For a sticky key that was seen on a partition, by its hash: it stays there, whatever routed it. */
  locateAt(index: number, hash: number): Location {
    return this.directoryAt(index).locate(hash)
  }

  private directoryAt(index: number): PartitionDirectory {
    const directory = this.directories[index]
    if (!directory) throw new RangeError(`there is no partition ${String(index)}`) // collecting makes sure that each is there
    return directory
  }
}

/** null where slots can't be told: the subscription is of another type, or its selector is not known. */
export function directoryOrNull(collected: CollectedSubscription, facts: BrokerFacts): KeyDirectory | null {
  try {
    return new KeyDirectory(collected, facts, 'JavaStringHash')
  } catch (error) {
    if (error instanceof Blocked) return null
    throw error
  }
}

/** One partition's owners. */
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
  const where = partition === null ? 'the topic' : `partition ${String(partition)}`
  const why = consumers.length === 0 ? 'nobody is connected' : 'the reported ranges fit no selector that keyshift knows'
  return new Blocked('E_SELECTOR_UNKNOWN', `how ${where} makes slots of keys can't be told: ${why}`, {
    data: {partition, consumers: consumers.length},
    next: ['connect a consumer, or use a role that may read the broker configuration (superuser)'],
  })
}
