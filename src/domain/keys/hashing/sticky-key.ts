/** The key fields of a message or of a whole batch; null when not set. */
export interface KeyFields {
  readonly orderingKey: Uint8Array | null
  /** As the producer set it: text, or bytes as base64 text. */
  readonly partitionKey: string | null
  readonly isBase64: boolean
  readonly producerName: string | null
  readonly sequenceId: number | null
}

const NONE_KEY = Buffer.from('NONE_KEY', 'utf8')

/**
 * The bytes that a dispatcher hashes: the ordering key, or otherwise the key. An empty key counts as a key. Without a key,
 * brokers before 4.0 send all messages to one consumer; later ones spread them by producer name and sequence id.
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
