import {Usage} from '../../../errors.js'
import {isCertain, possiblePartitions, type Routing} from '../hashing/detect-routing.js'
import {murmur3} from '../hashing/murmur3.js'
import type {HashingScheme} from '../hashing/partition-routing.js'
import type {KeyDirectory, Location, Receiver} from './key-directory.js'

export interface KeyOwner {
  /** as given: text, or `base64:…` */
  key: string
  /** null on a plain topic, and when unknown */
  partition: number | null
  /**
   * `scheme`: from the hashing scheme of the producers; `messages`: messages of the key are on it, and the scheme is not certain or
   * gives another one; null on a plain topic, and when unknown
   */
  partitionSource: 'messages' | 'scheme' | null
  /** the partitions where messages of the key were found in a part of the topic */
  foundOn: number[]
  /** null when the subscription type has no slots */
  slot: number | null
  /** `any-consumer`: on Shared; `unknown`: the consumer depends on the partition, which is unknown */
  receiver: Receiver
  /** null unless the receiver is one consumer */
  consumer: {name: string | null; address: string | null} | null
  /** whether the broker blocks new messages of the slot until old ones are acknowledged */
  draining: boolean
  /** the consumer that must acknowledge them; null when the slot is not draining */
  drainingConsumer: {name: string | null; address: string | null} | null
  /** other given keys in the same slot; they block each other while it is draining */
  sameSlot: string[]
  /** with --slot, the sampled messages of the key; null for a given key */
  messages: number | null
}

/** What --slot has read; the rows are the keys that it found. */
export interface SlotSample {
  slot: number
  /** distinct keys found in the slot; other keys can have the slot too */
  keys: number
  /** sampled messages of the slot, also those without a key */
  messages: number
  sampledMessages: number
  sampledEntries: number
  /** sampled entries whose slot is unknown, because they or their keys cannot be read */
  unknownEntries: number
  backlogEntries: number
  /** whether the slot of every backlog entry is known */
  complete: boolean
}

export interface KeyOwners {
  topic: string
  subscription: string
  /** null when unknown */
  hashingScheme: HashingScheme | null
  routing: Routing
  owners: KeyOwner[]
  /** null without --slot */
  slot: SlotSample | null
}

/** A key as given, and its bytes. */
export interface GivenKey {
  readonly text: string
  readonly bytes: Uint8Array
  readonly isRaw: boolean
}

const RAW = 'base64:'

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

export function textKey(text: string): GivenKey {
  return {text, bytes: Buffer.from(text, 'utf8'), isRaw: false}
}

/**
 * Parses a key of bytes, such as `base64:AQL/`.
 *
 * @throws Usage E_RAW_KEY for any other text.
 */
export function rawKey(text: string): GivenKey {
  const encoded = text.slice(RAW.length)
  if (!text.startsWith(RAW) || !BASE64.test(encoded)) {
    throw new Usage(
      'E_RAW_KEY',
      `--raw-key ${text} is not valid; use base64: followed by padded base64 text, such as base64:AQL/`,
      {
        data: {key: text},
      },
    )
  }
  return {text, bytes: Buffer.from(encoded, 'base64'), isRaw: true}
}

/** Determines the partitions of keys. */
export interface PartitionFacts {
  /** null on a plain topic */
  readonly partitionCount: number | null
  readonly routing: Routing
  /** the partitions that store messages of a key; empty when unknown */
  readonly foundOn: (key: GivenKey) => readonly number[]
}

/** The key as producers set and hash it: text, or bytes as base64 text. */
export function producerKey({bytes, isRaw, text}: GivenKey): {text: string; isBase64: boolean} {
  return {text: isRaw ? Buffer.from(bytes).toString('base64') : text, isBase64: isRaw}
}

/**
 * How many entries to search for messages of the keys, at each end of the topic. They decide if the scheme is not certain, and
 * check it otherwise, because other producers may use another scheme.
 */
export function entriesToSearch(routing: Routing): number {
  if (routing.source === null && routing.hashingScheme !== null) return 0 // one partition needs no scheme
  return isCertain(routing) && routing.earlierPartitions === null ? 200 : 1000
}

/** The owner of each key, in the given order. */
export function keyOwners(directory: KeyDirectory, keys: readonly GivenKey[], facts: PartitionFacts): KeyOwner[] {
  const found = keys.map((key) => {
    const {partitions, source} = partitionsOf(key, facts)
    const location = directory.locateAmong(partitions, murmur3(key.bytes))
    return {key: key.text, foundOn: [...facts.foundOn(key)], source, location}
  })
  const bySlot = Map.groupBy(found, ({location}) => slotId(location))
  return found.map(({foundOn, key, location, source}) => {
    const sharing = location.slot === null || source === undefined ? [] : (bySlot.get(slotId(location)) ?? [])
    const others = sharing.map((other) => other.key).filter((other) => other !== key)
    return {
      key,
      partition: location.partition,
      partitionSource: source ?? null,
      foundOn,
      slot: location.slot,
      receiver: location.receiver,
      consumer: nameAndAddressOf(location.consumer),
      draining: location.drainingConsumer !== null,
      drainingConsumer: nameAndAddressOf(location.drainingConsumer),
      sameSlot: [...new Set(others)].toSorted(),
      messages: null,
    }
  })
}

/**
 * The possible partitions of a key; one if it is known. Messages of the key prove their partition: they decide where the scheme is
 * not certain, and where they contradict it. After partitions were added, older messages do not contradict it.
 *
 * @returns source: undefined when several partitions are possible; null on a plain topic.
 */
function partitionsOf(
  key: GivenKey,
  {foundOn, partitionCount, routing}: PartitionFacts,
): {partitions: readonly number[]; source: KeyOwner['partitionSource'] | undefined} {
  const possible = possiblePartitions(producerKey(key).text, partitionCount, routing)
  if (partitionCount === null) return {partitions: possible, source: null}
  const proven = foundOn(key)
  // After partitions were added, older messages prove nothing about new ones.
  const decides =
    routing.earlierPartitions === null &&
    (possible.length > 1 || proven.some((partition) => !possible.includes(partition)))
  if (proven.length > 0 && (decides || !isCertain(routing))) {
    return {partitions: proven, source: proven.length === 1 ? 'messages' : undefined}
  }
  return {partitions: possible, source: possible.length === 1 ? 'scheme' : undefined}
}

function slotId({partition, slot}: Location): string {
  return `${String(partition)}/${String(slot)}`
}

export function nameAndAddressOf(consumer: Location['consumer']): KeyOwner['consumer'] {
  return consumer && {name: consumer.name === '' ? null : consumer.name, address: consumer.address}
}
