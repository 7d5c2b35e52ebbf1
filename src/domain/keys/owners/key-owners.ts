import {Usage} from '../../../errors.js'
import type {KeyDirectory, Location} from './key-directory.js'
import type {HashingScheme, Routing} from '../hashing/partition-routing.js'

export interface KeyOwner {
  /** as given: text, or `base64:…` */
  key: string
  /** null on a plain topic */
  partition: number | null
  slot: number
  /** null when no consumer owns the slot */
  consumer: {name: string | null; address: string | null} | null
  /** whether the broker blocks new messages of the slot until old ones are acknowledged */
  draining: boolean
  /** the consumer that must acknowledge them; null when the slot is not draining */
  drainingConsumer: {name: string | null; address: string | null} | null
  /** other given keys in the same slot; they block each other while it is draining */
  sameSlot: string[]
}

export interface KeyOwners {
  topic: string
  subscription: string
  hashingScheme: HashingScheme
  routing: Routing
  owners: KeyOwner[]
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

/** The owner of each key, in the given order. */
export function keyOwners(directory: KeyDirectory, keys: readonly GivenKey[]): KeyOwner[] {
  const found = keys.map((key) => ({
    key: key.text,
    location: key.isRaw ? directory.locateRaw(key.bytes) : directory.locate(key.bytes),
  }))
  const bySlot = Map.groupBy(found, ({location}) => slotId(location))
  return found.map(({key, location}) => {
    const others = (bySlot.get(slotId(location)) ?? []).map((other) => other.key).filter((other) => other !== key)
    return {
      key,
      partition: location.partition,
      slot: location.slot,
      consumer: nameAndAddressOf(location.consumer),
      draining: location.drainingConsumer !== null,
      drainingConsumer: nameAndAddressOf(location.drainingConsumer),
      sameSlot: [...new Set(others)].toSorted(),
    }
  })
}

function slotId({partition, slot}: Location): string {
  return `${String(partition)}/${String(slot)}`
}

function nameAndAddressOf(consumer: Location['consumer']): KeyOwner['consumer'] {
  return consumer && {name: consumer.name === '' ? null : consumer.name, address: consumer.address}
}
