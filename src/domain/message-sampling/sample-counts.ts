import {murmur3} from '../keys/hashing/murmur3.js'
import {keyBytes} from '../keys/hashing/sticky-key.js'
import type {SampledEntry, SampledMessage} from './sampled-entry.js'
import {FrequentKeys} from './frequent-keys.js'

/** The sampled messages of one producer. */
export interface ProducerCounts {
  messages: number
  entries: number
  keylessMessages: number
  orderingKeyMessages: number
  mixedBatches: number
  chunkEntries: number
}

export interface MixedBatch {
  readonly partition: number
  /** `ledger:entry` */
  readonly position: string
  readonly producer: string | null
  readonly messages: number
  readonly distinctKeys: number
}

/** Facts of a sticky key: the first partition it was found on, and whether it was found on others. */
export interface SampledKeyInfo {
  /** In the notation of `keys owner`: text, or `base64:…` for bytes. Long keys are truncated. */
  readonly text: string
  readonly isOrderingKey: boolean
  /** murmur3 of the complete key */
  readonly hash: number
  readonly partition: number
  isOnSeveralPartitions: boolean
}

/** Maximum number of distinct keys with exact counts. */
const KEYS = 100_000
const POSITIONS = 1000
const PRODUCERS = 1000
const OTHER_PRODUCERS = '(others)'
/** A longer key is truncated and its length added, to bound memory. */
const KEY_LENGTH = 1024

/** Counts a sample in bounded memory. The order of entries does not matter. */
export class SampleCounts {
  entries = 0
  messages = 0
  keylessMessages = 0
  orderingKeyMessages = 0
  batches = 0
  mixedBatches = 0
  /** entries whose keys could not be read because they are encrypted */
  encryptedEntries = 0
  delayedEntries = 0
  chunkEntries = 0
  chunkedMessages = 0
  uncertainKeys = 0
  readonly compression = new Map<string, number>()
  readonly producers = new Map<string, ProducerCounts>()
  readonly keys = new FrequentKeys<SampledKeyInfo>(KEYS)
  /** Keys that HTTP headers may have corrupted, as the headers show them. Several keys may have the same text. */
  readonly keysAsShown = new FrequentKeys<SampledKeyInfo>(KEYS)
  /** Up to 1,000 of them. */
  readonly mixed: MixedBatch[] = []

  add(entry: SampledEntry): void {
    // A chunked message counts once, with its first chunk.
    const messages = entry.chunk && entry.chunk.index > 0 ? 0 : entry.messageCount
    const producer = this.producer(entry.producer)
    this.entries++
    this.messages += messages
    producer.entries++
    producer.messages += messages
    if (entry.isBatch) this.batches++
    if (entry.isEncrypted) this.encryptedEntries++
    if (entry.deliverAtMs !== null) this.delayedEntries++
    if (entry.hasUncertainKey) this.uncertainKeys++
    this.compression.set(entry.compression ?? '', (this.compression.get(entry.compression ?? '') ?? 0) + 1)
    if (entry.chunk) {
      this.chunkEntries++
      producer.chunkEntries++
    }
    if (messages === 0) return
    if (entry.chunk) this.chunkedMessages++
    const distinct = new Set<string>()
    for (const message of entry.messages) {
      distinct.add(this.addMessage(entry, message, producer))
    }
    if (entry.isBatch && distinct.size > 1) this.addMixed(entry, distinct.size, producer)
  }

  private addMessage(
    {hasUncertainKey, partition}: SampledEntry,
    message: SampledMessage,
    producer: ProducerCounts,
  ): string {
    if (message.orderingKey) {
      this.orderingKeyMessages++
      producer.orderingKeyMessages++
    }
    if (message.key === null) {
      this.keylessMessages++
      producer.keylessMessages++
    }
    const id = stickyId(message)
    if (id === '') return id
    const keys = hasUncertainKey ? this.keysAsShown : this.keys
    const info = keys.add(bounded(id), () => keyInfoOf(message, partition))
    if (info.partition !== partition) info.isOnSeveralPartitions = true
    return id
  }

  private addMixed(
    {entryId, ledgerId, messageCount, partition, producer}: SampledEntry,
    distinctKeys: number,
    counts: ProducerCounts,
  ): void {
    this.mixedBatches++
    counts.mixedBatches++
    if (this.mixed.length >= POSITIONS) return
    const position = `${String(ledgerId)}:${String(entryId)}`
    this.mixed.push({partition, position, producer, messages: messageCount, distinctKeys})
  }

  private producer(name: string | null): ProducerCounts {
    const known = this.producers.get(name ?? '')
    if (known) return known
    const id = this.producers.size < PRODUCERS ? (name ?? '') : OTHER_PRODUCERS
    const counts = this.producers.get(id) ?? {
      messages: 0, entries: 0, keylessMessages: 0, orderingKeyMessages: 0, mixedBatches: 0, chunkEntries: 0,
    } // prettier-ignore
    this.producers.set(id, counts)
    return counts
  }
}

/** Identifies a sticky key; '' without one. The prefix distinguishes an empty key from none, and text from bytes. */
function stickyId({isBase64, key, orderingKey}: SampledMessage): string {
  if (orderingKey) return `o${Buffer.from(orderingKey).toString('base64')}`
  if (key === null) return ''
  return isBase64 ? `b${key}` : `k${key}`
}

function keyInfoOf(message: SampledMessage, partition: number): SampledKeyInfo {
  const bytes = message.orderingKey ?? keyBytes(message.key ?? '', message.isBase64)
  return {
    text: bounded(keyText(message)),
    isOrderingKey: message.orderingKey !== null,
    hash: murmur3(bytes),
    partition,
    isOnSeveralPartitions: false,
  }
}

function keyText({isBase64, key, orderingKey}: SampledMessage): string {
  if (!orderingKey) return isBase64 ? `base64:${key ?? ''}` : (key ?? '')
  const text = Buffer.from(orderingKey).toString('utf8')
  const isText = Buffer.from(text, 'utf8').equals(orderingKey)
  return isText ? text : `base64:${Buffer.from(orderingKey).toString('base64')}`
}

function bounded(id: string): string {
  return id.length <= KEY_LENGTH ? id : `${id.slice(0, KEY_LENGTH)}…${String(id.length)}`
}
