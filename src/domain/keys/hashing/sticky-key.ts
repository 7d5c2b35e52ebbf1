/** What a message, or a whole batch, says about its key; null where it says nothing. */
export interface KeyFields {
  readonly orderingKey: Uint8Array | null
  /** As the producer gave it: text, or base64 text of bytes. */
  readonly partitionKey: string | null
  readonly isBase64: boolean
  readonly producerName: string | null
  readonly sequenceId: number | null
}

const NONE_KEY = Buffer.from('NONE_KEY', 'utf8')

/**
 * The bytes that a dispatcher hashes: the ordering key, else the key. An empty key is a key. Without any, brokers
 * before 4.0 send everything to one consumer, later ones spread the messages by producer and sequence.
 *
 * @see apache/pulsar Commands.peekStickyKey, apache/pulsar#23219 (4.0.0)
 */
export function stickyKeyOf(fields: KeyFields, majorVersion: number): Uint8Array {
  if (fields.orderingKey) return fields.orderingKey
  if (fields.partitionKey !== null) return keyBytes(fields.partitionKey, fields.isBase64)
  if (majorVersion < 4 || fields.producerName === null || fields.sequenceId === null) return NONE_KEY
  return Buffer.from(`${fields.producerName}-${String(fields.sequenceId)}`, 'utf8')
}

export function keyBytes(partitionKey: string, isBase64: boolean): Uint8Array {
  return Buffer.from(partitionKey, isBase64 ? 'base64' : 'utf8')
}
