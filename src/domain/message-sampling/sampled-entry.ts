import {PbfReader} from 'pbf'

import type {RawAnswer} from '../../clients/pulsar-admin/http.js'
import type {KeyFields} from '../keys/hashing/sticky-key.js'

/** One message's key, as far as the source shows it. */
export interface SampledMessage {
  /** text, or base64 text of bytes; null without a key */
  readonly key: string | null
  readonly isBase64: boolean
  /** null without one, and where the source does not show it */
  readonly orderingKey: Uint8Array | null
}

/** One stored entry: a message, a batch of them, or a piece of a large one. */
export interface SampledEntry {
  /** 0 on a plain topic */
  readonly partition: number
  readonly ledgerId: number
  readonly entryId: number
  /** null where the source does not show it */
  readonly producer: string | null
  /** by the producer's clock, epoch ms; of a batch, when it was closed; null where the source does not show it */
  readonly publishedAtMs: number | null
  readonly compression: string | null
  readonly isBatch: boolean
  readonly isEncrypted: boolean
  readonly isDelayed: boolean
  /** `index` counts from 0, `total` is null where the source does not show it; null when the message came in one piece */
  readonly chunk: {readonly index: number; readonly total: number | null} | null
  /** How many messages it holds; null where the batch can't be opened. */
  readonly messageCount: number
  /** Empty where the batch can't be opened. */
  readonly messages: readonly SampledMessage[]
  /** What the broker makes the sticky key of the whole entry from. */
  readonly dispatch: KeyFields
  /** Whether keys may have been garbled on the way. */
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
 * Reads an entry as the admin API answers it: the broker has decompressed the payload, and put the metadata in headers.
 *
 * @returns null for a marker that the broker itself wrote (a transaction's end, a replicated subscription's snapshot).
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
    isDelayed: header('deliver-at-time') !== null,
    chunk: chunkIndex === null ? null : {index: Number(chunkIndex), total: Number(header('num-chunks-from-msg'))},
    messageCount: Number(batchSize ?? 1),
    messages: isOpen ? readBatch(body, Number(batchSize)) : batchSize === null ? [messageOf(dispatch)] : [],
    dispatch,
    // A batch that was opened has its keys intact in its body.
    hasUncertainKey: !isOpen && isUncertain(dispatch),
  }
}

/**
 * HTTP headers carry Latin-1, and the broker writes a blank for every other character and for control characters: a key
 * with a blank, or an empty one, may have been another. Blanks at either end are lost on the way, so that a key that
 * only begins or ends with such characters can't be told from a shorter one.
 */
function isUncertain({orderingKey, partitionKey}: KeyFields): boolean {
  return orderingKey === null && partitionKey !== null && (partitionKey === '' || partitionKey.includes(' '))
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
 * Reads the keys of a batch: each message is its metadata's size as four bytes, the metadata, and the payload.
 *
 * @throws RangeError when the body does not hold that many messages.
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
  else if (field === 7) into.orderingKey = Buffer.from(reader.readBytes()) // a copy: a view would keep the whole batch
}
