import {PbfReader, PbfWriter} from 'pbf'

/** Where a message is stored; `batchIndex` is −1 outside of a batch. */
export interface MessagePlace {
  readonly ledgerId: number
  readonly entryId: number
  readonly batchIndex: number
  /** 0 outside of a batch, or when the sender did not set it. */
  readonly batchSize: number
  /** Whether the message was sent in chunks; the position is that of the last chunk. */
  readonly isChunked: boolean
}

/** Reads a message id in the serialized form of the clients. @see apache/pulsar PulsarApi.proto MessageIdData (4.0.8) */
export function decodeMessageId(bytes: Uint8Array): MessagePlace {
  const place = {ledgerId: 0, entryId: 0, batchIndex: -1, batchSize: 0, isChunked: false}
  return new PbfReader(bytes).readFields((field, into: typeof place, reader) => {
    if (field === 1) into.ledgerId = reader.readVarint()
    else if (field === 2) into.entryId = reader.readVarint()
    else if (field === 4) into.batchIndex = reader.readVarint(true)
    else if (field === 6) into.batchSize = reader.readVarint()
    else if (field === 7) into.isChunked = true // the first chunk's id
  }, place)
}

/** The id of a complete entry. */
export function encodeMessageId({entryId, ledgerId}: Pick<MessagePlace, 'entryId' | 'ledgerId'>): Buffer {
  const writer = new PbfWriter()
  writer.writeVarintField(1, ledgerId)
  writer.writeVarintField(2, entryId)
  return Buffer.from(writer.finish())
}
