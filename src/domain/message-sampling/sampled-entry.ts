import {PbfReader} from 'pbf'

import type {RawAnswer} from '../../clients/pulsar-admin/http.js'
import type {KeyFields} from '../keys/hashing/sticky-key.js'

/** One message's key, as far as the source shows it. */
export interface SampledMessage {
  /** text, or bytes as base64 text; null without a key */
  readonly key: string | null
  readonly isBase64: boolean
  /** null without one and when the source does not show it */
  readonly orderingKey: Uint8Array | null
}

/** One stored entry: a message, a batch of messages, or a chunk of a large message. */
export interface SampledEntry {
  /** 0 on a plain topic */
  readonly partition: number
  readonly ledgerId: number
  readonly entryId: number
  /** null when the source does not show it */
  readonly producer: string | null
  /** epoch ms by the producer's clock, of a batch the time it was closed; null when the source does not show it */
  readonly publishedAtMs: number | null
  readonly compression: string | null
  readonly isBatch: boolean
  readonly isEncrypted: boolean
  /** the time before which the broker does not deliver it, epoch ms; null if it is not delayed, or if the source does not show it */
  readonly deliverAtMs: number | null
  /** null when the message is not chunked. `index` starts at 0; `total` is null when the source does not show it */
  readonly chunk: {readonly index: number; readonly total: number | null} | null
  /** The number of messages in it; known for encrypted batches too. */
  readonly messageCount: number
  /** Empty for an encrypted batch. */
  readonly messages: readonly SampledMessage[]
  /** The fields from which the broker derives the sticky key of the whole entry. */
  readonly dispatch: KeyFields
  /** Whether HTTP headers may have corrupted the key. */
  readonly hasUncertainKey: boolean
}

/** Where an entry is; `partition` is 0 on a plain topic. */
export interface EntryPosition {
  readonly partition: number
  readonly ledgerId: number
  readonly entryId: number
}

const HEADER = 'x-pulsar-'

/**
 * Parses an entry from the admin API, where the broker has decompressed the payload and put the metadata into headers.
 *
 * @returns null for a marker of the broker (end of a transaction, snapshot of a replicated subscription).
 * @see apache/pulsar PersistentTopicsBase.generateResponseWithEntry (3.0.7, 4.0.7, 4.2.4)
 */
export function readRestEntry(at: EntryPosition, {body, headers}: RawAnswer): SampledEntry | null {
  const header = (name: string): string | null => headers[HEADER + name] ?? null
  if (header('marker-type') !== null) return null
  const isEncrypted = header('is-encrypted') === 'true'
  const batchSize = header('num-batch-message')
  const orderingKey = header('base64-ordering-key')
  const chunkIndex = header('chunk-id')
  const dispatch: KeyFields = {
    partitionKey: header('partition-key'),
    isBase64: header('partition-key-b64-encoded') === 'true',
    orderingKey: orderingKey === null ? null : Buffer.from(orderingKey, 'base64'),
    producerName: header('producer-name'),
    sequenceId: numberOf(header('sequence-id')),
  }
  const isOpen = batchSize !== null && !isEncrypted
  return {
    ...at,
    producer: header('producer-name'),
    publishedAtMs: timeOf(header('publish-time')),
    compression: header('compression') ?? 'NONE',
    isBatch: batchSize !== null,
    isEncrypted,
    deliverAtMs: timeOf(header('deliver-at-time')),
    chunk: chunkIndex === null ? null : {index: Number(chunkIndex), total: Number(header('num-chunks-from-msg'))},
    messageCount: Number(batchSize ?? 1),
    messages: isOpen ? readBatch(body, Number(batchSize)) : batchSize === null ? [messageOf(dispatch)] : [],
    dispatch,
    // The keys of a batch are intact in its body.
    hasUncertainKey: !isOpen && isUncertain(dispatch),
  }
}

/**
 * HTTP headers carry Latin-1, and the broker replaces control characters and all characters outside Latin-1 by a space. So
 * a key that contains a space or is empty may be another key. Leading and trailing spaces are lost, so a key that only
 * starts or ends with such characters cannot be distinguished from a shorter one.
 */
function isUncertain({orderingKey, partitionKey}: KeyFields): boolean {
  return orderingKey === null && partitionKey !== null && (partitionKey === '' || partitionKey.includes(' '))
}

/**
 * Whether an entry may be a message of a key that HTTP headers cannot carry: it shows what the headers leave of the key. An empty
 * text is left of any such key, so a message never proves the empty key.
 */
export function mayHaveKey({isBatch, messages}: SampledEntry, key: string): boolean {
  const [message] = messages
  if (isBatch || !message || message.isBase64) return false
  const left = key.replace(/[^\u0020-\u007E\u00A0-\u00FF]/g, ' ').trim()
  return (left !== key || left === '') && message.key === left
}

function messageOf({isBase64, orderingKey, partitionKey}: KeyFields): SampledMessage {
  return {key: partitionKey, isBase64, orderingKey}
}

function timeOf(text: string | null): number | null {
  const time = Date.parse(text ?? '')
  return Number.isNaN(time) ? null : time
}

function numberOf(text: string | null): number | null {
  return text === null ? null : Number(text)
}

/**
 * Parses the keys of a batch. Each message consists of the size of its metadata (4 bytes), the metadata and the payload.
 *
 * @throws RangeError when the body contains fewer messages.
 * @see apache/pulsar PulsarApi.proto SingleMessageMetadata (4.0.8)
 */
export function readBatch(body: Buffer, count: number): SampledMessage[] {
  const messages: SampledMessage[] = []
  let at = 0
  while (messages.length < count) {
    const size = body.readUInt32BE(at)
    const metadata = new PbfReader(body.subarray(at + 4, at + 4 + size)).readFields(readField, noMetadata())
    messages.push({key: metadata.key, isBase64: metadata.isBase64, orderingKey: metadata.orderingKey})
    at += 4 + size + metadata.payloadSize
  }
  return messages
}

interface SingleMetadata {
  key: string | null
  isBase64: boolean
  orderingKey: Uint8Array | null
  payloadSize: number
}

function noMetadata(): SingleMetadata {
  return {key: null, isBase64: false, orderingKey: null, payloadSize: 0}
}

function readField(field: number, into: SingleMetadata, reader: PbfReader): void {
  if (field === 2) into.key = reader.readString()
  else if (field === 3) into.payloadSize = reader.readVarint()
  else if (field === 6) into.isBase64 = reader.readBoolean()
  else if (field === 7) into.orderingKey = Buffer.from(reader.readBytes()) // a copy, because a view would keep the whole batch in memory
}
