import {setTimeout as delay} from 'node:timers/promises'

import pLimit from 'p-limit'

import type {MessageTransport, ReadMessage} from '../../clients/pulsar-messages/transport.js'
import type {CollectedSubscription} from '../topic-stats/collect-topic-stats.js'
import {countEntries, type EntryRange} from '../topic-stats/unacked-entries.js'
import type {SampledEntry, SampledMessage} from './sampled-entry.js'
import type {SampleReader, SampleSink} from './entry-source.js'

const READERS = 4
const RECEIVER_QUEUE = 1000
/** A gap of fewer acknowledged entries is read through, because opening another reader costs more. */
const WORTH_SKIPPING = 1000
/** A reader that receives nothing for this long has reached its end; the remaining entries no longer exist. */
const IDLE_TIMEOUT_MS = 3000
const CHECK_EVERY_MS = 50

/** Reads with readers of the transport: fast, but it shows only keys and batches. */
export function transportReader(transport: MessageTransport, collected: CollectedSubscription): SampleReader {
  return async (ranges, sink) => {
    const limit = pLimit(READERS)
    await Promise.all(
      readerRanges(ranges).map((readerRange) => limit(() => readRange(transport, collected, readerRange, sink))),
    )
  }
}

/** Entry ranges of one partition that one reader reads. */
type ReaderRange = readonly [EntryRange, ...EntryRange[]]

/**
 * Joins neighboring ranges of a ledger, because reading through a small gap is faster than connecting another reader. A
 * range is never split between readers: both would miss a chunked message that crosses the split.
 */
function readerRanges(ranges: readonly EntryRange[]): ReaderRange[] {
  const grouped: Array<[EntryRange, ...EntryRange[]]> = []
  for (const range of ranges) {
    const readerRange = grouped.at(-1)
    const before = readerRange?.at(-1)
    const isNear =
      before?.partition === range.partition &&
      before.ledgerId === range.ledgerId &&
      range.first - before.last < WORTH_SKIPPING
    if (readerRange && isNear) readerRange.push(range)
    else grouped.push([range])
  }
  return grouped
}

async function readRange(
  transport: MessageTransport,
  collected: CollectedSubscription,
  readerRange: ReaderRange,
  sink: SampleSink,
): Promise<void> {
  const [first] = readerRange
  const topic = collected.partitions[first.partition]?.name
  if (!topic || sink.isOver()) return
  const assembler = new BatchAssembler(readerRange, sink)
  const reader = await transport.read({
    topic,
    after: {ledgerId: first.ledgerId, entryId: first.first - 1},
    receiverQueueSize: RECEIVER_QUEUE,
    onMessage: (message) => {
      assembler.take(message)
    },
  })
  try {
    while (!assembler.isDone && !sink.isOver() && assembler.idleMs < IDLE_TIMEOUT_MS) {
      await Promise.race([assembler.done, reader.closed, delay(CHECK_EVERY_MS)])
    }
  } finally {
    await reader.close()
  }
  assembler.finish()
}

/** Reassembles batches: the messages of one batch arrive consecutively. */
class BatchAssembler {
  private readonly range: ReaderRange
  private readonly sink: SampleSink
  private readonly finished = Promise.withResolvers<undefined>()
  private readonly wanted: number
  private receivedAt = Date.now()
  private passedOn = 0
  private open: {message: ReadMessage; keys: SampledMessage[]} | null = null

  constructor(readerRange: ReaderRange, sink: SampleSink) {
    this.range = readerRange
    this.sink = sink
    this.wanted = countEntries(readerRange)
  }

  isDone = false

  get done(): Promise<undefined> {
    return this.finished.promise
  }

  get idleMs(): number {
    return Date.now() - this.receivedAt
  }

  take(message: ReadMessage): void {
    if (this.isDone) return
    this.receivedAt = Date.now()
    const {place} = message
    if (this.open && !isSameEntry(this.open.message, message)) this.passOn()
    const last = this.range.at(-1) ?? this.range[0]
    if (place.ledgerId !== last.ledgerId || place.entryId > last.last) {
      this.end()
      return
    }
    this.open ??= {message, keys: []}
    this.open.keys.push({key: message.key, isBase64: false, orderingKey: null})
    const isComplete = place.batchIndex === -1 || place.batchIndex === place.batchSize - 1
    if (isComplete) this.passOn()
    if (isComplete && place.entryId === last.last) this.end()
  }

  /**
   * Passes on the last batch. A reader reads in order, so nothing is missing once it has reached the end: entries that did
   * not arrive are chunks of chunked messages and markers of the broker.
   */
  finish(): void {
    if (this.open) this.passOn()
    if (!this.isDone && !this.sink.isOver()) this.sink.skip(this.wanted - this.passedOn)
  }

  private end(): void {
    this.isDone = true
    this.finished.resolve(undefined)
  }

  private passOn(): void {
    if (!this.open) return
    const {keys, message} = this.open
    this.open = null
    const {entryId} = message.place
    if (!this.range.some(({first, last}) => entryId >= first && entryId <= last)) return
    this.passedOn++
    this.sink.entry(entryOf(this.range[0].partition, message.place, keys))
  }
}

function entryOf(partition: number, place: ReadMessage['place'], messages: readonly SampledMessage[]): SampledEntry {
  const {batchIndex, entryId, isChunked, ledgerId} = place
  return {
    partition,
    ledgerId,
    entryId,
    isBatch: batchIndex !== -1,
    messages,
    messageCount: messages.length,
    // The proxy shows nothing else. A client with key-based batching uses the key of the first message.
    dispatch: {
      partitionKey: messages[0]?.key ?? null,
      isBase64: false,
      orderingKey: null,
      producerName: null,
      sequenceId: null,
    },
    producer: null,
    publishedAtMs: null,
    compression: null,
    isEncrypted: false,
    deliverAtMs: null,
    chunk: isChunked ? {index: 0, total: null} : null,
    hasUncertainKey: false,
  }
}

function isSameEntry({place: one}: ReadMessage, {place: other}: ReadMessage): boolean {
  return one.ledgerId === other.ledgerId && one.entryId === other.entryId
}
