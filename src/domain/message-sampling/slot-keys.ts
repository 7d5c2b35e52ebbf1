import {Usage} from '../../errors.js'
import type {KeyDirectory} from '../keys/owners/key-directory.js'
import {type KeyOwner, nameAndAddressOf, type SlotSample} from '../keys/owners/key-owners.js'
import {murmur3} from '../keys/hashing/murmur3.js'
import {stickyKeyOf} from '../keys/hashing/sticky-key.js'
import type {CollectedSample} from './collect-message-sample.js'
import type {SampledEntry} from './sampled-entry.js'

/** The hash by which the broker dispatches an entry; null when the sample does not show it. */
export function hashOfEntry({dispatch, hasUncertainKey}: SampledEntry, majorVersion: number): number | null {
  // The hash of a message without a key depends on the producer name; without that it is unknown.
  const isKeyed = dispatch.partitionKey !== null || dispatch.orderingKey !== null || dispatch.producerName !== null
  return isKeyed && !hasUncertainKey ? murmur3(stickyKeyOf(dispatch, majorVersion)) : null
}

/**
 * Finds the keys of one slot among sampled entries. The broker dispatches a batch by one sticky key, so all keys of a batch
 * count for its slot; for messages with an ordering key, the ordering key decides.
 */
export class SlotKeys {
  private readonly slot: number
  private readonly directory: KeyDirectory
  private readonly majorVersion: number
  private readonly found = new Map<string, KeyOwner & {messages: number}>()
  private messages = 0
  private unknownEntries = 0

  /**
   * @param majorVersion of the broker.
   * @throws Usage E_SLOT when no key can have the slot.
   */
  constructor(slot: number, directory: KeyDirectory, majorVersion: number) {
    const {slotRange} = directory
    if (slotRange && (slot < slotRange.first || slot > slotRange.last)) {
      throw new Usage(
        'E_SLOT',
        `--slot ${String(slot)} is not a slot of this subscription; its slots are ${String(slotRange.first)} to ${String(slotRange.last)}`,
        {data: {slot, first: slotRange.first, last: slotRange.last}},
      )
    }
    this.slot = slot
    this.directory = directory
    this.majorVersion = majorVersion
  }

  add(entry: SampledEntry): void {
    const hash = hashOfEntry(entry, this.majorVersion)
    if (hash === null) this.unknownEntries++
    const location = hash === null ? null : this.directory.locateAt(entry.partition, hash)
    if (location?.slot !== this.slot || (entry.chunk && entry.chunk.index > 0)) return
    this.messages += entry.messageCount
    for (const {isBase64, key} of entry.messages) {
      if (key === null) continue
      const text = isBase64 ? `base64:${key}` : key
      const id = `${String(entry.partition)}/${text}`
      const known = this.found.get(id)
      if (known) known.messages++
      else {
        this.found.set(id, {
          key: text,
          partition: location.partition,
          partitionSource: location.partition === null ? null : 'messages',
          foundOn: location.partition === null ? [] : [location.partition],
          slot: this.slot,
          receiver: location.receiver,
          consumer: nameAndAddressOf(location.consumer),
          draining: location.drainingConsumer !== null,
          drainingConsumer: nameAndAddressOf(location.drainingConsumer),
          sameSlot: [],
          messages: 1,
        })
      }
    }
  }

  /** By the number of messages; a key on several partitions has a row for each. */
  owners(): KeyOwner[] {
    return [...this.found.values()].toSorted(
      (a, b) => b.messages - a.messages || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0),
    )
  }

  sampleOf({backlogEntries, chosenEntries, counts, isTimeOver, unreadableEntries}: CollectedSample): SlotSample {
    return {
      slot: this.slot,
      keys: new Set([...this.found.values()].map(({key}) => key)).size,
      messages: this.messages,
      sampledMessages: counts.messages,
      sampledEntries: counts.entries,
      unknownEntries: this.unknownEntries + unreadableEntries,
      backlogEntries,
      complete: !isTimeOver && chosenEntries === backlogEntries && unreadableEntries + this.unknownEntries === 0,
    }
  }
}
